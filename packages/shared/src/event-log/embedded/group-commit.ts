import type { DatabaseSync } from 'node:sqlite'
import { AppError } from '../../errors/app-error.ts'
import type { Clock } from '../../lifecycle/clock.ts'
import type { LogRecord } from '../event-log.ts'
import { partitionOfKey } from '../partition-of-key.ts'
import { fromSqlite } from './embedded-database.ts'
import type { EmbeddedPartition, EmbeddedTopic } from './topic-catalog.ts'

/** node:sqlite blocks the event loop: a transaction takes a few milliseconds at most, then others have their turn. */
const TRANSACTION_ROWS_MAX = 200
const TRANSACTION_BYTES_MAX = 1_000_000
const WAITING_BYTES_MAX = 64_000_000
const WAITING_RECORDS_MAX = 100_000

interface Publish {
  readonly topic: EmbeddedTopic
  readonly records: readonly LogRecord[]
  readonly sizes: readonly number[]
  readonly deadlineMs: number
  /** How many of the records are in the file. */
  written: number
  readonly resolve: () => void
  readonly reject: (error: AppError) => void
}

interface OffsetCommit {
  readonly group: string
  readonly partitionId: number
  readonly nextOffset: number
  readonly resolve: () => void
  readonly reject: (error: AppError) => void
}

export interface GroupCommit {
  /** Resolves when the records are on the disk. */
  publish(
    topic: EmbeddedTopic,
    records: readonly LogRecord[],
    sizes: readonly number[],
    timeoutMs: number,
  ): Promise<void>
  commitOffset(group: string, partitionId: number, nextOffset: number): Promise<void>
  /** Resolves when nothing waits. */
  drained(): Promise<void>
}

export interface GroupCommitDeps {
  readonly database: DatabaseSync
  readonly clock: Clock
  /** A partition has new records. */
  readonly onWritten: (topic: EmbeddedTopic, partition: EmbeddedPartition) => void
}

/**
 * Writes what waits in one transaction, and so with one flush of the disk; what arrives meanwhile goes into the next
 * one. A publish that has more than a transaction takes goes over several.
 */
export function createGroupCommit(deps: GroupCommitDeps): GroupCommit {
  const { database, clock } = deps
  const publishes: Publish[] = []
  let offsets: OffsetCommit[] = []
  let waitingBytes = 0
  let waitingRecords = 0
  let isScheduled = false
  const onDrained: (() => void)[] = []
  const insert = database.prepare(
    'INSERT INTO records (partition_id, "offset", timestamp_ms, key, value, headers) VALUES (?, ?, ?, ?, ?, ?)',
  )
  const advance = database.prepare('UPDATE partitions SET next_offset = ? WHERE id = ?')
  const commitOffset = database.prepare(`
    INSERT INTO group_offsets (group_name, partition_id, next_offset) VALUES (?, ?, ?)
    ON CONFLICT DO UPDATE SET next_offset = excluded.next_offset`)

  function schedule(): void {
    if (isScheduled) return
    isScheduled = true
    setImmediate(writeSome)
  }

  function writeSome(): void {
    isScheduled = false
    failLate()
    const commits = offsets
    offsets = []
    const written: { publish: Publish; count: number }[] = []
    const advanced = new Map<EmbeddedPartition, { topic: EmbeddedTopic; nextOffset: number }>()
    try {
      database.exec('BEGIN')
      insertRecords(written, advanced)
      for (const [{ id }, { nextOffset }] of advanced) advance.run(nextOffset, id)
      for (const { group, partitionId, nextOffset } of commits) commitOffset.run(group, partitionId, nextOffset)
      database.exec('COMMIT')
    } catch (thrown) {
      if (database.isTransaction) database.exec('ROLLBACK')
      const error = fromSqlite(thrown)
      for (const { publish } of written) end(publish, error)
      for (const commit of commits) commit.reject(error)
      goOn()
      return
    }
    for (const [partition, { nextOffset }] of advanced) partition.nextOffset = nextOffset
    for (const commit of commits) commit.resolve()
    for (const { publish, count } of written) {
      publish.written += count
      if (publish.written === publish.records.length) end(publish)
    }
    for (const [partition, { topic }] of advanced) deps.onWritten(topic, partition)
    goOn()
  }

  function insertRecords(
    written: { publish: Publish; count: number }[],
    advanced: Map<EmbeddedPartition, { topic: EmbeddedTopic; nextOffset: number }>,
  ): void {
    const nowMs = clock.now()
    let rows = 0
    let bytes = 0
    for (const publish of publishes) {
      const entry = { publish, count: 0 }
      for (let i = publish.written; i < publish.records.length; i++) {
        bytes += publish.sizes[i]!
        if (rows > 0 && (rows === TRANSACTION_ROWS_MAX || bytes > TRANSACTION_BYTES_MAX)) return
        const { key, value, headers } = publish.records[i]!
        const { partitions } = publish.topic
        const partition = partitions[partitionOfKey(key, partitions.length)]!
        const offset = advanced.get(partition)?.nextOffset ?? partition.nextOffset
        insert.run(partition.id, offset, nowMs, key, Buffer.from(value), JSON.stringify(headers))
        advanced.set(partition, { topic: publish.topic, nextOffset: offset + 1 })
        if (entry.count === 0) written.push(entry)
        entry.count += 1
        rows += 1
      }
    }
  }

  /** The records of a call that has waited too long, and of which none is written, will not be. */
  function failLate(): void {
    const nowMs = performance.now()
    for (const publish of publishes.filter(({ written, deadlineMs }) => written === 0 && nowMs > deadlineMs)) {
      end(publish, new AppError('EVENT_LOG_UNAVAILABLE', 'The event log did not get to writing the records in time'))
    }
  }

  function end(publish: Publish, error?: AppError): void {
    publishes.splice(publishes.indexOf(publish), 1)
    waitingRecords -= publish.records.length
    for (const size of publish.sizes) waitingBytes -= size
    if (error) publish.reject(error)
    else publish.resolve()
  }

  function goOn(): void {
    if (publishes.length > 0 || offsets.length > 0) {
      schedule()
      return
    }
    for (const resolve of onDrained.splice(0)) resolve()
  }

  return {
    publish(topic, records, sizes, timeoutMs) {
      const bytes = sizes.reduce((sum, size) => sum + size, 0)
      if (publishes.length > 0 && (waitingBytes + bytes > WAITING_BYTES_MAX || waitingRecords > WAITING_RECORDS_MAX)) {
        return Promise.reject(new AppError('EVENT_LOG_UNAVAILABLE', 'Too many records wait to be written'))
      }
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const deadlineMs = performance.now() + timeoutMs
      publishes.push({ topic, records, sizes, deadlineMs, written: 0, resolve, reject })
      waitingBytes += bytes
      waitingRecords += records.length
      schedule()
      return promise
    },
    commitOffset(group, partitionId, nextOffset) {
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      offsets.push({ group, partitionId, nextOffset, resolve, reject })
      schedule()
      return promise
    },
    drained() {
      if (publishes.length === 0 && offsets.length === 0) return Promise.resolve()
      const { promise, resolve } = Promise.withResolvers<void>()
      onDrained.push(resolve)
      return promise
    },
  }
}
