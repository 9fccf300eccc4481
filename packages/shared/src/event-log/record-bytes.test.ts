import fc from 'fast-check'
import { expect, test } from 'vitest'
import { RECORD_BYTES_MAX } from './event-log.ts'
import { measureRecords, recordBytes } from './record-bytes.ts'

test('counts key, value and headers in UTF-8, whatever is in them', () => {
  const text = fc.oneof(fc.string({ maxLength: 130 }), fc.string({ unit: 'binary', maxLength: 130 }))
  const headers = fc.dictionary(fc.stringMatching(/^[a-z_]{1,10}$/), text, { maxKeys: 5 })
  fc.assert(
    fc.property(text, text, headers, (key, value, given) => {
      const inHeaders = Object.entries(given).map(([name, header]) => name.length + Buffer.byteLength(header))
      const bytes = inHeaders.reduce((sum, one) => sum + one, Buffer.byteLength(key) + Buffer.byteLength(value))
      expect(recordBytes({ key, value, headers: given })).toBe(bytes)
    }),
  )
})

test('refuses a record above the limit by a byte', () => {
  const record = (value: string) => ({ key: 'k', value, headers: { h: 'é' } })
  expect(measureRecords([record('x'.repeat(RECORD_BYTES_MAX - 4))])).toEqual([RECORD_BYTES_MAX])
  expect(() => measureRecords([record('x'.repeat(RECORD_BYTES_MAX - 3))])).toThrow(/bytes/)
})
