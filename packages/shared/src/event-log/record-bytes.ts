import { AppError } from '../errors/app-error.ts'
import { type LogRecord, RECORD_BYTES_MAX } from './event-log.ts'

export const RECORD_HEADERS_MAX = 20

/** The bytes of a record's key, value and headers. */
export function recordBytes(record: LogRecord): number {
  let bytes = Buffer.byteLength(record.key) + Buffer.byteLength(record.value)
  for (const name in record.headers) bytes += name.length + Buffer.byteLength(record.headers[name]!)
  return bytes
}

/** The size of each record. Throws PAYLOAD_TOO_LARGE when one is above a limit, before anything is written. */
export function measureRecords(records: readonly LogRecord[]): number[] {
  const sizes = new Array<number>(records.length)
  for (let i = 0; i < records.length; i++) {
    const record = records[i]!
    const bytes = recordBytes(record)
    if (bytes > RECORD_BYTES_MAX) {
      throw new AppError('PAYLOAD_TOO_LARGE', `A record has ${bytes} bytes; the most is ${RECORD_BYTES_MAX}`)
    }
    const headers = Object.keys(record.headers).length
    if (headers > RECORD_HEADERS_MAX) {
      throw new AppError('PAYLOAD_TOO_LARGE', `A record has ${headers} headers; the most is ${RECORD_HEADERS_MAX}`)
    }
    sizes[i] = bytes
  }
  return sizes
}
