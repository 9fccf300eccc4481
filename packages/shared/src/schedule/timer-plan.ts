import { hash } from 'node:crypto'
import type { PageRow } from '../store/repositories/rows.ts'
import type { TimerKind } from '../store/repositories/timer-rows.ts'
import type { CronTimes } from './cron-times.ts'
import { type PageSchedule, pageSchedule } from './page-schedule.ts'

/** How often a page's token and its webhooks are looked at. */
export interface CheckIntervals {
  readonly tokenMs: number
  readonly webhookMs: number
}

export type SyncKind = 'full_sync' | 'incremental_sync'

type PlannedPage = Pick<PageRow, 'id' | 'schedule' | 'settings'>

/** What a timer goes by, as text: a timer that was made by another plan is made anew. */
export function timerPlan(kind: TimerKind, page: PlannedPage, every: CheckIntervals): string {
  if (kind === 'token_check') return `every ${every.tokenMs}`
  if (kind === 'webhook_check') return `every ${every.webhookMs}`
  const schedule = pageSchedule(page)
  return `${patternOf(kind, schedule) ?? 'never'} in ${schedule.timezone}`
}

/** The timer's first run after `afterMs`; null: none. Each page has its own place within the time between two runs. */
export function nextRunMs(
  kind: TimerKind,
  page: PlannedPage,
  every: CheckIntervals,
  times: CronTimes,
  afterMs: number,
): number | null {
  if (kind === 'token_check') return nextEvery(every.tokenMs, placeOf(kind, page.id), afterMs)
  if (kind === 'webhook_check') return nextEvery(every.webhookMs, placeOf(kind, page.id), afterMs)
  return nextSyncMs(kind, page, times, afterMs)
}

/** The page's first scheduled sync of a kind after `afterMs`; null: none. */
export function nextSyncMs(kind: SyncKind, page: PlannedPage, times: CronTimes, afterMs: number): number | null {
  const schedule = pageSchedule(page)
  const pattern = patternOf(kind, schedule)
  return pattern === null ? null : times.nextMs(pattern, schedule.timezone, placeOf(kind, page.id), afterMs)
}

const patternOf = (kind: SyncKind, { full, incremental }: PageSchedule): string | null =>
  kind === 'full_sync' ? full : incremental

function nextEvery(intervalMs: number, fraction: number, afterMs: number): number {
  const firstMs = Math.floor(fraction * intervalMs)
  return firstMs + (Math.floor((afterMs - firstMs) / intervalMs) + 1) * intervalMs
}

/** In [0, 1), always the same for a page and kind, and spread evenly over the pages. */
export function placeOf(kind: TimerKind, pageId: number): number {
  return Number.parseInt(hash('sha256', `${kind} ${pageId}`, 'hex').slice(0, 8), 16) / 2 ** 32
}
