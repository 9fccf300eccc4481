import { removeCounted } from '@pagesync/shared/counting/remove-counted.ts'
import { removeRows } from '@pagesync/shared/erasure/walk-rows.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import { type Kept, keptFromMs } from '@pagesync/shared/model/retention.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import type { AuditLog } from '@pagesync/shared/store/repositories/audit-log.ts'
import type { AutomaticReplies } from '@pagesync/shared/store/repositories/automatic-replies.ts'
import type { Ledger } from '@pagesync/shared/store/repositories/ledger.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type { ConversationRow, PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { SyncedCollections } from '@pagesync/shared/store/repositories/synced.ts'
import type { TenantSettings } from '@pagesync/shared/store/repositories/tenant-settings.ts'
import type { Tenants } from '@pagesync/shared/store/repositories/tenants.ts'

export interface RetentionDeps {
  /** Messages go together with their counts. */
  readonly store: Store
  readonly tenants: Pick<Tenants, 'list'>
  readonly settings: Pick<TenantSettings, 'all'>
  readonly pages: Pick<Pages, 'list'>
  readonly ledger: Pick<Ledger, 'forgetOfTenant'>
  readonly auditLog: Pick<AuditLog, 'forget'>
  readonly replies: Pick<AutomaticReplies, 'forget'>
  readonly synced: Pick<SyncedCollections, 'conversations' | 'messages' | 'pageEvents'>
  readonly ledgerDays: number
  readonly clock: Clock
  readonly logger: Logger
}

const ROWS_AT_ONCE = 500
/** One turn works so long at most; the next begins where a row is still too old. */
const TURN_MS = 60_000

interface Turn extends RetentionDeps {
  readonly nowMs: number
  readonly isOver: () => boolean
  removed: number
}

/** Removes what is older than its tenant keeps it, by index and in bounded batches. Any number of workers may do it. */
export async function keepRetention(deps: RetentionDeps, signal: AbortSignal): Promise<void> {
  const { clock, tenants, settings, auditLog, logger } = deps
  const nowMs = clock.now()
  const isOver = () => signal.aborted || clock.now() >= nowMs + TURN_MS
  const turn: Turn = { ...deps, nowMs, isOver, removed: 0 }
  // What the operator did, and Facebook asked for, of which no tenant could decide.
  const auditFrom = keptFromMs('audit_days', {}, nowMs)
  if (auditFrom !== null) await drain(turn, () => auditLog.forget(null, auditFrom, ROWS_AT_ONCE))
  const decided = await settings.all()
  for (let last: string | undefined; !isOver(); ) {
    const some = await tenants.list(ROWS_AT_ONCE, last)
    for (const { _id } of some) await keepOfTenant(_id, decided.get(_id)?.retention ?? {}, turn)
    last = some.at(-1)?._id
    if (some.length < ROWS_AT_ONCE) break
  }
  if (turn.removed > 0) logger.info({ removed: turn.removed }, 'old rows removed')
}

async function keepOfTenant(tenantId: string, decided: Readonly<Record<string, number | null>>, turn: Turn) {
  const { ledger, auditLog, replies, pages, nowMs, ledgerDays } = turn
  const from = (what: Kept) => keptFromMs(what, decided, nowMs, { ledger_days: ledgerDays })
  const [ledgerFrom, auditFrom, eventsFrom, messagesFrom] = [
    from('ledger_days'),
    from('audit_days'),
    from('raw_events_days'),
    from('messages_days'),
  ]
  if (ledgerFrom !== null) await drain(turn, () => ledger.forgetOfTenant(tenantId, ledgerFrom, ROWS_AT_ONCE))
  if (auditFrom !== null) await drain(turn, () => auditLog.forget(tenantId, auditFrom, ROWS_AT_ONCE))
  for (let after: PageRow | undefined; !turn.isOver(); ) {
    const some: PageRow[] = await pages.list(tenantId, 'id', ROWS_AT_ONCE, after)
    for (const page of some) {
      if (ledgerFrom !== null) await drain(turn, () => replies.forget(page.id, ledgerFrom, ROWS_AT_ONCE))
      if (eventsFrom !== null) await drain(turn, () => forgetEvents(page, eventsFrom, turn))
      if (messagesFrom !== null) await forgetMessages(page, messagesFrom, turn)
    }
    after = some.at(-1)
    if (some.length < ROWS_AT_ONCE || !after) return
  }
}

/** Batch after batch, until one is not full. */
async function drain(turn: Turn, batch: () => Promise<number>): Promise<void> {
  for (let removed = ROWS_AT_ONCE; removed === ROWS_AT_ONCE && !turn.isOver(); ) {
    removed = await batch()
    turn.removed += removed
  }
}

async function forgetEvents({ id }: PageRow, beforeMs: number, { synced }: Turn): Promise<number> {
  const selection = { index: 'byPage', equals: { page_id: id }, range: { lt: beforeMs } }
  return (await removeRows(synced.pageEvents, selection, ROWS_AT_ONCE)).removed
}

async function forgetMessages({ id }: PageRow, beforeMs: number, turn: Turn): Promise<void> {
  const { conversations, messages } = turn.synced
  for (let after: ConversationRow | undefined; !turn.isOver(); ) {
    const position = after ? { after: { id: after.id, _id: after._id } } : {}
    const query = { index: 'byPageId', equals: { page_id: id }, limit: ROWS_AT_ONCE, ...position }
    const some: ConversationRow[] = await conversations.find(query)
    for (const { _id } of some) {
      const selection = { index: 'byConversation', equals: { conversation_key: _id }, range: { lt: beforeMs } }
      await drain(turn, async () => {
        const old = await messages.find({ ...selection, limit: ROWS_AT_ONCE })
        const keys = old.map((row) => row._id)
        await removeCounted({ pageId: id, kind: 'message', keys }, { store: turn.store, now: () => turn.clock.now() })
        return old.length
      })
    }
    const quoting = some.filter((row) => row.snippet !== null && (row.last_message_ms ?? 0) < beforeMs)
    // A lost race is a newer message: then there is nothing to take away.
    if (quoting.length > 0) await conversations.replaceMany(quoting.map((row) => ({ ...row, snippet: null })))
    after = some.at(-1)
    if (some.length < ROWS_AT_ONCE || !after) return
  }
}
