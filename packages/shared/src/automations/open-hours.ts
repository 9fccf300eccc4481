import type { WallTime } from './wall-clock.ts'
import { type HoursRange, WEEKDAYS, type WeekHours } from './week-hours.ts'

const DAY_MINUTES = 1_440
const DAY_MS = 86_400_000
const WEEK_MINUTES = 7 * DAY_MINUTES
/** 1970-01-01 was a Thursday. */
const WEEKDAY_OF_DAY_0 = WEEKDAYS.indexOf('thu')

interface Span {
  readonly from: number
  /** Above `DAY_MINUTES` where it ends on the next day. */
  readonly to: number
}

/**
 * Tells whether a time is within the hours. On a holiday (local date, `2026-12-25`) no hours begin; those that began the
 * evening before last until their end.
 */
export function createOpenHours(week: WeekHours, holidays: readonly string[]): (at: WallTime) => boolean {
  const days = WEEKDAYS.map((name) => (week[name] ?? []).map(toSpan))
  const closed = new Set(holidays.map((date) => Date.parse(`${date}T00:00:00Z`) / DAY_MS))
  const beginsOn = (day: number) => (closed.has(day) ? [] : days[weekdayIndex(day)]!)
  return ({ day, minuteOfDay }) =>
    beginsOn(day).some(({ from, to }) => from <= minuteOfDay && minuteOfDay < to) ||
    beginsOn(day - 1).some(({ to }) => minuteOfDay + DAY_MINUTES < to)
}

function weekdayIndex(day: number): number {
  return (((day + WEEKDAY_OF_DAY_0) % 7) + 7) % 7
}

/** The second of two ranges that overlap, as a JSON pointer within the hours; null where none do. */
export function overlappingHours(week: WeekHours): string | null {
  const spans = WEEKDAYS.flatMap((name, index) =>
    (week[name] ?? []).map((range, i) => {
      const { from, to } = toSpan(range)
      return { path: `/${name}/${i}`, from: from + index * DAY_MINUTES, to: to + index * DAY_MINUTES }
    }),
  ).sort((a, b) => a.from - b.from)
  for (const [i, span] of spans.entries()) {
    const next = spans[i + 1]
    if (next && next.from < span.to) return next.path
  }
  // The last of the week may reach into the next week's beginning.
  const [first] = spans
  const last = spans.at(-1)
  return first && last && first !== last && first.from + WEEK_MINUTES < last.to ? first.path : null
}

function toSpan([from, to]: HoursRange): Span {
  const start = minuteOf(from)
  const end = minuteOf(to)
  return { from: start, to: end > start ? end : end + DAY_MINUTES }
}

function minuteOf(time: string): number {
  return Number(time.slice(0, 2)) * 60 + Number(time.slice(3, 5))
}

/** Written as a date, and there is such a day. */
export function isDate(date: string): boolean {
  const ms = Date.parse(`${date}T00:00:00Z`)
  return Number.isFinite(ms) && new Date(ms).toISOString().startsWith(date)
}
