import type { Counts, Deltas } from '../../counting/counts.ts'
import type { CountedKind, RangesByKind } from '../../counting/id-ranges.ts'
import type { CollectionDefinition, StoreDocument } from '../collection.ts'

/**
 * What was counted. `_id` is one of
 * - `pageTotalKey`: the page's totals, since it was connected;
 * - `pageDayKey`, `tenantDayKey`: one UTC day of a page, or of all pages of a tenant; names are `HH/metric`.
 */
export interface StatisticsRow extends StoreDocument {
  /** When the day began, for retention; null for totals. */
  readonly day_ms: number | null
  readonly counts: Counts
  /** The last fold of each counting session that is in `counts`: what makes adding exactly once. */
  readonly folds: Readonly<Record<string, number>>
  /** Rows of the page that are being removed: whoever finds it may finish it. Of totals alone. */
  readonly removing?: Removal | null
}
export const STATISTICS: CollectionDefinition<StatisticsRow> = { name: 'statistics', indexes: { byDay: ['day_ms'] } }

export interface Removal {
  readonly token: string
  readonly at_ms: number
  readonly kind: CountedKind
  readonly keys: readonly string[]
  /** What goes with the rows; null until it is known which of them are there: nothing has been deleted before. */
  readonly counts: Counts | null
}

export const pageTotalKey = (pageId: number): string => String(pageId)
export const pageDayKey = (pageId: number, day: string): string => `${pageId}/${day}`
export const tenantDayKey = (tenantId: string, day: string): string => `t:${tenantId}/${day}`

/**
 * A process that counts. `_id` begins with its start (base 36 milliseconds). Written by that process alone, until another
 * one finds it silent and declares it lost; ended cleanly, it is gone.
 */
export interface CountingSessionRow extends StoreDocument {
  readonly state: 'open' | 'lost'
  readonly heartbeat_ms: number
  readonly lost_ms: number | null
  /** Rises with every set of deltas. */
  readonly fold: number
  /** The deltas of `fold`, which may or may not be in the statistics yet. */
  readonly pending: Deltas
  /** Ids that this process may give to rows, or has given to rows that are in no fold yet. */
  readonly open: RangesByKind
  /** Of a lost one: the ids of rows in `open` that were found and counted. */
  readonly found?: Readonly<Partial<Record<CountedKind, readonly number[]>>>
  /** Of a lost one: how often `open` was looked through. */
  readonly looks?: number
}
export const COUNTING_SESSIONS: CollectionDefinition<CountingSessionRow> = { name: 'counting_sessions', indexes: {} }
