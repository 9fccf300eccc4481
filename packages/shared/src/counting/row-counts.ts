import type { ContactRow, ConversationRow, MessageOrigin, MessageRow } from '../store/repositories/rows.ts'
import { pageDayKey, pageTotalKey, tenantDayKey } from '../store/repositories/statistics-rows.ts'
import type { DeltaSink } from './counts.ts'
import type { CountedKind } from './id-ranges.ts'

/** Days are kept for so long; of older messages only the totals tell. */
export const DAYS_KEPT = 400
const DAY_MS = 86_400_000

export type CountedRow = Pick<MessageRow | ConversationRow | ContactRow, 'id' | 'tenant_id' | 'page_id' | 'created_ms'>

export interface PageOfTenant {
  readonly id: number
  readonly tenant_id: string
}

/** Adds to an hour of the page and of its tenant; what is older than days are kept is left out. */
export function addToHour(
  sink: DeltaSink,
  page: PageOfTenant,
  name: string,
  value: number,
  atMs: number,
  nowMs: number,
): void {
  if (atMs < nowMs - DAYS_KEPT * DAY_MS || atMs > nowMs + DAY_MS) return
  const time = new Date(atMs).toISOString()
  const day = time.slice(0, 10)
  const hourly = `${time.slice(11, 13)}/${name}`
  sink.add(pageDayKey(page.id, day), hourly, value)
  sink.add(tenantDayKey(page.tenant_id, day), hourly, value)
}

/** What told of a message first. Never changes, so that a row says at any time what it was counted as. */
export function sourceOf({ origin, first_origin }: Pick<MessageRow, 'origin' | 'first_origin'>): MessageOrigin {
  return first_origin ?? origin
}

/** Counts a new row. All of it is read off the row, so that rows found after a crash are counted alike. */
export function countRow(sink: DeltaSink, kind: CountedKind, row: CountedRow, nowMs: number): void {
  for (const name of totalsOf(kind, row)) sink.add(pageTotalKey(row.page_id), name, 1)
  const page = { id: row.page_id, tenant_id: row.tenant_id }
  if (kind === 'message') {
    const message = row as MessageRow
    addToHour(sink, page, `messages_${sourceOf(message)}`, 1, row.created_ms, nowMs)
    countDirection(sink, message, nowMs)
  } else addToHour(sink, page, `${kind}s`, 1, row.created_ms, nowMs)
}

/** Separately: a message of which only the id was known tells its direction later. */
export function countDirection(sink: DeltaSink, row: MessageRow, nowMs: number): void {
  if (row.direction === null) return
  const page = { id: row.page_id, tenant_id: row.tenant_id }
  addToHour(sink, page, `messages_${row.direction}`, 1, row.created_ms, nowMs)
}

/** The totals that one row is part of. */
export function totalsOf(kind: CountedKind, row: CountedRow): readonly [string, string] {
  if (kind === 'message') return ['messages', `messages_${sourceOf(row as MessageRow)}`]
  const told = (row as ConversationRow | ContactRow).event_id === null ? 'sync' : 'webhook'
  return [`${kind}s`, `${kind}s_${told}`]
}
