import type { Counts } from '../../counting/counts.ts'
import { DAY_MS, daysBetween } from '../../counting/time-buckets.ts'
import type { Store } from '../collection.ts'
import { getAll } from '../get-all.ts'
import { pageDayKey, pageTotalKey, STATISTICS, type StatisticsRow, tenantDayKey } from './statistics-rows.ts'

/** What was counted, as callers read it. Pages are those whose owner the caller has checked. */
export interface Statistics {
  /** Of each page, since it was connected; of pages that nothing was counted of yet, nothing. */
  totals(pageIds: readonly number[]): Promise<ReadonlyMap<number, Counts>>
  /** The days of a time, of each page; days without anything are left out. */
  daysOfPages(pageIds: readonly number[], fromMs: number, toMs: number): Promise<ReadonlyMap<number, StatisticsRow[]>>
  /** The days of a time, of all pages of a tenant together. */
  daysOfTenant(tenantId: string, fromMs: number, toMs: number): Promise<StatisticsRow[]>
  /** Removes up to `limit` days from before `beforeMs`; answers how many. */
  forget(beforeMs: number, limit: number): Promise<number>
}

export function createStatistics(store: Store): Statistics {
  const statistics = store.collection(STATISTICS)
  return {
    async totals(pageIds) {
      const rows = await getAll(statistics, pageIds.map(pageTotalKey))
      return new Map(rows.map((row) => [Number(row._id), row.counts]))
    },
    async daysOfPages(pageIds, fromMs, toMs) {
      const days = daysBetween(fromMs, toMs)
      const rows = await getAll(
        statistics,
        pageIds.flatMap((id) => days.map((day) => pageDayKey(id, day))),
      )
      return Map.groupBy(rows, ({ _id }) => Number(_id.slice(0, _id.indexOf('/'))))
    },
    daysOfTenant: (tenantId, fromMs, toMs) =>
      getAll(
        statistics,
        daysBetween(fromMs, toMs).map((day) => tenantDayKey(tenantId, day)),
      ),
    async forget(beforeMs, limit) {
      const old = await statistics.find({ index: 'byDay', range: { lt: beforeMs - DAY_MS }, limit })
      return old.length === 0 ? 0 : statistics.deleteMany(old.map(({ _id }) => _id))
    },
  }
}
