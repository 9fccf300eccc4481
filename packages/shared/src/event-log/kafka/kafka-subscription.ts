import type { Clock } from '../../lifecycle/clock.ts'
import { createBatchRunner } from '../batch-runner.ts'
import type { EngineLogger } from '../engine-logger.ts'
import { SUBSCRIPTION_CLOSE_MS, type SubscribeOptions, type Subscription } from '../event-log.ts'
import { completeOptions } from '../subscription-options.ts'
import { settledWithin } from '../within.ts'
import { createKafkaReader, type KafkaReaderDeps } from './kafka-reader.ts'
import type { KafkaTopics } from './kafka-topics.ts'
import { createOffsetCommitter } from './offset-committer.ts'
import { createRecordBuffer, type RecordBuffer } from './record-buffer.ts'

/**
 * Before the group is joined again, batches in hand may finish, so that a partition's next owner does not get them
 * too. No heartbeat goes out meanwhile: together well below the session timeout.
 */
const HANDOVER_MS = 4000
const COMMIT_MS = 2000

export interface KafkaSubscriptionDeps extends Pick<KafkaReaderDeps, 'createClient' | 'startSession'> {
  readonly topics: KafkaTopics
  readonly clock: Clock
  readonly logger: EngineLogger
}

/** The reader fetches into buffers, the runner hands them to the handler, the committer commits what it did. */
export async function openKafkaSubscription(
  given: SubscribeOptions,
  deps: KafkaSubscriptionDeps,
): Promise<Subscription> {
  const options = completeOptions(given, deps.logger)
  const { topic, group, batchRecordsMax: recordsMax, stallAfterMs } = options
  const { clock, topics } = deps
  const buffers = new Map<number, RecordBuffer>()
  /** The next offset to commit of each partition, where known. */
  const committed = new Map<number, number>()
  let progressedAtMs = clock.now()
  let closed: Promise<void> | undefined

  const runner = createBatchRunner({
    topic,
    recordsMax,
    batchesAtOnce: options.batchesAtOnce,
    clock,
    handleBatch: options.handleBatch,
    take(partition, max) {
      const taken = buffers.get(partition)?.take(max) ?? []
      if (!buffers.get(partition)?.isFull()) reader.resume(partition)
      return taken
    },
    onHandled(partition, lastOffset) {
      progressedAtMs = clock.now()
      committer.add(partition, lastOffset + 1)
    },
    onFailed(partition, error, retryInMs) {
      deps.logger.warn({ err: error, topic, group, partition, retryInMs }, 'A batch was rejected and will come again')
      options.onProblem({ kind: 'batch-failed', error, partition })
    },
  })

  const committer = createOffsetCommitter({
    commit: (offsets) => reader.commit(offsets),
    onCommitted: (partition, offset) => committed.set(partition, offset),
    logger: deps.logger,
  })

  const reader = createKafkaReader(
    {
      createClient: deps.createClient,
      startSession: deps.startSession,
      topic,
      group,
      logger: deps.logger,
      stallAfterMs,
      look,
    },
    {
      async beforeJoin() {
        await runner.hold(HANDOVER_MS)
        await settledWithin(committer.settled(), COMMIT_MS)
      },
      assigned(partition) {
        buffers.set(partition, createRecordBuffer(recordsMax))
        if (!closed) runner.assign(partition)
      },
      lost(partition) {
        runner.drop(partition)
        committer.forget(partition)
        buffers.delete(partition)
        committed.delete(partition)
      },
      joined: () => runner.resume(),
      begin: () => undefined,
      records(partition, records) {
        const buffer = buffers.get(partition)
        buffer?.push(records)
        if (closed || buffer?.isFull()) reader.pause(partition)
        runner.wake(partition)
      },
      restarted(error) {
        runner.resume()
        options.onProblem({ kind: 'restarted', error })
      },
    },
  )

  async function look(unknown: readonly number[]): ReturnType<KafkaReaderDeps['look']> {
    const found = await topics.ends(topic)
    const ends = new Map(found.map(({ partition, high }) => [partition, high]))
    const positions = new Map<number, number>()
    if (unknown.length > 0 || [...buffers.keys()].some((partition) => !committed.has(partition))) {
      const stored = await topics.committed(topic, group)
      for (const { partition, low } of found) {
        const position = Math.max(low, stored.get(partition) ?? low)
        positions.set(partition, position)
        if (buffers.has(partition) && !committed.has(partition)) committed.set(partition, position)
      }
    }
    if (lagOf(ends) === 0) progressedAtMs = clock.now()
    return { ends, positions }
  }

  function lagOf(ends: ReadonlyMap<number, number>): number {
    let lag = 0
    for (const partition of buffers.keys()) {
      const position = committed.get(partition)
      if (position !== undefined) lag += Math.max(0, (ends.get(partition) ?? 0) - position)
    }
    return lag
  }

  function status(): ReturnType<Subscription['status']> {
    const progress = reader.progress()
    const lag = lagOf(new Map([...(progress ?? [])].map(([partition, { end }]) => [partition, end])))
    const isStalled = lag > 0 && clock.now() - progressedAtMs > stallAfterMs
    const state = closed ? 'closed' : !progress ? 'starting' : isStalled ? 'stalled' : 'running'
    const partitions = [...(progress?.keys() ?? [])].sort((a, b) => a - b)
    return { state, lag, restarts: reader.restarts(), progressedAtMs, partitions }
  }

  async function end(): Promise<void> {
    await runner.close(SUBSCRIPTION_CLOSE_MS)
    await settledWithin(committer.settled(), COMMIT_MS)
    committer.close()
    await reader.close()
  }

  function close(): Promise<void> {
    closed ??= end()
    return closed
  }

  await topics.partitionCount(topic)
  await reader.start()
  return { status, close, [Symbol.asyncDispose]: close }
}
