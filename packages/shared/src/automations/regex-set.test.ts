import { describe, expect, test } from 'vitest'
import { createRegexSet, REGEX_SIZE_MAX, regexSize } from './regex-set.ts'

const BOMBS = ['(a+)+$', '(a|a)*b', '(x+x+)+y', '(a|aa)+$', '^(([a-z])+.)+[A-Z]([a-z])+$', '(.*)*z', '(?:a?){30}a{30}']

describe('what makes other engines try for ever', () => {
  test.each(BOMBS)('%s ends', (pattern) => {
    const match = createRegexSet([pattern])
    // 2^1000 ways for an engine that goes back; this test ends at all because there is none.
    expect(match(`${'a'.repeat(999)}!`).length).toBeLessThanOrEqual(1)
    expect(match(`${'xa'.repeat(500)}`).length).toBeLessThanOrEqual(1)
  })

  test('all of them together end, too', () => {
    expect(createRegexSet(BOMBS)(`${'a'.repeat(999)}!`)).not.toContain(1)
  })
})

test.each([
  ['(a{100}){100}', 'is no regular expression'],
  ['(?=x)y', 'is no regular expression'],
  ['(a)\\1', 'is no regular expression'],
  ['(', 'is no regular expression'],
  ['\\p{L}{999}', `${REGEX_SIZE_MAX}`],
])('%s is refused: %s', (pattern, said) => {
  expect(regexSize(pattern)).toMatchObject({ problem: expect.stringContaining(said) })
})

test('patterns are told by their places', () => {
  expect(createRegexSet(['x', 'b+', '^a'])('abb')).toEqual([1, 2])
})
