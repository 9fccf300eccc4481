import type { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { Operation, OperationContext } from '../commands/operation.ts'
import { conversationNumbers } from './conversation-numbers.ts'
import { isFinalForPart } from './is-final-for-part.ts'
import { noteUnlisted } from './note-unlisted.ts'
import { pullPageDetails } from './sync-page-details-from-facebook.ts'
import { syncScope } from './sync-scope.ts'
import { walkConversations } from './walk-conversations.ts'
import { NOTHING_FOUND, type WalkState } from './walk-state.ts'

/** The page's details, or why Facebook refused them. */
interface DetailsPart {
  readonly page_details: Readonly<Record<string, unknown>> | null
  readonly page_error?: { readonly code: string; readonly message: string }
}

type Walked = Pick<WalkState, 'listed' | 'errors' | 'counts'>
const NOTHING_WALKED: Walked = { listed: [], errors: [], counts: NOTHING_FOUND }

interface FullSyncCheckpoint extends DetailsPart {
  readonly walk: WalkState | null
}

/**
 * Everything of a page: its details, the conversations of every folder with their participants, their messages. The
 * first one brings everything; later ones stop at what is known, unless `mode` is `full`. Goes on at its checkpoint
 * after a stop, repeating at most one page of results. A part that Facebook refuses for good is told of, and the others
 * go on.
 */
export const fullSyncFromFacebook: Operation = async (context) => {
  const { pages, page, command } = context
  const stored = command.checkpoint as FullSyncCheckpoint | null
  const details = stored ?? (await pullDetails(context))
  let reached: Walked = stored?.walk ?? NOTHING_WALKED
  const checkpoint = (walk: WalkState | null): FullSyncCheckpoint => {
    reached = walk ?? reached
    return { ...details, walk }
  }
  if (!stored) await context.save(checkpoint(null), { phase: 'page_details', done: 1, total: 1 })
  const scope = syncScope(command.arguments)
  const synced = await pages.syncState(page.id)
  const isWhole = scope.sinceMs === null && (scope.mode === 'full' || Object.keys(synced.watermarks).length === 0)
  const expected = isWhole ? await knownConversations(context) : null
  const start = stored?.walk ?? null
  const options = { messages: true, phase: 'conversations', scope, synced, expected, start, checkpoint }
  let walk: WalkState
  try {
    walk = await walkConversations(context, options)
  } catch (error) {
    // Where nothing is left that worked it is no part that failed, it is the whole.
    if (!isFinalForPart(error) || details.page_error) throw error
    return { partial: true, result: await describe(context, details, reached, error) }
  }
  if (isWhole) await noteUnlisted(walk.began_ms, context)
  await recordSynced(walk, synced.watermarks, details, context)
  const partial = walk.errors.length > 0 || details.page_error !== undefined
  return { partial, result: await describe(context, details, walk) }
}

async function pullDetails(context: OperationContext): Promise<DetailsPart> {
  try {
    return { page_details: (await pullPageDetails(context)).page }
  } catch (error) {
    if (!isFinalForPart(error)) throw error
    return { page_details: null, page_error: { code: error.code, message: error.message } }
  }
}

async function knownConversations({ synced, page }: OperationContext): Promise<number | null> {
  const known = await synced.conversations.count({ index: 'byPageId', equals: { page_id: page.id } })
  return known === 0 ? null : known
}

/** Conversations that failed are tried again by the next sync; the page counts as synced only when nothing did. */
async function recordSynced(
  walk: WalkState,
  watermarks: Readonly<Record<string, number>>,
  { page_error }: DetailsPart,
  { pages, page, counting }: OperationContext,
): Promise<void> {
  const retry = walk.errors.map(({ thread_id, key }) => ({ thread_id, key }))
  await pages.saveSyncState(page.id, { watermarks: { ...watermarks, ...walk.watermarks }, retry })
  if (retry.length > 0 || page_error) return
  // Who sees that the page is synced finds it counted, too.
  await counting.flush()
  await pages.update(page.tenant_id, page.id, (row) =>
    (row.last_synced_ms ?? 0) >= walk.began_ms ? null : { ...row, last_synced_ms: walk.began_ms },
  )
}

async function describe(
  context: OperationContext,
  { page_details, page_error }: DetailsPart,
  walk: Walked,
  refusal?: AppError,
): Promise<Readonly<Record<string, unknown>>> {
  const numbers = await conversationNumbers(
    [...walk.listed, ...walk.errors].map(({ key }) => key),
    context,
  )
  return {
    page_id: context.page.id,
    sync_results: {
      page_details: page_error ? { success: false, error: page_error } : { success: true, page: page_details },
      contacts: { success: refusal === undefined, synced_count: walk.counts.contacts },
      conversations: walk.listed.map(({ key, messages }) => ({
        id: numbers.get(key)?.id ?? null,
        messages_synced: messages,
      })),
      conversations_total: walk.counts.conversations,
      messages_total: walk.counts.messages,
      errors: [
        ...walk.errors.map(({ key, code, message }) => ({
          conversation_id: numbers.get(key)?.id ?? null,
          code,
          message,
        })),
        ...(refusal ? [{ conversation_id: null, code: refusal.code, message: refusal.message }] : []),
      ],
    },
    synced_at: new Date(context.clock.now()).toISOString(),
  }
}
