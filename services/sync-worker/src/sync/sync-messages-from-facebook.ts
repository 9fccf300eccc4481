import {
  type ListingState,
  messagePlace,
  readListingPage,
  startListing,
} from '@pagesync/shared/graph/read-listing-page.ts'
import type { ConversationRow, MessageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { Operation, OperationContext } from '../commands/operation.ts'
import { kindOf } from './changes-of-pull.ts'
import { commandsConversation, threadIdsOf } from './find-conversation.ts'
import { newestMs, reachesKnown } from './message-times.ts'
import { syncScope } from './sync-scope.ts'
import { markComplete, writePulledMessages } from './write-pulled.ts'

interface MessagesCheckpoint {
  readonly threads: readonly string[]
  /** The thread that is being read, and where in it. */
  readonly thread: number
  readonly listing: ListingState
  /** The newest message found: complete up to there, once all is read. */
  readonly newest_ms: number | null
  readonly synced: number
  readonly created: number
  readonly updated: number
  /** The newest 200: all are stored. */
  readonly listed: readonly { readonly key: string; readonly created: boolean }[]
}

const MESSAGES_PER_PAGE = 100
const LISTED_MAX = 200

/** The messages of one conversation, newest first, down to what is known already; with `mode: full`, all of them. */
export const syncMessagesFromFacebook: Operation = async (context) => {
  const conversation = await commandsConversation(context)
  let state =
    (context.command.checkpoint as MessagesCheckpoint | null) ?? begin(await threadIdsOf(conversation, context))
  for (let threadId = state.threads[state.thread]; threadId !== undefined; threadId = state.threads[state.thread]) {
    state = await pullPage(state, threadId, conversation, context)
    const total = Math.max(state.synced, conversation.message_count)
    await context.save(state, { phase: 'messages', done: state.synced, total })
  }
  if (state.newest_ms !== null && reachesBack(context)) await markComplete(conversation._id, state.newest_ms, context)
  return { result: await describe(state, context) }
}

function begin(threads: readonly string[]): MessagesCheckpoint {
  return { threads, thread: 0, listing: startListing(), newest_ms: null, synced: 0, created: 0, updated: 0, listed: [] }
}

/** A pull of only what is newer than some day leaves a gap: then the conversation is not complete. */
function reachesBack({ command }: OperationContext): boolean {
  return syncScope(command.arguments).sinceMs === null
}

async function pullPage(
  state: MessagesCheckpoint,
  threadId: string,
  conversation: ConversationRow,
  context: OperationContext,
): Promise<MessagesCheckpoint> {
  const { mode, sinceMs } = syncScope(context.command.arguments)
  const rules = { limit: MESSAGES_PER_PAGE, placeOf: messagePlace }
  const list = await readListingPage(state.listing, rules, (ask) => context.graph.messages(threadId, ask))
  const rows = await writePulledMessages(conversation._id, list.items, list.requestedAtMs, context, {
    areNewest: state.newest_ms === null,
  })
  const kinds = [...rows.values()].map((row) => ({ key: row.after._id, kind: kindOf(row, context.command.command_id) }))
  const knownUpToMs = sinceMs ?? (mode === 'full' ? null : conversation.messages_complete_ms)
  const next = reachesKnown(list.items, knownUpToMs) ? null : list.next
  return {
    ...state,
    ...(next === null ? { thread: state.thread + 1, listing: startListing() } : { listing: next }),
    newest_ms: Math.max(state.newest_ms ?? 0, newestMs(list.items) ?? 0) || null,
    synced: state.synced + rows.size,
    created: state.created + kinds.filter(({ kind }) => kind === 'created').length,
    updated: state.updated + kinds.filter(({ kind }) => kind === 'updated').length,
    listed: [...state.listed, ...kinds.map(({ key, kind }) => ({ key, created: kind === 'created' }))].slice(
      0,
      LISTED_MAX,
    ),
  }
}

async function describe(
  state: MessagesCheckpoint,
  { synced }: OperationContext,
): Promise<Readonly<Record<string, unknown>>> {
  const created = new Map(state.listed.map((each) => [each.key, each.created]))
  const rows = created.size === 0 ? [] : await synced.messages.getMany([...created.keys()])
  const newestFirst = rows.toSorted((a, b) => b.created_ms - a.created_ms)
  return {
    synced_count: state.synced,
    created_count: state.created,
    updated_count: state.updated,
    unchanged_count: state.synced - state.created - state.updated,
    messages: newestFirst.map((row) => describeMessage(row, created.get(row._id) ?? false)),
  }
}

function describeMessage(row: MessageRow, created: boolean): Readonly<Record<string, unknown>> {
  return {
    id: row.id,
    facebook_message_id: row.mid,
    created,
    from: { facebook_id: row.from_id, name: row.from_name ?? null },
    created_time: new Date(row.created_ms).toISOString(),
  }
}
