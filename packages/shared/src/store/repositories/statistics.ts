import type { Counts } from '../../counting/counts.ts'
import type { Store } from '../collection.ts'
import { pageTotalKey, STATISTICS } from './statistics-rows.ts'

/** What was counted, as callers read it. Pages are those whose owner the caller has checked. */
export interface Statistics {
  /** Of each page, since it was connected; of pages that nothing was counted of yet, nothing. At most 5,000 pages. */
  totals(pageIds: readonly number[]): Promise<ReadonlyMap<number, Counts>>
}

export function createStatistics(store: Store): Statistics {
  const statistics = store.collection(STATISTICS)
  return {
    async totals(pageIds) {
      const rows = await statistics.getMany(pageIds.map(pageTotalKey))
      return new Map(rows.map((row) => [Number(row._id), row.counts]))
    },
  }
}
