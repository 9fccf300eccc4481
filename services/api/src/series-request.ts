import { DAY_MS, HOUR_MS } from '@pagesync/shared/counting/time-buckets.ts'
import { AppError } from '@pagesync/shared/errors/app-error.ts'

/** As long as days are kept; hours for a month. */
const STEPS = {
  hour: { stepMs: HOUR_MS, longestMs: 31 * DAY_MS, defaultMs: DAY_MS, say: '31 days' },
  day: { stepMs: DAY_MS, longestMs: 400 * DAY_MS, defaultMs: 30 * DAY_MS, say: '400 days' },
} as const
export type Step = keyof typeof STEPS
/** Documents that one request may read: a key for many pages asks for less at once. */
const DAYS_READ_MAX = 20_000

export interface SeriesTime {
  readonly fromMs: number
  readonly toMs: number
  readonly stepMs: number
}

/**
 * The whole steps that a request is about. `pages`: how many pages' days must be read.
 *
 * @throws AppError VALIDATION_FAILED naming `from` or `to`
 */
export function seriesTime(
  query: { readonly step: Step; readonly from?: string; readonly to?: string },
  pages: number,
  nowMs: number,
): SeriesTime {
  const { stepMs, longestMs, defaultMs, say } = STEPS[query.step]
  const toMs = query.to === undefined ? nowMs : timeOf('to', query.to)
  const fromMs = query.from === undefined ? toMs - defaultMs : timeOf('from', query.from)
  if (fromMs >= toMs) throw wrong('from', 'must lie before `to`')
  if (toMs - fromMs > longestMs) throw wrong('from', `at most ${say} before \`to\` by the ${query.step}`)
  if (((toMs - fromMs) / DAY_MS + 2) * pages > DAYS_READ_MAX) throw wrong('from', `too long for ${pages} pages at once`)
  return { fromMs: Math.floor(fromMs / stepMs) * stepMs, toMs: Math.ceil(toMs / stepMs) * stepMs, stepMs }
}

function timeOf(name: string, text: string): number {
  const ms = Date.parse(text)
  if (Number.isNaN(ms) || ms < 0) throw wrong(name, 'must be a time such as 2026-01-08T10:30:00Z')
  return ms
}

function wrong(name: string, message: string): AppError {
  return new AppError('VALIDATION_FAILED', `${name} ${message}`, { problems: [{ path: `/query/${name}`, message }] })
}
