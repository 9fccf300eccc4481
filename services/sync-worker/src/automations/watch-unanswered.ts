import type { CompiledRules } from '@pagesync/shared/automations/compile-rules.ts'
import type { Collection } from '@pagesync/shared/store/collection.ts'
import { mergeRows } from '@pagesync/shared/store/merge-rows.ts'
import type { ConversationRepliesRow } from '@pagesync/shared/store/repositories/automation-rows.ts'
import type { RulesCache } from '@pagesync/shared/store/repositories/compiled-rules.ts'
import { isPageBlocked } from '@pagesync/shared/store/repositories/decision-context.ts'
import type { ConversationRow, PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { AppliedRows } from '../events/apply-events.ts'
import type { EventEffect } from '../events/event-effect.ts'
import { alertsToCome, waitingSince } from './waiting-since.ts'

export interface WatchDeps {
  readonly rules: RulesCache
  readonly states: Collection<ConversationRepliesRow>
}

interface Seen {
  readonly page: PageRow
  readonly conversation: ConversationRow
  readonly rules: CompiledRules
}

/** Keeps, for pages with an `unanswered_alert`, who waits since when and when that is to be told. Repeatable. */
export async function watchUnanswered(
  effects: readonly EventEffect[],
  { conversations }: Pick<AppliedRows, 'conversations'>,
  { rules, states }: WatchDeps,
): Promise<void> {
  const pages = new Map(effects.map(({ page }) => [page.id, page]))
  const all = await rules.of([...pages.keys()])
  const incoming = new Map<string, Seen[]>()
  for (const [key, { after }] of conversations) {
    const page = pages.get(after.page_id)
    const compiled = all.get(after.page_id)
    if (page && compiled && hasAlerts(compiled)) incoming.set(key, [{ page, conversation: after, rules: compiled }])
  }
  if (incoming.size === 0) return
  await mergeRows<ConversationRepliesRow, Seen>({
    collection: states,
    incoming,
    expect: 'existing',
    fold: (row, [seen], key) => {
      const { page, conversation, rules: compiled } = seen as Seen
      const known = row?.waiting ?? { since_ms: null, alerted: {} }
      const waiting = { ...known, since_ms: waitingSince(known, conversation) }
      // Also of a wait that goes on: opened again, muted, or of an alert that is new.
      const [next] = alertsToCome(compiled, conversation, waiting, isPageBlocked(page))
      const dueMs = next?.dueMs ?? null
      if (waiting.since_ms === known.since_ms && dueMs === (row?.alert_due_ms ?? null)) return row
      const base = row ?? { _id: key, tenant_id: page.tenant_id, page_id: page.id, replies: [] }
      return { ...base, waiting, alert_due_ms: dueMs }
    },
  })
}

const hasAlerts = ({ automations }: CompiledRules): boolean =>
  automations.some(({ rule }) => rule.type === 'unanswered_alert' && rule.is_active)
