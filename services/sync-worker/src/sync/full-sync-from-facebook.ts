import type { Operation, OperationContext } from '../commands/operation.ts'
import { conversationNumbers } from './conversation-numbers.ts'
import { noteUnlisted } from './note-unlisted.ts'
import { pullPageDetails } from './sync-page-details-from-facebook.ts'
import { syncScope } from './sync-scope.ts'
import { walkConversations } from './walk-conversations.ts'
import type { WalkState } from './walk-state.ts'

interface FullSyncCheckpoint {
  readonly page_details: Readonly<Record<string, unknown>>
  readonly walk: WalkState | null
}

/**
 * Everything of a page: its details, the conversations of every folder with their participants, their messages. The
 * first one brings everything; later ones stop at what is known, unless `mode` is `full`. Goes on at its checkpoint
 * after a stop, repeating at most one page of results.
 */
export const fullSyncFromFacebook: Operation = async (context) => {
  const { pages, page, command } = context
  const stored = command.checkpoint as FullSyncCheckpoint | null
  const pageDetails = stored?.page_details ?? (await pullPageDetails(context)).page
  const checkpoint = (walk: WalkState | null): FullSyncCheckpoint => ({ page_details: pageDetails, walk })
  if (!stored) await context.save(checkpoint(null), { phase: 'page_details', done: 1, total: 1 })
  const scope = syncScope(command.arguments)
  const synced = await pages.syncState(page.id)
  const isWhole = scope.sinceMs === null && (scope.mode === 'full' || Object.keys(synced.watermarks).length === 0)
  const walk = await walkConversations(context, {
    messages: true,
    phase: 'conversations',
    scope,
    synced,
    expected: isWhole ? await knownConversations(context) : null,
    start: stored?.walk ?? null,
    checkpoint,
  })
  if (isWhole) await noteUnlisted(walk.began_ms, context)
  await recordSynced(walk, synced.watermarks, context)
  return { partial: walk.errors.length > 0, result: await describe(context, pageDetails, walk) }
}

async function knownConversations({ synced, page }: OperationContext): Promise<number | null> {
  const known = await synced.conversations.count({ index: 'byPageId', equals: { page_id: page.id } })
  return known === 0 ? null : known
}

/** Conversations that failed are tried again by the next sync; the page counts as synced only when none did. */
async function recordSynced(
  walk: WalkState,
  watermarks: Readonly<Record<string, number>>,
  { pages, page, counting }: OperationContext,
): Promise<void> {
  const retry = walk.errors.map(({ thread_id, key }) => ({ thread_id, key }))
  await pages.saveSyncState(page.id, { watermarks: { ...watermarks, ...walk.watermarks }, retry })
  if (retry.length > 0) return
  // Who sees that the page is synced finds it counted, too.
  await counting.flush()
  await pages.update(page.tenant_id, page.id, (row) =>
    (row.last_synced_ms ?? 0) >= walk.began_ms ? null : { ...row, last_synced_ms: walk.began_ms },
  )
}

async function describe(
  context: OperationContext,
  pageDetails: FullSyncCheckpoint['page_details'],
  walk: WalkState,
): Promise<Readonly<Record<string, unknown>>> {
  const numbers = await conversationNumbers(
    [...walk.listed, ...walk.errors].map(({ key }) => key),
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
      errors: walk.errors.map(({ key, code, message }) => ({
        conversation_id: numbers.get(key)?.id ?? null,
        code,
        message,
      })),
    },
    synced_at: new Date(context.clock.now()).toISOString(),
  }
}
