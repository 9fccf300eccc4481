import type { Operation, OperationContext } from '../commands/operation.ts'
import { conversationNumbers } from './conversation-numbers.ts'
import { pullPageDetails } from './sync-page-details-from-facebook.ts'
import { type WalkState, walkConversations } from './walk-conversations.ts'

interface FullSyncCheckpoint {
  readonly page_details: Readonly<Record<string, unknown>>
  readonly walk: WalkState | null
}

/**
 * Everything of a page: its details, all conversations of every folder with their participants, all messages. Goes on
 * at its checkpoint after a stop, repeating at most one page of results.
 */
export const fullSyncFromFacebook: Operation = async (context) => {
  const stored = context.command.checkpoint as FullSyncCheckpoint | null
  const pageDetails = stored?.page_details ?? (await pullPageDetails(context)).page
  const checkpoint = (walk: WalkState | null): FullSyncCheckpoint => ({ page_details: pageDetails, walk })
  if (!stored) await context.save(checkpoint(null), { phase: 'page_details', done: 1, total: 1 })
  const walk = await walkConversations(context, {
    messages: true,
    phase: 'conversations',
    expected: await expectedConversations(context),
    start: stored?.walk ?? null,
    checkpoint,
  })
  const complete = walk.errors.length === 0
  if (complete) await markSynced(context)
  return { partial: !complete, result: await describe(context, pageDetails, walk) }
}

async function expectedConversations({ synced, page }: OperationContext): Promise<number | null> {
  const known = await synced.conversations.count({ index: 'byPageId', equals: { page_id: page.id } })
  return known === 0 ? null : known
}

/** Up to the moment at which the sync began everything is known; what came since arrives by webhook. */
async function markSynced({ pages, page, command }: OperationContext): Promise<void> {
  const syncedMs = command.started_ms ?? command.accepted_ms
  await pages.update(page.tenant_id, page.id, (row) =>
    (row.last_synced_ms ?? 0) >= syncedMs ? null : { ...row, last_synced_ms: syncedMs },
  )
}

async function describe(
  context: OperationContext,
  pageDetails: FullSyncCheckpoint['page_details'],
  walk: WalkState,
): Promise<Readonly<Record<string, unknown>>> {
  const numbers = await conversationNumbers(
    walk.listed.map(({ key }) => key),
    context,
  )
  return {
    page_id: context.page.id,
    sync_results: {
      page_details: { success: true, page: pageDetails },
      contacts: { success: true, synced_count: walk.counts.contacts },
      conversations: walk.listed.map(({ key, messages }) => ({
        id: numbers.get(key)?.id ?? null,
        messages_synced: messages,
      })),
      conversations_total: walk.counts.conversations,
      messages_total: walk.counts.messages,
      errors: walk.errors,
    },
    synced_at: new Date(context.clock.now()).toISOString(),
  }
}
