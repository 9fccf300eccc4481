import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import { isTimeZone } from '../automations/wall-clock.ts'
import { createCronTimes, cronProblem } from './cron-times.ts'

const times = createCronTimes()
const ms = (time: string): number => Date.parse(time)
const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

function runs(pattern: string, timezone: string, from: string, to: string, fraction = 0): string[] {
  const found: string[] = []
  for (let at: number | null = ms(from); ; ) {
    at = times.nextMs(pattern, timezone, fraction, at)
    if (at === null || at >= ms(to)) return found
    found.push(new Date(at).toISOString().replace(':00.000Z', 'Z'))
  }
}

describe('the runs of a pattern', () => {
  it('are in the time zone, with the hour that its clock shows', () => {
    expect(runs('0 2 * * *', 'Asia/Phnom_Penh', '2026-11-25T00:00Z', '2026-11-27T00:00Z')).toEqual([
      '2026-11-25T19:00Z',
      '2026-11-26T19:00Z',
    ])
  })

  it('at 02:00 that does not exist are made once, when the clock is past it', () => {
    // Berlin goes from 02:00 to 03:00, New York too; both are at 03:00 then.
    expect(runs('0 2 * * *', 'Europe/Berlin', '2026-03-28T12:00Z', '2026-03-30T12:00Z')).toEqual([
      '2026-03-29T01:00Z',
      '2026-03-30T00:00Z',
    ])
    expect(runs('30 2 * * *', 'America/New_York', '2026-03-07T12:00Z', '2026-03-09T12:00Z')).toEqual([
      '2026-03-08T07:00Z',
      '2026-03-09T06:30Z',
    ])
  })

  it('at a time that exists twice are made once, the first time', () => {
    expect(runs('0 2 * * *', 'Europe/Berlin', '2026-10-24T12:00Z', '2026-10-26T12:00Z')).toEqual([
      '2026-10-25T00:00Z',
      '2026-10-26T01:00Z',
    ])
    expect(runs('30 1 * * *', 'America/New_York', '2026-10-31T12:00Z', '2026-11-02T12:00Z')).toEqual([
      '2026-11-01T05:30Z',
      '2026-11-02T06:30Z',
    ])
    // Asked in the middle of the repeated hour: its run has been.
    expect(times.nextMs('30 1 * * *', 'America/New_York', 0, ms('2026-11-01T06:10Z'))).toBe(ms('2026-11-02T06:30Z'))
  })

  it('every 15 minutes go on through a repeated and over a missing hour', () => {
    const long = runs('*/15 * * * *', 'Europe/Berlin', '2026-10-24T22:00Z', '2026-10-25T23:00Z')
    expect(long).toHaveLength(25 * 4 - 1)
    const short = runs('*/15 * * * *', 'Europe/Berlin', '2026-03-28T23:00Z', '2026-03-29T22:00Z')
    expect(short).toHaveLength(23 * 4 - 1)
    expect(new Set(short.map((time, i) => (i === 0 ? 900_000 : ms(time) - ms(short[i - 1] ?? ''))))).toEqual(
      new Set([900_000]),
    )
  })

  it('are later by a share of the time between two of them, and of an hour at most', () => {
    expect(runs('*/15 * * * *', 'UTC', '2026-01-05T00:00Z', '2026-01-05T00:30Z', 0.5)).toEqual([
      '2026-01-05T00:07:30.000Z',
      '2026-01-05T00:22:30.000Z',
    ])
    expect(runs('0 2 * * *', 'UTC', '2026-01-05T00:00Z', '2026-01-06T00:00Z', 0.5)).toEqual(['2026-01-05T02:30Z'])
    // Between now and its own place: the run of today is still to come.
    expect(times.nextMs('0 2 * * *', 'UTC', 0.5, ms('2026-01-05T02:10Z'))).toBe(ms('2026-01-05T02:30Z'))
  })

  it('of a day come once a day, at their local time but for the days on which the clock changes', () => {
    const zones = ['Europe/Berlin', 'America/New_York', 'Australia/Lord_Howe', 'Asia/Phnom_Penh', 'America/Santiago']
    fc.assert(
      fc.property(
        fc.constantFrom(...zones),
        fc.integer({ min: 0, max: 23 }),
        fc.integer({ min: 0, max: 59 }),
        fc.integer({ min: ms('2026-01-01T00:00Z'), max: ms('2028-01-01T00:00Z') }),
        fc.double({ min: 0, max: 0.999, noNaN: true }),
        (timezone, hour, minute, fromMs, fraction) => {
          const pattern = `${minute} ${hour} * * *`
          let before = times.nextMs(pattern, timezone, fraction, fromMs) ?? 0
          expect(before).toBeGreaterThan(fromMs)
          expect(before - fromMs).toBeLessThanOrEqual(DAY_MS + 2 * HOUR_MS)
          const later = Math.floor((fraction * HOUR_MS) / 1_000) * 1_000
          for (let day = 0; day < 5; day++) {
            const next = times.nextMs(pattern, timezone, fraction, before) ?? 0
            expect(Math.abs(next - before - DAY_MS)).toBeLessThanOrEqual(HOUR_MS)
            // Asked at any moment in between, it is the same run.
            expect(times.nextMs(pattern, timezone, fraction, before + (next - before) / 2)).toBe(next)
            expect(localDay(next - later, timezone)).not.toBe(localDay(before - later, timezone))
            before = next
          }
        },
      ),
      { numRuns: 150 },
    )
  })
})

function localDay(atMs: number, timeZone: string): string {
  return new Intl.DateTimeFormat('en-CA', { timeZone, dateStyle: 'short' }).format(atMs)
}

describe('a pattern', () => {
  it.each(['0 2 * * *', '*/15 * * * *', '  0   2 * * 1-5 ', '0 2 L * *', '0 0 29 2 *', '0 8 * * MON'])(
    '%j is right',
    (pattern) => {
      expect(cronProblem(pattern)).toBeNull()
    },
  )

  it.each([
    '',
    '* * * *',
    '* * * * * *',
    '*/5 * * * * *',
    '0 0 2 * * * *',
    '61 * * * *',
    'nonsense of five words here',
    '0 0 30 2 *',
    '2026-01-01T00:00:00',
    '@daily',
    `${'1,'.repeat(200)}2 * * * *`,
  ])('%j is wrong', (pattern) => {
    expect(cronProblem(pattern)).toEqual(expect.any(String))
  })

  it('that is wrong, or in a zone that is not there, has no runs', () => {
    expect(times.nextMs('61 * * * *', 'UTC', 0, 0)).toBeNull()
    expect(times.nextMs('0 2 * * *', 'Mars/Base', 0, 0)).toBeNull()
    expect([isTimeZone('Asia/Phnom_Penh'), isTimeZone('UTC')]).toEqual([true, true])
    expect([isTimeZone('Mars/Base'), isTimeZone(''), isTimeZone('+07:00')]).toEqual([false, false, false])
  })
})
