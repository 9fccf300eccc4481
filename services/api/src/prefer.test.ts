import { expect, it } from 'vitest'
import { readPrefer } from './prefer.ts'

const DEFAULT_MS = 25_000
const DEFAULT = { waitMs: DEFAULT_MS, applied: null }

it.each([
  ['respond-async', { waitMs: 0, applied: 'respond-async' }],
  ['Respond-Async', { waitMs: 0, applied: 'respond-async' }],
  ['wait=10', { waitMs: 10_000, applied: 'wait=10' }],
  ['wait = "7"', { waitMs: 7_000, applied: 'wait=7' }],
  ['respond-async, wait=3', { waitMs: 3_000, applied: 'respond-async, wait=3' }],
  ['return=minimal, wait=5; foo=bar', { waitMs: 5_000, applied: 'wait=5' }],
])('applies %j', (header, expected) => {
  expect(readPrefer(header, DEFAULT_MS)).toEqual(expected)
})

it('keeps a wait between 1 and 60 seconds, and says what it took', () => {
  expect(readPrefer('wait=0', DEFAULT_MS)).toEqual({ waitMs: 1_000, applied: 'wait=1' })
  expect(readPrefer('wait=3600', DEFAULT_MS)).toEqual({ waitMs: 60_000, applied: 'wait=60' })
})

it.each([undefined, '', 'wait', 'wait=', 'wait=-1', 'wait=1.5', 'wait=abc', 'handling=lenient', ',,;='])(
  'treats %j as no preference',
  (header) => {
    expect(readPrefer(header, DEFAULT_MS)).toEqual(DEFAULT)
  },
)
