import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, it, vi } from 'vitest'
import type { LogRecord } from '../event-log.ts'
import { recordUnits } from '../record-bytes.ts'
import { type PartitionMessage, RECORD_OVERHEAD_BYTES } from './cut-rounds.ts'
import { encodeProduce, type ProduceRequest } from './encode-produce.ts'

const require = createRequire(import.meta.url)
/** kafkajs's own encoding of the same version, by the module that is never mended. */
const encodeByKafkajs = require('kafkajs/src/protocol/requests/produce/v7/request.js') as (request: unknown) => {
  encode: () => Promise<{ buffer: Buffer }>
}

const NOW_MS = 1_795_000_000_123

async function bothEncodings(request: ProduceRequest): Promise<[Buffer, Buffer]> {
  vi.useFakeTimers({ now: NOW_MS, toFake: ['Date'] })
  try {
    const partitions = request.topicData.map(({ topic, partitions }) => ({
      topic,
      partitions: partitions.map(({ partition, messages }) => ({
        partition,
        messages: messages.flatMap(({ records }) => records),
        firstSequence: 0,
      })),
    }))
    return [
      encodeProduce(request, NOW_MS),
      (await encodeByKafkajs({ ...request, topicData: partitions }).encode()).buffer,
    ]
  } finally {
    vi.useRealTimers()
  }
}

function inOneMessage(records: readonly LogRecord[], partition: number): PartitionMessage {
  const bytes = records.reduce((sum, record) => sum + recordUnits(record) + RECORD_OVERHEAD_BYTES, 0)
  return { partition, value: null, records, bytes }
}

describe('encodeProduce', () => {
  it('writes the bytes that kafkajs writes, for any texts and sizes', async () => {
    const short = fc.string({ unit: 'binary', maxLength: 100 })
    const record = fc.record({
      key: short,
      value: fc.oneof(
        short,
        fc.nat(20_000).map((length) => 'ä'.repeat(length)),
      ),
      headers: fc.dictionary(fc.string({ unit: 'grapheme-ascii', minLength: 1, maxLength: 70 }), short, {
        maxKeys: 20,
      }),
    })
    const partition = fc
      .tuple(fc.nat(100), fc.array(record, { minLength: 1, maxLength: 80 }))
      .map(([number, records]) => ({ partition: number, messages: [inOneMessage(records, number)] }))
    const topic = fc.record({ topic: short, partitions: fc.array(partition, { minLength: 1, maxLength: 3 }) })
    const request = fc.record({
      acks: fc.constant(-1),
      timeout: fc.nat(30_000),
      topicData: fc.array(topic, { minLength: 1, maxLength: 2 }),
    })
    await fc.assert(
      fc.asyncProperty(request, async (given) => {
        const [ours, theirs] = await bothEncodings(given)
        expect(ours.equals(theirs)).toBe(true)
      }),
      { numRuns: 60 },
    )
  })

  it.each([63, 64, 8191, 8192, 1_048_575])(
    'writes the length of a text of %i bytes as kafkajs does',
    async (length) => {
      const records: LogRecord[] = [
        { key: 'k'.repeat(length), value: 'v'.repeat(length), headers: { h: 'x'.repeat(length) } },
        { key: 'é'.repeat(Math.ceil(length / 2)), value: '', headers: {} },
      ]
      const topicData: ProduceRequest['topicData'] = [
        { topic: 'topic', partitions: [{ partition: 3, messages: [inOneMessage(records, 3)] }] },
      ]
      const [ours, theirs] = await bothEncodings({ acks: -1, timeout: 3500, topicData })
      expect(ours.equals(theirs)).toBe(true)
    },
  )
})
