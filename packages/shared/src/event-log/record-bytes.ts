import { AppError } from '../errors/app-error.ts'
import { type LogRecord, RECORD_BYTES_MAX } from './event-log.ts'

export const RECORD_HEADERS_MAX = 20

/** Up to it a loop over the characters is faster than a call into native code. */
const SHORT_TEXT = 64

/** The bytes of a record's key, value and headers. */
export function recordBytes(record: LogRecord): number {
  let bytes = textBytes(record.key) + textBytes(record.value)
  for (const name in record.headers) bytes += name.length + textBytes(record.headers[name]!)
  return bytes
}

function textBytes(text: string): number {
  if (text.length > SHORT_TEXT) return Buffer.byteLength(text)
  for (let i = 0; i < text.length; i++) {
    if (text.charCodeAt(i) > 0x7f) return Buffer.byteLength(text)
  }
  return text.length
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
