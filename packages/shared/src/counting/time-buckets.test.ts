import fc from 'fast-check'
import { expect, test } from 'vitest'
import { collectDeltas } from './counts.ts'
import { addToHour } from './row-counts.ts'
import { DAY_MS, dayOf, daysBetween, HOUR_MS, hoursOf, seriesOf, within } from './time-buckets.ts'

const NOW = Date.UTC(2026, 0, 20, 12)

/** The documents as they are stored, of one page. */
function daysOf(times: readonly number[]) {
  const sink = collectDeltas()
  for (const ms of times) addToHour(sink, { id: 1, tenant_id: 't' }, 'things', 1, ms, NOW)
  return Object.entries(sink.deltas)
    .filter(([key]) => key.startsWith('1/'))
    .map(([key, counts]) => ({ day_ms: Date.parse(`${key.slice(2)}T00:00:00Z`), counts }))
}

test('hours and days hold every thing once, whatever the step', () => {
  const time = fc.integer({ min: NOW - 20 * DAY_MS, max: NOW })
  fc.assert(
    fc.property(fc.array(time, { maxLength: 100 }), fc.constantFrom(HOUR_MS, DAY_MS), (times, stepMs) => {
      const fromMs = NOW - 10 * DAY_MS
      const series = seriesOf(hoursOf(daysOf(times)), { fromMs, toMs: NOW, stepMs })
      const firstMs = Math.floor(fromMs / stepMs) * stepMs
      for (const { atMs, counts } of series)
        expect(counts.things ?? 0).toBe(times.filter((ms) => ms >= atMs && ms < atMs + stepMs).length)
      expect(series[0]?.atMs).toBe(firstMs)
    }),
  )
})

test('a window takes whole hours', () => {
  const hours = hoursOf(daysOf([NOW - 25 * HOUR_MS, NOW - 23 * HOUR_MS, NOW - 1, NOW]))
  expect(within(hours, NOW - 24 * HOUR_MS, NOW + 1)).toEqual({ things: 3 })
})

test('the days of a time are those that it touches', () => {
  expect(daysBetween(Date.UTC(2026, 0, 1, 23), Date.UTC(2026, 0, 3))).toEqual(['2026-01-01', '2026-01-02'])
  expect(dayOf(NOW)).toBe('2026-01-20')
})

test('first and last times of several hours are the first and the last', () => {
  const days = [
    { day_ms: 0, counts: { '00/first_run_ms': 5, '00/last_run_ms': 9, '01/first_run_ms': 7, '01/last_run_ms': 20 } },
  ]
  expect(within(hoursOf(days), 0, DAY_MS)).toEqual({ first_run_ms: 5, last_run_ms: 20 })
})
