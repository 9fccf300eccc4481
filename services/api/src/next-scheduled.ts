import type { CronTimes } from '@pagesync/shared/schedule/cron-times.ts'
import { nextSyncMs } from '@pagesync/shared/schedule/timer-plan.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'

/** When the page is synced next by itself; null: not at all, since that is turned off or the page must be connected first. */
export function nextScheduledMs(page: PageRow, times: CronTimes, nowMs: number): number | null {
  const { full, incremental } = nextSyncs(page, times, nowMs)
  if (full === null || incremental === null) return full ?? incremental
  return Math.min(full, incremental)
}

export function nextSyncs(
  page: PageRow,
  times: CronTimes,
  nowMs: number,
): { readonly full: number | null; readonly incremental: number | null } {
  if (page.status !== 'active') return { full: null, incremental: null }
  return {
    full: nextSyncMs('full_sync', page, times, nowMs),
    incremental: nextSyncMs('incremental_sync', page, times, nowMs),
  }
}
