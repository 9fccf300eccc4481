import type { LogRecord } from '../event-log.ts'
import { crc32c } from './crc32c.ts'
import { type PartitionMessage, RECORD_OVERHEAD_BYTES } from './cut-rounds.ts'

/** What kafkajs hands to the encoding of a produce request, as far as we use it. */
export interface ProduceRequest {
  readonly acks: number
  readonly timeout: number
  readonly topicData: readonly {
    readonly topic: string
    /** Of `messages` there is one. */
    readonly partitions: readonly { readonly partition: number; readonly messages: readonly PartitionMessage[] }[]
  }[]
}

const MAGIC = 2
/** Where the fields of a batch's head stand; its records follow. What is not written is 0. */
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
  count: 57,
  records: 61,
}
/** The request's own fields, and for a topic or partition besides the topic's name. */
const HEAD_BYTES = 16
/** UTF-8 needs at most three bytes for one UTF-16 unit. */
const BYTES_PER_UNIT_MAX = 3
/** Up to it a loop over the characters is faster than a call into native code. */
const SHORT_TEXT = 48

/**
 * The body of a Produce request, version 7 (kafka.apache.org/protocol.html, and "Record Batch" in
 * kafka.apache.org/documentation): no compression, no transaction, one record batch a partition.
 *
 * @param nowMs the timestamp of all records
 */
export function encodeProduce(request: ProduceRequest, nowMs: number): Buffer {
  const out: Writer = { bytes: Buffer.allocUnsafe(bytesExpected(request)), at: 0 }
  out.at = out.bytes.writeInt16BE(-1, out.at) // no transactional id
  out.at = out.bytes.writeInt16BE(request.acks, out.at)
  out.at = out.bytes.writeInt32BE(request.timeout, out.at)
  out.at = out.bytes.writeInt32BE(request.topicData.length, out.at)
  for (const { topic, partitions } of request.topicData) {
    out.at = out.bytes.writeInt16BE(Buffer.byteLength(topic), out.at)
    out.at += out.bytes.write(topic, out.at)
    out.at = out.bytes.writeInt32BE(partitions.length, out.at)
    for (const { partition, messages } of partitions) writeBatch(out, partition, messages[0]!.records, nowMs)
  }
  return out.bytes.subarray(0, out.at)
}

interface Writer {
  bytes: Buffer
  at: number
}

/** Enough where all is ASCII, with room for what the longest text could need besides. */
function bytesExpected({ topicData }: ProduceRequest): number {
  let bytes = HEAD_BYTES
  let longest = 0
  for (const { topic, partitions } of topicData) {
    bytes += HEAD_BYTES + topic.length * BYTES_PER_UNIT_MAX
    for (const { messages } of partitions) {
      bytes += HEAD_BYTES + AT.records + messages[0]!.bytes
      for (const { key, value } of messages[0]!.records) longest = Math.max(longest, key.length, value.length)
    }
  }
  return bytes + longest * BYTES_PER_UNIT_MAX
}

function writeBatch(out: Writer, partition: number, records: readonly LogRecord[], nowMs: number): void {
  const start = out.bytes.writeInt32BE(partition, out.at) + 4
  out.at = start + AT.records
  for (let i = 0; i < records.length; i++) writeRecord(out, records[i]!, i)
  const { bytes } = out
  bytes.writeInt32BE(out.at - start, start - 4)
  bytes.fill(0, start, start + AT.records)
  bytes.writeInt32BE(out.at - start - AT.leaderEpoch, start + AT.length)
  bytes.writeInt8(MAGIC, start + AT.magic)
  bytes.writeInt32BE(records.length - 1, start + AT.lastOffsetDelta)
  for (const at of [AT.firstTimestamp, AT.maxTimestamp]) {
    bytes.writeUInt32BE(Math.floor(nowMs / 2 ** 32), start + at)
    bytes.writeUInt32BE(nowMs % 2 ** 32, start + at + 4)
  }
  bytes.fill(0xff, start + AT.producerId, start + AT.producerEpoch) // none
  bytes.writeInt32BE(records.length, start + AT.count)
  bytes.writeUInt32BE(crc32c(bytes.subarray(start + AT.attributes, out.at)), start + AT.crc)
}

function writeRecord(out: Writer, { key, value, headers }: LogRecord, index: number): void {
  let count = 0
  for (const _name in headers) count++
  const lengthAt = out.at
  const reserved = varintBytes(value.length + key.length + 32 * count)
  out.at += reserved
  out.bytes[out.at++] = 0 // attributes
  out.bytes[out.at++] = 0 // timestamp delta
  writeVarint(out, index)
  writeText(out, key)
  writeText(out, value)
  writeVarint(out, count)
  // Not over Object.keys: within for-in V8 need not look each name up.
  for (const name in headers) {
    writeText(out, name)
    writeText(out, headers[name]!)
  }
  putLength(out, lengthAt, reserved)
}

function writeText(out: Writer, text: string): void {
  makeRoom(out, text.length * BYTES_PER_UNIT_MAX + RECORD_OVERHEAD_BYTES)
  const lengthAt = out.at
  const reserved = varintBytes(text.length)
  out.at += reserved
  out.at += writeShortAscii(out, text) ? text.length : out.bytes.write(text, out.at)
  putLength(out, lengthAt, reserved)
}

/** Other characters than ASCII may take more than was expected. */
function makeRoom(out: Writer, bytes: number): void {
  if (out.at + bytes <= out.bytes.length) return
  const larger = Buffer.allocUnsafe(Math.max(out.bytes.length * 2, out.at + bytes))
  out.bytes.copy(larger, 0, 0, out.at)
  out.bytes = larger
}

/** False when the text is long or has other characters; then nothing counts as written. */
function writeShortAscii({ bytes, at }: Writer, text: string): boolean {
  if (text.length > SHORT_TEXT) return false
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i)
    if (code > 0x7f) return false
    bytes[at + i] = code
  }
  return true
}

/** Puts the length of what stands behind its reserved place there; where it takes another place, what follows moves. */
function putLength(out: Writer, lengthAt: number, reserved: number): void {
  const end = out.at
  const length = end - lengthAt - reserved
  const needed = varintBytes(length)
  if (needed !== reserved) out.bytes.copyWithin(lengthAt + needed, lengthAt + reserved, end)
  out.at = lengthAt
  writeVarint(out, length)
  out.at = lengthAt + needed + length
}

/** Zigzag of a length or index, which is never negative (twice the number), then seven bits a byte. */
function writeVarint(out: Writer, value: number): void {
  let rest = value * 2
  while (rest > 0x7f) {
    out.bytes[out.at++] = (rest & 0x7f) | 0x80
    rest >>>= 7
  }
  out.bytes[out.at++] = rest
}

const varintBytes = (value: number): number => (value < 64 ? 1 : value < 8192 ? 2 : value < 1_048_576 ? 3 : 4)
