import type { Counts } from '@pagesync/shared/counting/counts.ts'
import { HOUR_MS, hoursOf, within } from '@pagesync/shared/counting/time-buckets.ts'
import type { StatisticsRow } from '@pagesync/shared/store/repositories/statistics-rows.ts'
import { type Static, Type } from '@sinclair/typebox'
import { nullable } from './shapes.ts'

export const SyncFrequency = Type.Object(
  {
    runs_24h: Type.Integer(),
    runs_7d: Type.Integer(),
    average_interval_seconds: nullable(Type.Integer()),
    average_duration_ms: nullable(Type.Integer()),
    success_rate: nullable(Type.Number({ description: '0…1; a run of which some part failed did not succeed' })),
    items_changed_24h: Type.Integer(),
  },
  {
    description:
      'Syncs of every kind that ended; averages and the rate are of 7 days. Counted by whole hours: the hour that runs and the 23 (167) before it. May lack a run that ended in the moment of a crash',
  },
)
export type SyncFrequency = Static<typeof SyncFrequency>

/** The hour that runs and those before it, as far back as `hours` says. */
export const windowOf = (nowMs: number, hours: number): { readonly fromMs: number; readonly toMs: number } => {
  const toMs = (Math.floor(nowMs / HOUR_MS) + 1) * HOUR_MS
  return { fromMs: toMs - hours * HOUR_MS, toMs }
}
export const DAY_HOURS = 24
export const WEEK_HOURS = 168

export interface Windows {
  readonly day: Counts
  readonly week: Counts
}

export function windowsOf(days: readonly StatisticsRow[], nowMs: number): Windows {
  const hours = hoursOf(days)
  const [day, week] = [windowOf(nowMs, DAY_HOURS), windowOf(nowMs, WEEK_HOURS)]
  return { day: within(hours, day.fromMs, day.toMs), week: within(hours, week.fromMs, week.toMs) }
}

export function syncFrequency({ day, week }: Windows): SyncFrequency {
  const runs = week.sync_runs ?? 0
  const spanMs = (week.last_run_ms ?? 0) - (week.first_run_ms ?? 0)
  return {
    runs_24h: day.sync_runs ?? 0,
    runs_7d: runs,
    average_interval_seconds: runs < 2 ? null : Math.round(spanMs / (runs - 1) / 1000),
    average_duration_ms: runs === 0 ? null : Math.round((week.sync_duration_ms ?? 0) / runs),
    success_rate: runs === 0 ? null : (runs - (week.sync_failures ?? 0)) / runs,
    items_changed_24h: day.items_changed ?? 0,
  }
}
