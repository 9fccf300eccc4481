import type { PageRow } from '../store/repositories/rows.ts'
import { type PageTimerRow, TIMER_KINDS, type TimerKind, timerKey } from '../store/repositories/timer-rows.ts'
import type { CronTimes } from './cron-times.ts'
import { type CheckIntervals, nextRunMs, timerPlan } from './timer-plan.ts'

export interface ArmedTimers {
  readonly fresh: readonly Omit<PageTimerRow, 'rev'>[]
  readonly changed: readonly PageTimerRow[]
}

/**
 * What the page's timers should be, where they are not: missing ones, those of another plan, and those that rest
 * although the page can be worked for again (a run missed meanwhile is then overdue, and is made once). Pure.
 */
export function armTimers(
  page: PageRow,
  stored: readonly PageTimerRow[],
  { every, times, nowMs }: { readonly every: CheckIntervals; readonly times: CronTimes; readonly nowMs: number },
): ArmedTimers {
  const fresh: Omit<PageTimerRow, 'rev'>[] = []
  const changed: PageTimerRow[] = []
  for (const kind of TIMER_KINDS) {
    if (!mayRun(kind, page)) continue
    const plan = timerPlan(kind, page, every)
    const row = stored.find((timer) => timer.kind === kind)
    const planned = (): Pick<PageTimerRow, 'plan' | 'run_ms' | 'due_ms'> => {
      const runMs = isUnknown(kind, page) ? nowMs : nextRunMs(kind, page, every, times, nowMs)
      return { plan, run_ms: runMs, due_ms: runMs }
    }
    if (!row) fresh.push({ ...identity(kind, page), ...planned() })
    else if (row.plan !== plan) changed.push({ ...row, ...planned() })
    else if (row.due_ms === null && row.run_ms !== null) changed.push({ ...row, due_ms: row.run_ms })
  }
  return { fresh, changed }
}

/** While the token is dead, only whether it still is. */
export function mayRun(kind: TimerKind, { status }: Pick<PageRow, 'status'>): boolean {
  return status === 'active' || (status === 'reauth_required' && kind === 'token_check')
}

/** Nobody has looked yet whether Facebook sends us its events. */
const isUnknown = (kind: TimerKind, page: PageRow): boolean =>
  kind === 'webhook_check' && page.webhook_subscribed === null

const identity = (kind: TimerKind, page: PageRow) => ({
  _id: timerKey(page.id, kind),
  page_id: page.id,
  page_key: page._id,
  tenant_id: page.tenant_id,
  kind,
})
