import type { CollectionDefinition, StoreDocument } from '../collection.ts'

export const TIMER_KINDS = ['full_sync', 'incremental_sync', 'token_check', 'webhook_check'] as const
export type TimerKind = (typeof TIMER_KINDS)[number]

/** Something that is done for a page again and again. `_id` is `timerKey(…)`. */
export interface PageTimerRow extends StoreDocument {
  readonly page_id: number
  /** `_id` of the page's row. */
  readonly page_key: string
  readonly tenant_id: string
  readonly kind: TimerKind
  /** What the times follow from, see `timerPlan`. */
  readonly plan: string
  /** The run that comes next, or that is overdue; null: none. Its command's id comes from it. */
  readonly run_ms: number | null
  /** When a worker has to look at it: at the run, or later after a failure; null while it rests. */
  readonly due_ms: number | null
}
export const PAGE_TIMERS: CollectionDefinition<PageTimerRow> = {
  name: 'page_timers',
  indexes: { byDue: ['due_ms'], byTenant: ['tenant_id'] },
}
export const timerKey = (pageId: number, kind: TimerKind): string => `${pageId}:${kind}`
