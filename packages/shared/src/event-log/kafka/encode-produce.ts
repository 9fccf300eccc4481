import { crc32c } from './crc32c.ts'

/** What kafkajs hands to the encoding of a produce request, as far as we use it. */
export interface ProduceRequest {
  readonly acks: number
  readonly timeout: number
  readonly topicData: readonly {
    readonly topic: string
    readonly partitions: readonly { readonly partition: number; readonly messages: readonly PlainRecord[] }[]
  }[]
}

/** What `encodeProduce` can take: texts only, no timestamp, all headers given. kafkajs's messages may be much else. */
export interface PlainRecord {
  readonly isPlain: true
  readonly key: string
  readonly value: string
  readonly headers: Readonly<Record<string, string>>
}

const BATCH_HEADER_BYTES = 61
const NO_PRODUCER_ID = 0xffffffff
const MAGIC = 2
/** Below this a loop over the characters is faster than a call into Buffer. */
const SHORT_TEXT = 48

/**
 * The body of a Produce request, version 7 (kafka.apache.org/protocol.html, and "Record Batch" in
 * kafka.apache.org/documentation): no compression, no transaction, one record batch a partition.
 *
 * @param nowMs the timestamp of all records
 */
export function encodeProduce(request: ProduceRequest, nowMs: number): Buffer {
  const out = createWriter(estimateBytes(request))
  out.int16(-1) // no transactional id
  out.int16(request.acks)
  out.int32(request.timeout)
  out.int32(request.topicData.length)
  for (const { topic, partitions } of request.topicData) {
    out.int16(Buffer.byteLength(topic))
    out.bytes(topic)
    out.int32(partitions.length)
    for (const { partition, messages } of partitions) {
      out.int32(partition)
      const sizeAt = out.skip(4)
      writeBatch(out, messages, nowMs)
      out.int32At(sizeAt, out.position() - sizeAt - 4)
    }
  }
  return out.finish()
}

function writeBatch(out: Writer, records: readonly PlainRecord[], nowMs: number): void {
  const start = out.skip(BATCH_HEADER_BYTES)
  for (let i = 0; i < records.length; i++) writeRecord(out, records[i]!, i)
  const end = out.position()
  out.int64At(start, 0) // base offset: the broker sets it
  out.int32At(start + 8, end - start - 12)
  out.int32At(start + 12, 0) // partition leader epoch: the broker's
  out.int8At(start + 16, MAGIC)
  out.int16At(start + 21, 0) // attributes: no compression, create time
  out.int32At(start + 23, records.length - 1)
  out.int64At(start + 27, nowMs)
  out.int64At(start + 35, nowMs)
  out.uint32At(start + 43, NO_PRODUCER_ID)
  out.uint32At(start + 47, NO_PRODUCER_ID)
  out.int16At(start + 51, 0) // producer epoch
  out.int32At(start + 53, 0) // first sequence
  out.int32At(start + 57, records.length)
  out.uint32At(start + 17, crc32c(out.view(start + 21, end)))
}

function writeRecord(out: Writer, { key, value, headers }: PlainRecord, index: number): void {
  const names = Object.keys(headers)
  const start = out.begin(value.length + key.length + 32 * names.length)
  out.int8(0) // attributes
  out.varint(0) // timestamp delta
  out.varint(index)
  out.text(key)
  out.text(value)
  out.varint(names.length)
  for (const name of names) {
    out.text(name)
    out.text(headers[name]!)
  }
  out.end(start)
}

function estimateBytes({ topicData }: ProduceRequest): number {
  let bytes = 1000
  for (const { partitions } of topicData) {
    for (const { messages } of partitions) {
      for (const { key, value } of messages) bytes += key.length + value.length + 400
    }
  }
  return bytes
}

type Writer = ReturnType<typeof createWriter>

/** A growing buffer. Texts and records stand behind their length, a varint whose own size is guessed first. */
function createWriter(capacity: number) {
  let buffer = Buffer.allocUnsafe(capacity)
  let at = 0
  const guesses: number[] = []

  function ensure(bytes: number): void {
    if (at + bytes <= buffer.length) return
    const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, at + bytes))
    buffer.copy(larger, 0, 0, at)
    buffer = larger
  }

  /** Zigzag of a length or index, which is never negative: twice the number. */
  function varint(value: number): void {
    ensure(5)
    let rest = value * 2
    while (rest > 0x7f) {
      buffer[at++] = (rest & 0x7f) | 0x80
      rest >>>= 7
    }
    buffer[at++] = rest
  }

  /** Puts the length before what was written from `start + guessed` on, and moves that when the guess was wrong. */
  function lengthAt(start: number, guessed: number): void {
    const length = at - start - guessed
    const size = varintSize(length)
    if (size !== guessed) {
      ensure(size)
      buffer.copyWithin(start + size, start + guessed, at)
    }
    at = start
    varint(length)
    at += length
  }

  function text(value: string): void {
    ensure(value.length * 3 + 10)
    const start = at
    const guessed = varintSize(value.length)
    at += guessed
    if (!shortAscii(value)) at += buffer.write(value, at, 'utf8')
    lengthAt(start, guessed)
  }

  function shortAscii(value: string): boolean {
    const { length } = value
    if (length > SHORT_TEXT) return false
    const start = at
    for (let i = 0; i < length; i++) {
      const code = value.charCodeAt(i)
      if (code > 0x7f) {
        at = start
        return false
      }
      buffer[at++] = code
    }
    return true
  }

  function skip(bytes: number): number {
    ensure(bytes)
    const start = at
    at += bytes
    return start
  }

  return {
    varint,
    text,
    skip,
    position: () => at,
    view: (start: number, end: number) => buffer.subarray(start, end),
    finish: () => buffer.subarray(0, at),
    int8: (value: number) => buffer.writeInt8(value, skip(1)),
    int16: (value: number) => buffer.writeInt16BE(value, skip(2)),
    int32: (value: number) => buffer.writeInt32BE(value, skip(4)),
    bytes(value: string): void {
      ensure(value.length * 3)
      at += buffer.write(value, at, 'utf8')
    },
    int8At: (offset: number, value: number) => buffer.writeInt8(value, offset),
    int16At: (offset: number, value: number) => buffer.writeInt16BE(value, offset),
    int32At: (offset: number, value: number) => buffer.writeInt32BE(value, offset),
    uint32At: (offset: number, value: number) => buffer.writeUInt32BE(value, offset),
    int64At: (offset: number, value: number) => buffer.writeBigInt64BE(BigInt(value), offset),
    /** Leaves room for a length before something of about that many bytes. */
    begin(about: number): number {
      const guessed = varintSize(about)
      guesses.push(guessed)
      return skip(guessed)
    },
    end(start: number): void {
      lengthAt(start, guesses.pop()!)
    },
  }
}

const varintSize = (value: number): number => (value < 64 ? 1 : value < 8192 ? 2 : value < 1_048_576 ? 3 : 4)
