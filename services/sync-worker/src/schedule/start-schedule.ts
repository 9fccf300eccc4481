import { createCronTimes } from '@pagesync/shared/schedule/cron-times.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { createPageTimers } from '@pagesync/shared/store/repositories/page-timers.ts'
import type { WorkerConfig } from '../config.ts'
import { createScheduler, type Scheduler } from './create-scheduler.ts'
import type { TimerDeps } from './run-due-timers.ts'

export type ScheduleConfig = Partial<Pick<WorkerConfig, 'SCHEDULES' | 'WEBHOOK_CHECK_HOURS' | 'WEBHOOK_SILENCE_HOURS'>>

const HOUR_MS = 3_600_000
const TOKEN_CHECK_MS = 24 * HOUR_MS

/** Undefined where this worker is to start nothing by itself: then others do. */
export function startSchedule(
  { SCHEDULES = 'off', WEBHOOK_CHECK_HOURS = 6, WEBHOOK_SILENCE_HOURS = 24 }: ScheduleConfig,
  deps: Omit<TimerDeps, 'timers' | 'every' | 'silenceMs' | 'times'> & { readonly store: Store },
): Scheduler | undefined {
  if (SCHEDULES === 'off') return undefined
  return createScheduler({
    ...deps,
    timers: createPageTimers(deps.store),
    every: { tokenMs: TOKEN_CHECK_MS, webhookMs: WEBHOOK_CHECK_HOURS * HOUR_MS },
    silenceMs: WEBHOOK_SILENCE_HOURS * HOUR_MS,
    times: createCronTimes(),
  })
}
