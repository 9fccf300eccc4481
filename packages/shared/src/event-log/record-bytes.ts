import { AppError } from '../errors/app-error.ts'
import { type LogRecord, RECORD_BYTES_MAX } from './event-log.ts'

export const RECORD_HEADERS_MAX = 20

/** UTF-8 needs at most three bytes for one UTF-16 unit. */
const BYTES_PER_UNIT_MAX = 3
/** Up to it a loop over the characters is faster than a call into native code. */
const SHORT_TEXT = 64

/** The bytes of a record's key, value and headers. */
export function recordBytes(record: LogRecord): number {
  let bytes = textBytes(record.key) + textBytes(record.value)
  for (const name in record.headers) bytes += name.length + textBytes(record.headers[name]!)
  return bytes
}

/** UTF-16 units of a record's key, value and headers: its bytes where all is ASCII, and almost for nothing. */
export function recordUnits(record: LogRecord): number {
  let units = record.key.length + record.value.length
  for (const name in record.headers) units += name.length + record.headers[name]!.length
  return units
}

/** Is the record above RECORD_BYTES_MAX? Bytes are counted only where the units leave it open. */
export function isTooLarge(record: LogRecord, units: number = recordUnits(record)): boolean {
  return units * BYTES_PER_UNIT_MAX > RECORD_BYTES_MAX && recordBytes(record) > RECORD_BYTES_MAX
}

/** The size of each record. Throws PAYLOAD_TOO_LARGE when one is above a limit, before anything is written. */
export function measureRecords(records: readonly LogRecord[]): number[] {
  return records.map((record) => {
    refuseManyHeaders(record)
    const bytes = recordBytes(record)
    if (bytes > RECORD_BYTES_MAX) throw tooLarge(bytes)
    return bytes
  })
}

/**
 * Sizes to cut batches of `bytesMax` by: the bytes of each record where together they could come near it, else its
 * units, which cost almost nothing. Throws what `measureRecords` does.
 */
export function sizesToCutBy(records: readonly LogRecord[], bytesMax: number): number[] {
  const units = records.map((record) => recordUnits(record))
  const most = units.reduce((sum, one) => sum + one, 0) * BYTES_PER_UNIT_MAX
  if (most > bytesMax) return measureRecords(records)
  for (const record of records) refuseManyHeaders(record)
  return units
}

/** The units of all records together. Throws what `measureRecords` would. */
export function checkRecords(records: readonly LogRecord[]): number {
  let sum = 0
  for (const record of records) {
    refuseManyHeaders(record)
    const units = recordUnits(record)
    if (isTooLarge(record, units)) throw tooLarge(recordBytes(record))
    sum += units
  }
  return sum
}

function textBytes(text: string): number {
  if (text.length > SHORT_TEXT) return Buffer.byteLength(text)
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return Buffer.byteLength(text)
  }
  return text.length
}

function refuseManyHeaders({ headers }: LogRecord): void {
  let count = 0
  for (const _name in headers) count++
  if (count > RECORD_HEADERS_MAX)
    throw new AppError('PAYLOAD_TOO_LARGE', `A record has ${count} headers; the most is ${RECORD_HEADERS_MAX}`)
}

const tooLarge = (bytes: number): AppError =>
  new AppError('PAYLOAD_TOO_LARGE', `A record has ${bytes} bytes; the most is ${RECORD_BYTES_MAX}`)
