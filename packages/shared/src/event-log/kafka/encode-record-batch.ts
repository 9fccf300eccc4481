import type { LogRecord } from '../event-log.ts'
import { crc32c } from './crc32c.ts'

const MAGIC = 2
/** Where the fields of a batch's head stand; its records follow. */
const AT = {
  length: 8,
  leaderEpoch: 12,
  magic: 16,
  crc: 17,
  attributes: 21,
  lastOffsetDelta: 23,
  firstTimestamp: 27,
  maxTimestamp: 35,
  producerId: 43,
  producerEpoch: 51,
  firstSequence: 53,
  count: 57,
  records: 61,
}
/** Attributes, timestamp and offset delta, and the lengths of record, key, value and header list: at most 5 bytes each. */
const RECORD_OVERHEAD_MAX = 32
const HEADER_OVERHEAD_MAX = 10
/** Up to it a loop over the characters is faster than a call into native code. */
const SHORT_TEXT = 48

/**
 * A record batch in Kafka's format 2, not compressed, of one time, without a producer id.
 * https://kafka.apache.org/documentation/#recordbatch
 *
 * @param recordBytes the bytes of each record's key, value and headers (`measureRecords`)
 */
export function encodeRecordBatch(
  records: readonly LogRecord[],
  recordBytes: readonly number[],
  timestampMs: number,
): Buffer {
  const writer: Writer = { bytes: Buffer.allocUnsafe(bytesAtMost(records, recordBytes)), at: AT.records }
  for (let i = 0; i < records.length; i++) writeRecord(writer, records[i]!, i, recordBytes[i]!)
  const batch = writer.bytes.subarray(0, writer.at)
  writeHead(batch, records.length, timestampMs)
  return batch
}

interface Writer {
  readonly bytes: Buffer
  at: number
}

function bytesAtMost(records: readonly LogRecord[], recordBytes: readonly number[]): number {
  let bytes = AT.records
  for (let i = 0; i < records.length; i++) {
    bytes += recordBytes[i]! + RECORD_OVERHEAD_MAX + HEADER_OVERHEAD_MAX * countHeaders(records[i]!)
  }
  return bytes
}

function countHeaders(record: LogRecord): number {
  let count = 0
  for (const _name in record.headers) count++
  return count
}

function writeHead(batch: Buffer, count: number, timestampMs: number): void {
  batch.fill(0, 0, AT.records)
  batch.writeInt32BE(batch.length - AT.leaderEpoch, AT.length)
  batch.writeInt8(MAGIC, AT.magic)
  batch.writeInt32BE(count - 1, AT.lastOffsetDelta)
  for (const at of [AT.firstTimestamp, AT.maxTimestamp]) {
    batch.writeUInt32BE(Math.floor(timestampMs / 2 ** 32), at)
    batch.writeUInt32BE(timestampMs % 2 ** 32, at + 4)
  }
  batch.fill(0xff, AT.producerId, AT.producerEpoch)
  batch.writeInt32BE(count, AT.count)
  batch.writeUInt32BE(crc32c(batch, AT.attributes), AT.crc)
}

function writeRecord(writer: Writer, record: LogRecord, offsetDelta: number, bytes: number): void {
  const lengthAt = writer.at
  // The record is a little longer than its texts, seldom by enough to need another byte for its length.
  const reserved = varintBytes(bytes + RECORD_OVERHEAD_MAX)
  writer.at += reserved
  writer.bytes[writer.at++] = 0
  writer.bytes[writer.at++] = 0
  writeVarint(writer, offsetDelta)
  writeText(writer, record.key)
  writeText(writer, record.value)
  writeVarint(writer, countHeaders(record))
  for (const name in record.headers) {
    writeText(writer, name)
    writeText(writer, record.headers[name]!)
  }
  putLength(writer, lengthAt, reserved)
}

function writeText(writer: Writer, text: string): void {
  const lengthAt = writer.at
  const reserved = varintBytes(text.length)
  writer.at += reserved
  writer.at += writeAscii(writer, text) ? text.length : writer.bytes.write(text, writer.at)
  putLength(writer, lengthAt, reserved)
}

/** False when the text is long or has other characters; then nothing counts as written. */
function writeAscii({ bytes, at }: Writer, text: string): boolean {
  if (text.length > SHORT_TEXT) return false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return false
    bytes[at + i] = code
  }
  return true
}

/** Puts the length of what was written after its reserved place there; where it needs another place, what follows moves. */
function putLength(writer: Writer, lengthAt: number, reserved: number): void {
  const end = writer.at
  const length = end - lengthAt - reserved
  const needed = varintBytes(length)
  if (needed !== reserved) writer.bytes.copyWithin(lengthAt + needed, lengthAt + reserved, end)
  writer.at = lengthAt
  writeVarint(writer, length)
  writer.at = lengthAt + needed + length
}

/** Zigzag, then seven bits a byte, as Kafka writes signed numbers; ours are never negative. */
function writeVarint(writer: Writer, value: number): void {
  let rest = value * 2
  while (rest > 0x7f) {
    writer.bytes[writer.at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  writer.bytes[writer.at++] = rest
}

function varintBytes(value: number): number {
  if (value < 2 ** 6) return 1
  if (value < 2 ** 13) return 2
  if (value < 2 ** 20) return 3
  return value < 2 ** 27 ? 4 : 5
}
