import type { DatabaseSync } from 'node:sqlite'
import type { StoredRecord } from '../event-log.ts'
import type { EmbeddedPartition } from './topic-catalog.ts'

/** Reading blocks the event loop, so a batch has at most this much, whatever the subscriber would take. */
const READ_ROWS_MAX = 200
const READ_BYTES_MAX = 1_000_000

interface RecordRow {
  readonly offset: number
  readonly timestamp_ms: number
  readonly key: string
  readonly value: Uint8Array
  readonly headers: string
}

/** The records of a partition from an offset on, as many as may be read at once. */
export type ReadRecords = (
  topic: string,
  partition: EmbeddedPartition,
  offset: number,
  recordsMax: number,
) => StoredRecord[]

export function createReadRecords(database: DatabaseSync): ReadRecords {
  const select = database.prepare(`
    SELECT "offset", timestamp_ms, key, value, headers FROM records
    WHERE partition_id = ? AND "offset" >= ? ORDER BY "offset" LIMIT ?`)
  return (topic, { id, partition, nextOffset }, offset, recordsMax) => {
    const records: StoredRecord[] = []
    if (offset >= nextOffset) return records
    let bytes = 0
    for (const found of select.iterate(id, offset, Math.min(recordsMax, READ_ROWS_MAX))) {
      const row = found as unknown as RecordRow
      const value = Buffer.from(row.value.buffer, row.value.byteOffset, row.value.byteLength)
      const headers = JSON.parse(row.headers) as Record<string, string>
      records.push({
        topic,
        partition,
        offset: row.offset,
        timestampMs: row.timestamp_ms,
        key: row.key,
        value,
        headers,
      })
      bytes += value.length
      if (bytes >= READ_BYTES_MAX) break
    }
    return records
  }
}
