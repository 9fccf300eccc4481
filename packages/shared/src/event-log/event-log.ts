/**
 * The event log port: durable, partitioned, ordered per key. Two engines stand behind it, Kafka (`kafka/`) and the
 * embedded one (`embedded/`); both pass `tests/contract/event-log-contract.ts`.
 *
 * Every method throws only AppError; an engine that does not answer is EVENT_LOG_UNAVAILABLE.
 */

/** The largest key + value + headers of one record, in bytes. A batch of records is never sent above this either. */
export const RECORD_BYTES_MAX = 900_000

export interface LogRecord {
  /** Records of one key stay in order and are read by one consumer of a group at a time. */
  readonly key: string
  readonly value: string
  /** At most 20 of them, ASCII names. */
  readonly headers: Readonly<Record<string, string>>
}

export interface StoredRecord {
  readonly topic: string
  readonly partition: number
  /** Position in its partition: rises, may have gaps. */
  readonly offset: number
  /** When it was written, milliseconds since 1970. */
  readonly timestampMs: number
  readonly key: string
  /** The bytes as written; another writer's may be anything at all. */
  readonly value: Buffer
  readonly headers: Readonly<Record<string, string>>
}

export interface RecordBatch {
  readonly topic: string
  /** At least one. Of several partitions maybe, those of one partition in order of offset. */
  readonly records: readonly StoredRecord[]
}

export interface TopicDefinition {
  readonly name: string
  readonly partitions: number
  readonly retentionMs: number
}

export interface PublishOptions {
  /** After this the call fails with EVENT_LOG_UNAVAILABLE; the records may or may not be there. Default 3,500. */
  readonly timeoutMs?: number
}

export interface SubscribeOptions {
  readonly topic: string
  /** Consumers of one group share the partitions; each record reaches one of them. A new group starts at the oldest record. */
  readonly group: string
  /**
   * Gets one batch at a time per partition, partitions side by side. Its offset is committed after the promise
   * resolved. When it rejects, the same records come again after a back-off (1 s to 30 s, full jitter); nothing of
   * that partition is skipped. The signal fires when the subscription closes or loses the partition.
   */
  readonly handleBatch: (batch: RecordBatch, signal: AbortSignal) => Promise<void>
  /** Most records in one batch. Default 2,000. */
  readonly batchRecordsMax?: number
  /** How many batches are handled at the same time where they are full, of a partition one. Default 2. */
  readonly batchesAtOnce?: number
  /**
   * A subscription with lag whose position has not moved for this long is restarted and counted in `restarts`,
   * unless the handler is just waiting after a failure. Default 30,000.
   */
  readonly stallAfterMs?: number
  /** Told of every rejected batch and every restart, for logs and metrics. */
  readonly onProblem?: (problem: {
    readonly kind: 'batch-failed' | 'restarted'
    readonly error?: unknown
    readonly partition?: number
  }) => void
}

export interface SubscriptionStatus {
  /** `starting` until partitions are known; `stalled` when there is lag and nothing moved for `stallAfterMs`. */
  readonly state: 'starting' | 'running' | 'stalled' | 'closed'
  /** Records written but not yet committed by this subscription, over its partitions. */
  readonly lag: number
  readonly restarts: number
  /** When the position last moved or was last found at the end, milliseconds since 1970. */
  readonly progressedAtMs: number
  readonly partitions: readonly number[]
}

export interface Subscription extends AsyncDisposable {
  status(): SubscriptionStatus
  /** Lets the batches in hand finish (at most `SUBSCRIPTION_CLOSE_MS`), commits them, leaves the group. Twice is once. */
  close(): Promise<void>
}

export const SUBSCRIPTION_CLOSE_MS = 8_000

/**
 * Where a tail begins: only what is written from now on, or from the given offset of each partition (others: now). An
 * offset that is not there, or not yet, counts as the nearest one.
 */
export type TailFrom = 'now' | { readonly offsets: Readonly<Record<number, number>> }

export interface TailOptions {
  readonly topic: string
  readonly from: TailFrom
  /** Gets every record of every partition, in order per partition, for this reader alone. Must not throw. */
  readonly handle: (records: readonly StoredRecord[]) => void
}

export interface Tail extends AsyncDisposable {
  /** The offset at which it goes on, of every partition: a later tail from there on misses nothing and repeats nothing. */
  positions(): Readonly<Record<number, number>>
  close(): Promise<void>
}

export interface EventLog extends AsyncDisposable {
  readonly engine: 'kafka' | 'embedded'
  /**
   * Creates the missing topics. Refuses with ENGINE_UNSUITABLE a topic that has fewer partitions than asked for, and
   * (Kafka) to create one with more copies than there are brokers; an existing one it takes with a broker down. Leaves
   * existing topics as they are. May be called by many at once and again.
   */
  ensureTopics(topics: readonly TopicDefinition[]): Promise<void>
  /**
   * Resolves when all records are durable (Kafka: acks of all in-sync replicas). Order per key is the order of the
   * array and of calls that follow each other; a failed call may have written some of them. Each record at most
   * RECORD_BYTES_MAX (PAYLOAD_TOO_LARGE otherwise, nothing written); any number of them: the engine cuts batches.
   */
  publish(topic: string, records: readonly LogRecord[], options?: PublishOptions): Promise<void>
  /** Resolves when the subscription has been started; it goes on until closed. The topic must exist. */
  subscribe(options: SubscribeOptions): Promise<Subscription>
  /** Resolves when records written from now on are certain to be seen. */
  tail(options: TailOptions): Promise<Tail>
  /** Rejects with EVENT_LOG_UNAVAILABLE within `timeoutMs` when the engine does not answer. */
  ping(timeoutMs: number): Promise<void>
  /** Closes subscriptions and tails first. Twice is once; any call after it rejects with EVENT_LOG_UNAVAILABLE. */
  close(): Promise<void>
}
