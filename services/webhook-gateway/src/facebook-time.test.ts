import { expect, test } from 'vitest'
import { facebookTimeMs } from './facebook-time.ts'

test.each([
  ['milliseconds', 1767868199876, 1767868199876],
  ['seconds', 1767868199, 1767868199000],
  ['quoted milliseconds', '1767868199876', 1767868199876],
  ['quoted seconds', '1767868199', 1767868199000],
  ['old seconds of a recorded payload', 12341, 12341000],
])('reads %s', (_what, written, ms) => {
  expect(facebookTimeMs(written)).toBe(ms)
})

test.each([
  undefined,
  null,
  0,
  -1,
  1.5,
  Number.NaN,
  Number.POSITIVE_INFINITY,
  1e300,
  8_640_000_000_000_001,
  '',
  'now',
  '-5',
  '12345678901234567',
  true,
  [],
  {},
])('takes %j for no time', (written) => {
  expect(facebookTimeMs(written)).toBeNull()
})
