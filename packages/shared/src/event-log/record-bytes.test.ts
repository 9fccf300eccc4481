import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { type LogRecord, RECORD_BYTES_MAX } from './event-log.ts'
import { checkRecords, isTooLarge, measureRecords, recordBytes, recordUnits, sizesToCutBy } from './record-bytes.ts'

const record = (value: string, headers: Record<string, string> = { h: 'é' }): LogRecord => ({
  key: 'k',
  value,
  headers,
})

describe('the size of a record', () => {
  test('is that of key, value and headers in UTF-8, whatever is in them', () => {
    const text = fc.oneof(fc.string({ maxLength: 130 }), fc.string({ unit: 'binary', maxLength: 130 }))
    const headers = fc.dictionary(fc.stringMatching(/^[a-z_]{1,10}$/), text, { maxKeys: 5 })
    fc.assert(
      fc.property(text, text, headers, (key, value, given) => {
        const inHeaders = Object.entries(given).map(([name, header]) => name.length + Buffer.byteLength(header))
        const bytes = inHeaders.reduce((sum, one) => sum + one, Buffer.byteLength(key) + Buffer.byteLength(value))
        const measured = { key, value, headers: given }
        expect(recordBytes(measured)).toBe(bytes)
        expect(recordUnits(measured)).toBeLessThanOrEqual(bytes)
        expect(recordUnits(measured) * 3).toBeGreaterThanOrEqual(bytes)
      }),
    )
  })

  // One byte for the key, three for the header.
  test.each([
    ['ASCII', 'x'.repeat(RECORD_BYTES_MAX - 4), 'x'.repeat(RECORD_BYTES_MAX - 3)],
    ['three bytes a character', '語'.repeat((RECORD_BYTES_MAX - 3) / 3 - 1), '語'.repeat((RECORD_BYTES_MAX - 3) / 3)],
  ])('in %s is taken up to the limit and refused above it', (_what, fits, isAbove) => {
    expect(isTooLarge(record(fits))).toBe(false)
    expect(isTooLarge(record(isAbove))).toBe(true)
    expect(measureRecords([record('a'), record(fits)])).toEqual([5, recordBytes(record(fits))])
    expect(checkRecords([record('a'), record(fits)])).toBe(recordUnits(record('a')) + recordUnits(record(fits)))
    for (const check of [measureRecords, checkRecords])
      expect(() => check([record('a'), record(isAbove)])).toThrow(
        expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' }),
      )
  })

  test('is counted in bytes for cutting only where it could matter', () => {
    const records = [record('é'.repeat(10)), record('a')]
    expect(sizesToCutBy(records, 1000)).toEqual(records.map(recordUnits))
    expect(sizesToCutBy(records, 30)).toEqual(records.map(recordBytes))
    const large = record('x'.repeat(RECORD_BYTES_MAX))
    expect(() => sizesToCutBy([large], 1000)).toThrow(expect.objectContaining({ code: 'PAYLOAD_TOO_LARGE' }))
  })

  test('counts headers too: at most 20', () => {
    const headers = (count: number) => Object.fromEntries(Array.from({ length: count }, (_, i) => [`h${i}`, '']))
    for (const check of [measureRecords, checkRecords, (all: LogRecord[]) => sizesToCutBy(all, 10_000)]) {
      expect(() => check([record('', headers(20))])).not.toThrow()
      expect(() => check([record('', headers(21))])).toThrow(/21 headers/)
    }
  })
})
