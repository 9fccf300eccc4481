import type { StoredRecord } from '../event-log.ts'

const BUFFERED_BYTES_MAX = 4 * 1024 * 1024

/** Records of one partition that were fetched and wait for the handler. */
export interface RecordBuffer {
  push(records: readonly StoredRecord[]): void
  take(recordsMax: number): readonly StoredRecord[]
  /** There is a whole batch, or as much as should wait in memory. */
  isFull(): boolean
}

export function createRecordBuffer(batchRecordsMax: number): RecordBuffer {
  const waiting: StoredRecord[] = []
  let bytes = 0
  return {
    push(records) {
      for (const record of records) {
        waiting.push(record)
        bytes += record.value.length
      }
    },
    take(recordsMax) {
      const taken = waiting.splice(0, recordsMax)
      bytes = waiting.reduce((sum, record) => sum + record.value.length, 0)
      return taken
    },
    isFull: () => waiting.length >= batchRecordsMax || bytes >= BUFFERED_BYTES_MAX,
  }
}
