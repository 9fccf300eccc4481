import { createRequire } from 'node:module'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import type { LogRecord } from '../event-log.ts'
import { measureRecords } from '../record-bytes.ts'
import { encodeRecordBatch } from './encode-record-batch.ts'

const require = createRequire(import.meta.url)
const TIME_MS = 1_767_868_199_876

/** The same batch by kafkajs's own, slow encoder: what this one stands in for. */
async function byKafkajs(records: readonly LogRecord[]): Promise<Buffer> {
  const Record = require('kafkajs/src/protocol/recordBatch/record/v0/index.js')
  const { RecordBatch } = require('kafkajs/src/protocol/recordBatch/v0/index.js')
  const encoder = await RecordBatch({
    records: records.map((record, offsetDelta) => Record({ ...record, offsetDelta, timestampDelta: 0 })),
    firstTimestamp: TIME_MS,
    maxTimestamp: TIME_MS,
    lastOffsetDelta: records.length - 1,
  })
  return encoder.buffer
}

const encode = (records: readonly LogRecord[]) => encodeRecordBatch(records, measureRecords(records), TIME_MS)

const anyText = fc.oneof(
  fc.string({ maxLength: 80 }),
  fc.string({ unit: 'grapheme', maxLength: 80 }),
  fc.string({ unit: 'binary', maxLength: 80 }),
)
const anyRecord: fc.Arbitrary<LogRecord> = fc.record({
  key: anyText,
  value: fc.oneof(
    anyText,
    fc.string({ minLength: 60, maxLength: 70 }),
    fc.string({ minLength: 8180, maxLength: 8200 }),
  ),
  headers: fc.dictionary(fc.stringMatching(/^[a-z_-]{1,20}$/), anyText, { maxKeys: 12 }),
})

describe('encodeRecordBatch', () => {
  test('writes what kafkajs writes, byte for byte, whatever is in the records', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(anyRecord, { minLength: 1, maxLength: 5 }), async (records) => {
        expect(encode(records).equals(await byKafkajs(records))).toBe(true)
      }),
      { numRuns: 500 },
    )
  })

  test.each([
    ['lengths at the edges of one, two and three bytes', [63, 64, 65, 8191, 8192, 8193, 700_000]],
    ['one empty record', [0]],
  ])('%s', async (_what, lengths) => {
    for (const unit of ['x', 'é', '語', '😀']) {
      const records = lengths.map((length) => ({ key: '', value: unit.repeat(length / unit.length / 2), headers: {} }))
      expect(encode(records).equals(await byKafkajs(records))).toBe(true)
    }
  })

  test('many records, as many as a batch may have', async () => {
    const records = Array.from({ length: 2000 }, (_, i) => ({ key: `${i}`, value: 'v', headers: { ce_id: `id-${i}` } }))
    expect(encode(records).equals(await byKafkajs(records))).toBe(true)
  })
})
