import type { Kafka } from 'kafkajs'
import { backOffMs } from '../../lifecycle/back-off.ts'
import type { EngineLogger } from '../engine-logger.ts'
import type { StoredRecord } from '../event-log.ts'
import { settledWithin } from '../within.ts'
import { type ConsumerSession, type FetchedBatch, startConsumerSession } from './consumer-session.ts'
import { isStalled, type PartitionProgress } from './progress-watch.ts'
import { toStoredRecord } from './to-stored-record.ts'

const WATCH_EVERY_MS = 5000
/** Joining a group takes up to the members' rebalance timeout; longer is a stall of its own. */
const JOIN_MS_MAX = 30_000
const CLOSE_MS = 5000
const RESTART_BACK_OFF = { baseMs: 500, maxMs: 5000 }

export interface KafkaReaderDeps {
  /** A new client for each session. */
  readonly createClient: () => Kafka
  readonly startSession?: typeof startConsumerSession
  readonly topic: string
  readonly group: string
  readonly logger: EngineLogger
  readonly stallAfterMs: number
  /** The partitions' ends now, and for those of `unknown` where this reader stands. */
  readonly look: (unknown: readonly number[]) => Promise<{ ends: Map<number, number>; positions: Map<number, number> }>
}

export interface KafkaReaderEvents {
  beforeJoin(): Promise<void>
  assigned(partition: number): void
  lost(partition: number): void
  /** After `lost` and `assigned` of one change. */
  joined(): void
  /** Where to begin with a partition that was assigned; undefined: at its committed offset, or the oldest record. */
  begin(partition: number): number | undefined
  records(partition: number, records: StoredRecord[]): void
  /** A consumer that crashed or stalled is being replaced. All partitions are lost until it has joined. */
  restarted(error: Error): void
}

/**
 * Reads a topic as a member of a group, for as long as it is open: replaces a consumer that crashed, and one that
 * has fallen silent (kafkajs does after some rebalances, without an error: tulios/kafkajs issue 659), and keeps the
 * place in partitions that stay ours over a rebalance.
 */
export interface KafkaReader {
  /** Rejects when the first consumer cannot be started. */
  start(): Promise<void>
  /** Stops and continues fetching a partition, e.g. while enough of it waits here. */
  pause(partition: number): void
  resume(partition: number): void
  commit(offsets: ReadonlyMap<number, number>): Promise<void>
  /** undefined until the group has been joined. */
  progress(): ReadonlyMap<number, Readonly<PartitionProgress>> | undefined
  restarts(): number
  close(): Promise<void>
}

export function createKafkaReader(deps: KafkaReaderDeps, events: KafkaReaderEvents): KafkaReader {
  const startSession = deps.startSession ?? startConsumerSession
  let session: ConsumerSession | undefined
  /** Counts sessions, so that what an old one still says is not heard. */
  let generation = 0
  let memberId = ''
  let owned: Map<number, PartitionProgress> | undefined
  let notJoinedSinceMs = performance.now()
  let restarts = 0
  let failures = 0
  let isClosed = false
  let watchTimer: NodeJS.Timeout | undefined
  let restartTimer: NodeJS.Timeout | undefined
  /** What `close` has to wait for: a consumer that stops, or one that starts and is no longer wanted. */
  let ending: Promise<void> = Promise.resolve()
  let starting: Promise<void> = Promise.resolve()

  async function begin(): Promise<void> {
    generation += 1
    const mine = generation
    const isMine = (): boolean => mine === generation
    notJoinedSinceMs = performance.now()
    const opened = await startSession(
      { kafka: deps.createClient(), topic: deps.topic, group: deps.group, logger: deps.logger },
      {
        beforeJoin: async () => {
          if (isMine()) await beforeJoin()
        },
        joined: (partitions, member) => isMine() && joined(partitions, member),
        batch: (fetchedBatch) => isMine() && batch(fetchedBatch),
        fetched: (partition, position, end) => isMine() && fetched(partition, position, end),
        crashed: (error) => isMine() && restart(error),
      },
    )
    if (isMine()) session = opened
    else await opened.stop()
  }

  async function beforeJoin(): Promise<void> {
    await events.beforeJoin()
    for (const progress of owned?.values() ?? []) progress.movedAtMs = performance.now()
  }

  function joined(partitions: readonly number[], member: string): void {
    const before = owned ?? new Map<number, PartitionProgress>()
    // With another member id the group had taken us for dead: somebody else may have gone on with our partitions.
    const kept = member === memberId ? before : new Map<number, PartitionProgress>()
    const now = new Map<number, PartitionProgress>()
    for (const partition of before.keys()) {
      if (!partitions.includes(partition) || !kept.has(partition)) events.lost(partition)
    }
    for (const partition of partitions) {
      const known = kept.get(partition)
      const position = known?.position ?? events.begin(partition)
      if (position !== undefined) session?.seek(partition, position)
      if (!known) session?.resume(partition)
      now.set(partition, known ?? { position, end: 0, movedAtMs: performance.now(), isPaused: false })
    }
    memberId = member
    owned = now
    failures = 0
    for (const partition of now.keys()) {
      if (!kept.has(partition)) events.assigned(partition)
    }
    events.joined()
    scheduleWatch(0)
  }

  function batch(fetchedBatch: FetchedBatch): void {
    if (!owned?.has(fetchedBatch.partition)) return
    events.records(
      fetchedBatch.partition,
      fetchedBatch.messages.map((message) => toStoredRecord(deps.topic, fetchedBatch.partition, message)),
    )
  }

  function fetched(partition: number, position: number, end: number): void {
    const progress = owned?.get(partition)
    if (!progress) return
    progress.position = position
    progress.end = Math.max(progress.end, end)
    progress.movedAtMs = performance.now()
  }

  function restart(error: Error): void {
    if (isClosed) return
    restarts += 1
    deps.logger.warn({ err: error, topic: deps.topic, group: deps.group, restarts }, 'Replacing a Kafka consumer')
    const old = session
    session = undefined
    generation += 1
    memberId = ''
    for (const partition of owned?.keys() ?? []) events.lost(partition)
    owned = undefined
    events.restarted(error)
    // The new member joins after the old one has left, or the group would wait for the old one's session to run out.
    ending = old?.stop() ?? Promise.resolve()
    void ending.then(() => tryAgainLater())
  }

  function tryAgainLater(): void {
    if (isClosed) return
    failures += 1
    restartTimer = setTimeout(
      () => {
        starting = begin().catch((error: Error) => {
          deps.logger.warn({ err: error, topic: deps.topic, failures }, 'A Kafka consumer could not be started')
          tryAgainLater()
        })
      },
      backOffMs(failures, RESTART_BACK_OFF),
    )
  }

  function scheduleWatch(inMs: number): void {
    clearTimeout(watchTimer)
    if (isClosed) return
    watchTimer = setTimeout(() => {
      void watch().finally(() => scheduleWatch(Math.min(WATCH_EVERY_MS, deps.stallAfterMs / 2)))
    }, inMs)
  }

  async function watch(): Promise<void> {
    const watched = session
    if (!watched) return
    if (!owned) {
      if (performance.now() - notJoinedSinceMs > Math.max(JOIN_MS_MAX, deps.stallAfterMs)) {
        restart(new Error('The consumer group was not joined in time'))
      }
      return
    }
    try {
      const unknown = [...owned]
        .filter(([, progress]) => progress.position === undefined)
        .map(([partition]) => partition)
      const { ends, positions } = await deps.look(unknown)
      if (watched !== session || !owned) return
      const nowMs = performance.now()
      for (const [partition, progress] of owned) {
        progress.end = Math.max(progress.end, ends.get(partition) ?? 0)
        progress.position ??= positions.get(partition)
        if (progress.isPaused || (progress.position ?? 0) >= progress.end) progress.movedAtMs = nowMs
      }
      if (isStalled(owned.values(), nowMs, deps.stallAfterMs)) {
        restart(new Error('The consumer fell silent: there are records and it fetches none'))
      }
    } catch (error) {
      // Kafka does not answer the admin client either: nothing can be told about the consumer.
      deps.logger.debug({ err: error, topic: deps.topic }, 'The progress of a Kafka consumer could not be looked at')
    }
  }

  return {
    async start() {
      const begun = begin()
      starting = begun.catch(() => {})
      await begun
      scheduleWatch(WATCH_EVERY_MS)
    },
    pause(partition) {
      const progress = owned?.get(partition)
      if (!progress || progress.isPaused) return
      progress.isPaused = true
      session?.pause(partition)
    },
    resume(partition) {
      const progress = owned?.get(partition)
      if (!progress?.isPaused) return
      progress.isPaused = false
      progress.movedAtMs = performance.now()
      session?.resume(partition)
    },
    async commit(offsets) {
      if (!session) throw new Error('no consumer')
      await session.commit(offsets)
    },
    progress: () => owned,
    restarts: () => restarts,
    async close() {
      isClosed = true
      generation += 1
      clearTimeout(watchTimer)
      clearTimeout(restartTimer)
      await Promise.all([session?.stop(), ending, settledWithin(starting, CLOSE_MS)])
      session = undefined
      owned = undefined
    },
  }
}
