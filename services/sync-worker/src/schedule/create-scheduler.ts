import { armTimers } from '@pagesync/shared/schedule/arm-timers.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { runDueTimers, type TimerDeps } from './run-due-timers.ts'

export interface Scheduler extends AsyncDisposable {
  /** Sets the timers of these pages where they are not set; wakes the loop where that changed anything. */
  arm(pages: readonly PageRow[]): Promise<void>
  status(): { readonly armedAtMs: number; readonly lookedAtMs: number }
}

/** What another process set (a schedule changed through the API) is noticed after this at the latest: two finds by index. */
const PAUSE_MAX_MS = 1_000
const PAUSE_AFTER_FAILURE_MS = 5_000
/** All pages are gone through so often, for those without timers and those whose timers rest for no reason any more. */
const ARM_EVERY_MS = 60_000
/** Few enough that reading their patterns for the first time holds up nothing else in this process. */
const PAGES_AT_ONCE = 100

/** Starts for each page what is done again and again. Any number of workers may do so: each run is started once. */
export function createScheduler(deps: TimerDeps): Scheduler {
  const { clock, timers, logger } = deps
  const stop = new AbortController()
  let wake = new AbortController()
  let armedAtMs = 0
  let lookedAtMs = 0

  const arm = async (pages: readonly PageRow[]): Promise<void> => {
    const stored = await timers.ofPages(pages.map(({ id }) => id))
    const ofPage = Map.groupBy(stored, ({ page_id }) => page_id)
    const settings = { every: deps.every, times: deps.times, nowMs: clock.now() }
    const armed = pages.map((page) => armTimers(page, ofPage.get(page.id) ?? [], settings))
    const fresh = armed.flatMap((each) => each.fresh)
    const changed = armed.flatMap((each) => each.changed)
    await timers.write(fresh, changed)
    if (fresh.length + changed.length > 0) wake.abort()
  }

  const armAll = async (): Promise<void> => {
    const beganMs = clock.now()
    let after: string | null = null
    do {
      const pages: PageRow[] = await timers.pagesAfter(after, PAGES_AT_ONCE)
      if (pages.length > 0) await arm(pages)
      after = pages.length < PAGES_AT_ONCE ? null : (pages.at(-1)?._id ?? null)
    } while (after !== null && !stop.signal.aborted)
    armedAtMs = beganMs
  }

  /** One turn; answers how long nothing has to be done after it. */
  const turn = async (): Promise<number> => {
    try {
      if (clock.now() - armedAtMs >= ARM_EVERY_MS) await armAll()
      await runDueTimers(deps, stop.signal)
      lookedAtMs = clock.now()
      const dueMs = await timers.nextDueMs()
      const pauseMs = dueMs === null ? PAUSE_MAX_MS : dueMs - clock.now()
      return Math.min(PAUSE_MAX_MS, Math.max(0, pauseMs))
    } catch (err) {
      logger.warn({ err }, 'timers could not be looked at')
      return PAUSE_AFTER_FAILURE_MS
    }
  }

  const run = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      wake = new AbortController()
      const pauseMs = await turn()
      await clock.sleep(pauseMs, AbortSignal.any([stop.signal, wake.signal])).catch(() => undefined)
    }
  }
  const running = run()

  return {
    arm,
    status: () => ({ armedAtMs, lookedAtMs }),
    async [Symbol.asyncDispose]() {
      stop.abort()
      await running
    },
  }
}
