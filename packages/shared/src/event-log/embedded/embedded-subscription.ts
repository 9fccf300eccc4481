import type { Clock } from '../../lifecycle/clock.ts'
import { createBatchRunner } from '../batch-runner.ts'
import type { EngineLogger } from '../engine-logger.ts'
import { SUBSCRIPTION_CLOSE_MS, type SubscribeOptions, type Subscription } from '../event-log.ts'
import { completeOptions } from '../subscription-options.ts'
import type { ConsumerGroups, GroupMember } from './consumer-groups.ts'
import type { GroupCommit } from './group-commit.ts'
import type { ReadRecords } from './read-records.ts'
import type { EmbeddedTopic } from './topic-catalog.ts'

export interface EmbeddedSubscriptionDeps {
  readonly topic: EmbeddedTopic
  readonly groups: ConsumerGroups
  readonly groupCommit: GroupCommit
  readonly readRecords: ReadRecords
  /** The offset that the group has committed, undefined when none. */
  readonly committedOffset: (group: string, partitionId: number) => number | undefined
  /** Calls when a partition of the topic has new records. Returns how to stop. */
  readonly onWritten: (topic: string, listener: (partition: number) => void) => () => void
  readonly clock: Clock
  readonly logger: EngineLogger
}

export function openEmbeddedSubscription(given: SubscribeOptions, deps: EmbeddedSubscriptionDeps): Subscription {
  const { topic, clock, logger } = deps
  const options = completeOptions(given, logger)
  const { group, stallAfterMs } = options
  /** Of each partition that is ours: what to read next, and what is committed. */
  const positions = new Map<number, number>()
  const committed = new Map<number, number>()
  /** The latest commit of each partition. */
  const commits = new Map<number, Promise<void>>()
  let progressedAtMs = clock.now()
  let isAtEnd = false
  let closed: Promise<void> | undefined

  const runner = createBatchRunner({
    topic: topic.name,
    recordsMax: options.batchRecordsMax,
    batchesAtOnce: options.batchesAtOnce,
    clock,
    handleBatch: options.handleBatch,
    take(partition, recordsMax) {
      const records = deps.readRecords(topic.name, topic.partitions[partition]!, positions.get(partition)!, recordsMax)
      const last = records.at(-1)
      if (last) positions.set(partition, last.offset + 1)
      return records
    },
    onHandled(partition, lastOffset) {
      progressedAtMs = clock.now()
      commits.set(partition, commit(partition, lastOffset + 1))
    },
    onFailed(partition, error, retryInMs) {
      const fields = { err: error, topic: topic.name, group, partition, retryInMs }
      logger.warn(fields, 'A batch was rejected and will come again')
      options.onProblem({ kind: 'batch-failed', error, partition })
    },
  })

  async function commit(partition: number, offset: number): Promise<void> {
    try {
      await deps.groupCommit.commitOffset(group, topic.partitions[partition]!.id, offset)
      if (positions.has(partition)) committed.set(partition, offset)
      isAtEnd = lag() === 0
    } catch (error) {
      // The next commit covers it; without one the batch comes again after the next start.
      logger.error({ err: error, topic: topic.name, group, partition }, 'An offset was not committed')
    }
  }

  const member: GroupMember = {
    assign(partition) {
      const { id, oldestOffset } = topic.partitions[partition]!
      const position = Math.max(oldestOffset, deps.committedOffset(group, id) ?? 0)
      positions.set(partition, position)
      committed.set(partition, position)
      runner.assign(partition)
    },
    async release(partition) {
      await runner.release(partition, SUBSCRIPTION_CLOSE_MS)
      await commits.get(partition)
      commits.delete(partition)
      positions.delete(partition)
      committed.delete(partition)
    },
  }

  function lag(): number {
    let records = 0
    for (const [partition, offset] of committed) {
      const { nextOffset, oldestOffset } = topic.partitions[partition]!
      records += nextOffset - Math.max(offset, oldestOffset)
    }
    return records
  }

  function status(): ReturnType<Subscription['status']> {
    const behind = lag()
    if (behind === 0) progressedAtMs = clock.now()
    const isStalled = clock.now() - progressedAtMs > stallAfterMs
    const partitions = [...positions.keys()].sort((a, b) => a - b)
    return {
      state: closed ? 'closed' : isStalled ? 'stalled' : 'running',
      lag: behind,
      restarts: 0,
      progressedAtMs,
      partitions,
    }
  }

  async function end(): Promise<void> {
    stopListening()
    await deps.groups.leave(topic.name, group, member)
  }

  function close(): Promise<void> {
    closed ??= end()
    return closed
  }

  const stopListening = deps.onWritten(topic.name, (partition) => {
    // Until now it was at the end: nothing to do is no stall.
    if (isAtEnd) progressedAtMs = clock.now()
    isAtEnd = false
    runner.wake(partition)
  })
  deps.groups.join(topic.name, group, topic.partitions.length, member)
  return { status, close, [Symbol.asyncDispose]: close }
}
