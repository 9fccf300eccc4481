import { expect, test } from 'vitest'
import { createDigitIds } from './digit-ids.ts'

test('an id is 17 digits and gives its number back', () => {
  const ids = createDigitIds('2511111', 77)
  const seen = new Set<string>()
  for (const number of [...Array(2_000).keys(), 99_999, 100_000, 9_999_999]) {
    const id = ids.encode(number)
    expect(id).toMatch(/^\d{17}$/)
    expect(ids.decode(id)).toBe(number)
    seen.add(id)
  }
  expect(seen.size).toBe(2_003)
})

test('an id of another prefix, another length or with letters is nobody’s', () => {
  const ids = createDigitIds('2511111', 77)
  expect(ids.decode('25222220000000001')).toBeUndefined()
  expect(ids.decode('2511111')).toBeUndefined()
  expect(ids.decode('2511111abcdefghij')).toBeUndefined()
})
