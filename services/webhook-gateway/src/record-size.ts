import { type LogRecord, RECORD_BYTES_MAX } from '@pagesync/shared/event-log/event-log.ts'
import { recordBytes } from '@pagesync/shared/event-log/record-bytes.ts'

/** UTF-8 needs at most three bytes for one UTF-16 unit. */
const BYTES_PER_UNIT_MAX = 3
/** Key and headers of a page event are well below this. */
const ENVELOPE_BYTES_MAX = 10_000

/** Is the record above RECORD_BYTES_MAX? Bytes are counted only where the length leaves it open. */
export function isTooLarge(record: LogRecord): boolean {
  if (record.value.length * BYTES_PER_UNIT_MAX + ENVELOPE_BYTES_MAX <= RECORD_BYTES_MAX) return false
  return recordBytes(record) > RECORD_BYTES_MAX
}
