import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { graphTime } from './select-fields.ts'

test('times are written as Facebook writes them', () => {
  expect(graphTime(Date.UTC(2021, 6, 23, 9, 28, 50, 999))).toBe('2021-07-23T09:28:50+0000')
  fc.assert(
    fc.property(fc.date({ min: new Date('1970-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }), (date) => {
      expect(graphTime(date.getTime())).toBe(`${date.toISOString().slice(0, 19)}+0000`)
    }),
  )
})
