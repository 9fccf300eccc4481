import type { Store } from '../collection.ts'
import { PAGES, type PageRow } from './rows.ts'
import { PAGE_TIMERS, type PageTimerRow, TIMER_KINDS, timerKey } from './timer-rows.ts'

/** The timers of all pages. Whoever takes a page from here is the system itself, not a tenant. */
export interface PageTimers {
  /** Those that a worker has to look at, the longest overdue first. */
  due(nowMs: number, limit: number): Promise<PageTimerRow[]>
  /** When the next one is due; null: none. */
  nextDueMs(): Promise<number | null>
  /** At most 1,000 pages; in any order. */
  ofPages(pageIds: readonly number[]): Promise<PageTimerRow[]>
  /** The pages of these timers, by key. */
  pagesOf(timers: readonly PageTimerRow[]): Promise<ReadonlyMap<string, PageRow>>
  /** All pages, disconnected ones too, `limit` at a time in the order of their keys. */
  pagesAfter(key: string | null, limit: number): Promise<PageRow[]>
  /** The page's schedule was changed: a worker is to look at its syncs' timers now, and sets them anew. */
  lookAgain(pageId: number, nowMs: number): Promise<void>
  /** Makes those that are missing, and writes the others where nobody else did in between. Any number may try. */
  write(fresh: readonly Omit<PageTimerRow, 'rev'>[], changed: readonly PageTimerRow[]): Promise<void>
}

export function createPageTimers(store: Store): PageTimers {
  const timers = store.collection(PAGE_TIMERS)
  const pages = store.collection(PAGES)
  return {
    due: (nowMs, limit) => timers.find({ index: 'byDue', range: { lte: nowMs }, limit }),
    async nextDueMs() {
      const [first] = await timers.find({ index: 'byDue', range: { gte: 0 }, limit: 1 })
      return first?.due_ms ?? null
    },
    ofPages: (pageIds) => timers.getMany(pageIds.flatMap((id) => TIMER_KINDS.map((kind) => timerKey(id, kind)))),
    async pagesOf(rows) {
      const found = await pages.getMany([...new Set(rows.map(({ page_key }) => page_key))])
      return new Map(found.map((page) => [page._id, page]))
    },
    pagesAfter: (key, limit) => pages.find({ index: '_id', limit, ...(key === null ? {} : { after: { _id: key } }) }),
    async lookAgain(pageId, nowMs) {
      const rows = await timers.getMany([timerKey(pageId, 'full_sync'), timerKey(pageId, 'incremental_sync')])
      // A lost race is a worker that looks at it now; what it does not see yet, the next look at all pages does.
      if (rows.length > 0) await timers.replaceMany(rows.map((row) => ({ ...row, due_ms: nowMs })))
    },
    async write(fresh, changed) {
      if (fresh.length > 0) await timers.insertMany(fresh)
      if (changed.length > 0) await timers.replaceMany(changed)
    },
  }
}
