import fc from 'fast-check'
import { expect, test } from 'vitest'
import { bucketOf, histogramIn, percentileSeconds } from './durations.ts'

const DAY_MS = 86_400_000

function histogramOf(durations: readonly number[]) {
  const counts: Record<string, number> = {}
  for (const ms of durations) counts[`x${bucketOf(ms)}`] = (counts[`x${bucketOf(ms)}`] ?? 0) + 1
  return histogramIn(counts, 'x')
}

test('a percentile differs from that of the sorted durations by 9 % at most', () => {
  const durations = fc.array(fc.integer({ min: 1_000, max: 40 * DAY_MS }), { minLength: 1, maxLength: 200 })
  fc.assert(
    fc.property(durations, fc.constantFrom(0.5, 0.9, 0.99, 1), (list, share) => {
      const exact = list.toSorted((a, b) => a - b)[Math.max(1, Math.ceil(share * list.length)) - 1] as number
      const seconds = percentileSeconds(histogramOf(list), share) as number
      expect(Math.abs(seconds / (exact / 1_000) - 1)).toBeLessThan(0.095)
    }),
  )
})

test('a longer duration never lies in a lower bucket', () => {
  const duration = fc.double({ min: 0, max: 400 * DAY_MS, noNaN: true })
  fc.assert(
    fc.property(duration, duration, (a, b) => {
      expect(bucketOf(Math.min(a, b))).toBeLessThanOrEqual(bucketOf(Math.max(a, b)))
    }),
  )
})

test('knows the middle and the tenth part of a hundred answers', () => {
  const list = Array.from({ length: 100 }, (_, i) => (i < 89 ? 60_000 : 3_600_000))
  expect(percentileSeconds(histogramOf(list), 0.5)).toBeCloseTo(60, -1)
  expect(percentileSeconds(histogramOf(list), 0.9)! / 3_600).toBeCloseTo(1, 0)
  expect(percentileSeconds(histogramOf([]), 0.5)).toBeNull()
})
