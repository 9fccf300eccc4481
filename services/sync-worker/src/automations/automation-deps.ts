import type { Counting } from '@pagesync/shared/counting/counting.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Change } from '@pagesync/shared/model/change.ts'
import type { AutomaticReplies } from '@pagesync/shared/store/repositories/automatic-replies.ts'
import type { RulesCache } from '@pagesync/shared/store/repositories/compiled-rules.ts'
import type { ConversationReplies } from '@pagesync/shared/store/repositories/conversation-replies.ts'
import type { Ledger } from '@pagesync/shared/store/repositories/ledger.ts'
import type { RuleCounts } from '@pagesync/shared/store/repositories/rule-counts.ts'
import type { SyncedCollections } from '@pagesync/shared/store/repositories/synced.ts'

/** What deciding about messages, and keeping book of it, works with. */
export interface AutomationDeps {
  readonly rules: RulesCache
  readonly replies: AutomaticReplies
  readonly ruleCounts: RuleCounts
  readonly conversationReplies: ConversationReplies
  readonly ledger: Pick<Ledger, 'acceptQueued' | 'getByKeys'>
  readonly synced: Pick<SyncedCollections, 'contacts' | 'conversations'>
  readonly counting: Pick<Counting, 'count'>
  readonly clock: Clock
  readonly workerId: string
  readonly announce: (changes: readonly Change[]) => Promise<void>
  /** There is something to do for this page. */
  readonly wake: (pageId: number) => void
}
