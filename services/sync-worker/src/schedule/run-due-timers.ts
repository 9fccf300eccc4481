import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import { mayRun } from '@pagesync/shared/schedule/arm-timers.ts'
import type { CronTimes } from '@pagesync/shared/schedule/cron-times.ts'
import { type CheckIntervals, nextRunMs, timerPlan } from '@pagesync/shared/schedule/timer-plan.ts'
import type { PageTimers } from '@pagesync/shared/store/repositories/page-timers.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { PageTimerRow } from '@pagesync/shared/store/repositories/timer-rows.ts'
import { type SubmitDeps, submitOwn } from '../commands/submit-own.ts'
import { commandOfTimer } from './command-of-timer.ts'
import { webhookLook } from './webhook-look.ts'

export interface TimerDeps extends SubmitDeps {
  readonly timers: PageTimers
  readonly pages: Pick<Pages, 'lastEventMs'>
  readonly every: CheckIntervals
  /** A page that had events and has had none for so long is looked at. */
  readonly silenceMs: number
  readonly times: CronTimes
  readonly logger: Logger
  /** There is something to do for this page. */
  readonly wake: (pageId: number) => void
}

const TIMERS_AT_ONCE = 50
const ROUNDS_MAX = 50
const AGAIN_AFTER_MS = 60_000

/**
 * Starts what is due, and says when each comes next; a run that was missed, however often, is made once. The command
 * comes first and the timer after it: whoever repeats this after a crash finds the command by its id.
 */
export async function runDueTimers(deps: TimerDeps, signal: AbortSignal): Promise<number> {
  let looked = 0
  for (let round = 0; round < ROUNDS_MAX && !signal.aborted; round++) {
    const due = await deps.timers.due(deps.clock.now(), TIMERS_AT_ONCE)
    if (due.length === 0) break
    looked += due.length
    const pages = await deps.timers.pagesOf(due)
    const next = await Promise.all(due.map((timer) => fireSafely(timer, pages.get(timer.page_key), deps)))
    await deps.timers.write([], next)
    if (due.length < TIMERS_AT_ONCE) break
  }
  return looked
}

/** One timer that fails holds up no other. */
async function fireSafely(timer: PageTimerRow, page: PageRow | undefined, deps: TimerDeps): Promise<PageTimerRow> {
  try {
    return await fire(timer, page, deps)
  } catch (err) {
    deps.logger.warn({ err, page_id: timer.page_id, timer: timer.kind }, 'timer could not be run')
    return { ...timer, due_ms: deps.clock.now() + AGAIN_AFTER_MS }
  }
}

/** The timer as it stands after it was looked at. */
async function fire(timer: PageTimerRow, page: PageRow | undefined, deps: TimerDeps): Promise<PageTimerRow> {
  // No plan: the page's next connection begins anew.
  if (!page || page.status === 'disconnected') return { ...timer, plan: '', run_ms: null, due_ms: null }
  // Rests, with its run kept: it is made once when the page can be worked for again.
  if (!mayRun(timer.kind, page)) return { ...timer, due_ms: null }
  const now = deps.clock.now()
  const plan = timerPlan(timer.kind, page, deps.every)
  const plannedMs = nextRunMs(timer.kind, page, deps.every, deps.times, now)
  // Its pattern was changed after it was set.
  if (timer.plan !== plan) return { ...timer, plan, run_ms: plannedMs, due_ms: plannedMs }
  // Looked at before its time: the schedule was written, and is what it was.
  if (timer.run_ms === null || timer.run_ms > now) return { ...timer, due_ms: timer.run_ms }
  const { check, nextMs } = await look(timer, page, plannedMs, deps)
  if (check) {
    const row = await submitOwn(commandOfTimer(timer, timer.run_ms, page, now), deps)
    deps.wake(row.page_id)
  }
  return { ...timer, plan, run_ms: nextMs, due_ms: nextMs }
}

async function look(
  { kind, run_ms }: PageTimerRow,
  { id, webhook_subscribed: subscribed }: PageRow,
  nextCheckMs: number | null,
  { pages, every, silenceMs, clock }: TimerDeps,
): Promise<{ readonly check: boolean; readonly nextMs: number | null }> {
  if (kind !== 'webhook_check' || run_ms === null) return { check: true, nextMs: nextCheckMs }
  const lastEventMs = await pages.lastEventMs(id)
  return webhookLook(
    { runMs: run_ms, nextCheckMs, lastEventMs, subscribed },
    { everyMs: every.webhookMs, silenceMs, nowMs: clock.now() },
  )
}
