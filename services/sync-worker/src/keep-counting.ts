import type { Counting } from '@pagesync/shared/counting/counting.ts'
import { recoverSessions } from '@pagesync/shared/counting/recover-sessions.ts'
import { DAYS_KEPT } from '@pagesync/shared/counting/row-counts.ts'
import { DAY_MS } from '@pagesync/shared/counting/time-buckets.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { createStatistics } from '@pagesync/shared/store/repositories/statistics.ts'
import { type RepeatOptions, repeat } from './repeat.ts'

const FLUSH_EVERY_MS = 500
/** Folding takes a quarter of the time at most, however many pages there are. */
const PAUSE_PER_FLUSH = 3
const RECOVER_EVERY_MS = 3_000
const FORGET_EVERY_MS = 3_600_000
const FORGET_AT_ONCE = 1_000

export interface KeepCountingDeps extends Pick<RepeatOptions, 'signal' | 'clock' | 'logger'> {
  readonly counting: Counting
  readonly store: Store
}

/** Makes visible what was counted, again and again, and counts what workers that died left behind. Any number may do it. */
export function keepCounting({ counting, store, signal, clock, logger }: KeepCountingDeps): Promise<void>[] {
  const often = { signal, clock, logger }
  const recover = async (): Promise<void> => {
    const sessions = await recoverSessions({ store, clock, own: counting.sessionId })
    if (sessions > 0) logger.info({ sessions }, 'rows of a worker that died were counted')
  }
  const flush = async (): Promise<void> => {
    const startedMs = clock.now()
    await counting.flush()
    await clock.sleep((clock.now() - startedMs) * PAUSE_PER_FLUSH, signal).catch(() => undefined)
  }
  const statistics = createStatistics(store)
  const forget = async (): Promise<void> => {
    const beforeMs = clock.now() - DAYS_KEPT * DAY_MS
    while ((await statistics.forget(beforeMs, FORGET_AT_ONCE)) === FORGET_AT_ONCE && !signal.aborted);
  }
  return [
    repeat({ ...often, everyMs: FORGET_EVERY_MS, failed: 'old statistics were not removed' }, forget),
    repeat({ ...often, everyMs: FLUSH_EVERY_MS, failed: 'counts were not folded' }, flush),
    repeat({ ...often, everyMs: RECOVER_EVERY_MS, failed: 'lost counting sessions were not recovered' }, recover),
  ]
}
