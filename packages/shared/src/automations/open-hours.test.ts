import { describe, expect, test } from 'vitest'
import { createOpenHours, isDate, overlappingHours } from './open-hours.ts'
import { createWallClock, isTimeZone } from './wall-clock.ts'
import type { WeekHours } from './week-hours.ts'

function openAt(instant: string, zone: string, week: WeekHours, holidays: string[] = []): boolean {
  return createOpenHours(week, holidays)(createWallClock(zone)(Date.parse(instant)))
}
const OFFICE: WeekHours = {
  mon: [
    ['09:00', '12:00'],
    ['13:00', '17:00'],
  ],
  fri: [['22:00', '02:00']],
}
// 2026-11-23 is a Monday.
const KH = 'Asia/Phnom_Penh'

describe('within a day', () => {
  test.each([
    ['2026-11-23T08:59:59+07:00', false],
    ['2026-11-23T09:00:00+07:00', true],
    ['2026-11-23T11:59:59+07:00', true],
    ['2026-11-23T12:00:00+07:00', false],
    ['2026-11-23T16:59:59+07:00', true],
    ['2026-11-24T10:00:00+07:00', false],
  ])('%s is %j', (instant, expected) => {
    expect(openAt(instant, KH, OFFICE)).toBe(expected)
  })
  test('the zone says which day it is', () => {
    expect(openAt('2026-11-23T02:30:00Z', KH, OFFICE)).toBe(true)
    expect(openAt('2026-11-23T02:30:00Z', 'America/New_York', OFFICE)).toBe(false)
  })
  test('24:00 is the end of the day', () => {
    expect(openAt('2026-11-23T23:59:59+07:00', KH, { mon: [['00:00', '24:00']] })).toBe(true)
    expect(openAt('2026-11-24T00:00:00+07:00', KH, { mon: [['00:00', '24:00']] })).toBe(false)
  })
})

describe('across midnight', () => {
  test.each([
    ['2026-11-27T21:59:00+07:00', false],
    ['2026-11-27T23:00:00+07:00', true],
    ['2026-11-28T01:59:00+07:00', true],
    ['2026-11-28T02:00:00+07:00', false],
    ['2026-11-27T01:00:00+07:00', false],
  ])('%s is %j', (instant, expected) => {
    expect(openAt(instant, KH, OFFICE)).toBe(expected)
  })
  test('from Sunday into Monday', () => {
    expect(openAt('2026-11-23T01:00:00+07:00', KH, { sun: [['22:00', '02:00']] })).toBe(true)
  })
})

describe('holidays', () => {
  test('no hours begin on one, those of the evening before go on', () => {
    expect(openAt('2026-11-23T10:00:00+07:00', KH, OFFICE, ['2026-11-23'])).toBe(false)
    expect(openAt('2026-11-28T01:00:00+07:00', KH, OFFICE, ['2026-11-28'])).toBe(true)
    expect(openAt('2026-11-28T01:00:00+07:00', KH, OFFICE, ['2026-11-27'])).toBe(false)
  })
})

describe('daylight saving', () => {
  const NIGHT: WeekHours = { sun: [['01:30', '02:30']] }
  test('in spring there is no 02:15: hours end when the clock jumps', () => {
    // New York, 2026-03-08: 01:59:59 EST is followed by 03:00 EDT.
    expect(openAt('2026-03-08T06:45:00Z', 'America/New_York', NIGHT)).toBe(true)
    expect(openAt('2026-03-08T07:00:00Z', 'America/New_York', NIGHT)).toBe(false)
  })
  test('in autumn the hour comes twice, and is open twice', () => {
    // 2026-11-01: 01:45 EDT and, an hour later, 01:45 EST.
    expect(openAt('2026-11-01T05:45:00Z', 'America/New_York', NIGHT)).toBe(true)
    expect(openAt('2026-11-01T06:15:00Z', 'America/New_York', NIGHT)).toBe(false)
    expect(openAt('2026-11-01T06:45:00Z', 'America/New_York', NIGHT)).toBe(true)
  })
  test('nine o’clock stays nine o’clock', () => {
    expect(openAt('2026-07-06T07:00:00Z', 'Europe/Berlin', OFFICE)).toBe(true)
    expect(openAt('2026-11-23T07:30:00Z', 'Europe/Berlin', OFFICE)).toBe(false)
    expect(openAt('2026-11-23T08:00:00Z', 'Europe/Berlin', OFFICE)).toBe(true)
  })
  test('where clocks change by half an hour, or a day was skipped', () => {
    // Lord Howe, 2026-10-04: 02:00 becomes 02:30. Samoa had no 2011-12-30.
    expect(createWallClock('Australia/Lord_Howe')(Date.parse('2026-10-03T15:30:00Z')).minuteOfDay).toBe(150)
    const samoa = createWallClock('Pacific/Apia')
    const before = samoa(Date.parse('2011-12-30T09:59:00Z'))
    expect(samoa(Date.parse('2011-12-30T10:00:00Z')).day - before.day).toBe(2)
  })
})

test.each(['Asia/Phnom_Penh', 'America/New_York', 'Asia/Kathmandu', 'Australia/Lord_Howe', 'America/St_Johns', 'UTC'])(
  'the clock in %s shows what the platform’s shows, through a year of quarter hours',
  (zone) => {
    const clock = createWallClock(zone)
    const format = new Intl.DateTimeFormat('en-GB', {
      timeZone: zone,
      hour: '2-digit',
      minute: '2-digit',
      day: '2-digit',
    })
    for (let at = Date.UTC(2026, 0, 1, 0, 7); at < Date.UTC(2027, 0, 1); at += 137 * 60_000) {
      const { day, minuteOfDay } = clock(at)
      const date = new Date(day * 86_400_000 + minuteOfDay * 60_000)
      const two = (value: number) => String(value).padStart(2, '0')
      expect(format.format(at)).toBe(
        `${two(date.getUTCDate())}, ${two(date.getUTCHours())}:${two(date.getUTCMinutes())}`,
      )
    }
  },
)

describe('hours that overlap', () => {
  test.each<[WeekHours, string | null]>([
    [OFFICE, null],
    [
      {
        mon: [
          ['09:00', '12:00'],
          ['11:00', '13:00'],
        ],
      },
      '/mon/1',
    ],
    [{ mon: [['22:00', '02:00']], tue: [['01:00', '03:00']] }, '/tue/0'],
    [{ sun: [['22:00', '02:00']], mon: [['01:00', '03:00']] }, '/mon/0'],
    [
      {
        mon: [
          ['09:00', '12:00'],
          ['12:00', '13:00'],
        ],
      },
      null,
    ],
    [{ mon: [['00:00', '00:00']], tue: [['00:00', '00:00']] }, null],
  ])('%j: %j', (week, path) => {
    expect(overlappingHours(week)).toBe(path)
  })
})

test('dates and zones that there are not', () => {
  expect([isDate('2026-02-28'), isDate('2026-02-29'), isDate('2028-02-29')]).toEqual([true, false, true])
  expect([isTimeZone('Asia/Phnom_Penh'), isTimeZone('Asia/Atlantis')]).toEqual([true, false])
})
