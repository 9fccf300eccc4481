import { type GraphConversation, graphTimeMs, nextCursor } from '@pagesync/shared/graph/graph-shapes.ts'
import {
  conversationPlace,
  type Listing,
  readListingPage,
  startListing,
} from '@pagesync/shared/graph/read-listing-page.ts'
import type { PageSyncRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { OperationContext } from '../commands/operation.ts'
import { afterPage, firstPass, isAboveFloor } from './folder-pass.ts'
import { newestMs, reachesKnown } from './message-times.ts'
import { pullDeeper } from './pull-deeper.ts'
import { floorOf, nextWatermark, type SyncScope } from './sync-scope.ts'
import { addCounts, addListed, type Deeper, NOTHING_FOUND, type WalkState } from './walk-state.ts'
import { keyOfThread, type PulledConversation, type PulledRows, writePulled } from './write-pulled.ts'

/** Facebook's default listing leaves out what people marked as done: it is asked for by itself. */
export const FOLDERS = ['inbox', 'page_done'] as const

/** The most that Facebook gives of each (third-party measurements; more is cut silently). */
const CONVERSATIONS_PER_PAGE = 100
const NESTED_MESSAGES = 25
/** An incremental sync mostly finds little: its first look at a folder is small. */
const CONVERSATIONS_AT_FIRST = 25

export interface WalkOptions {
  /** Pull the messages as well: the newest nested in the listing, the others of each conversation page by page. */
  readonly messages: boolean
  readonly phase: string
  readonly scope: SyncScope
  /** How far the page was synced before. */
  readonly synced: Pick<PageSyncRow, 'watermarks' | 'retry'>
  /** How many conversations the walk may find: what progress is measured by; null where nobody knows. */
  readonly expected: number | null
  /** Where to go on. */
  readonly start: WalkState | null
  /** What is to be kept beside the walk's own state. */
  readonly checkpoint: (state: WalkState) => unknown
}

/**
 * Walks the conversations of the page, newest first, folder by folder, down to what is known already. A conversation
 * whose messages fit into the listing costs no call of its own. One that fails for good is noted and the others go on;
 * what a pause may mend is thrown, and the walk continues from its last state.
 */
export async function walkConversations(context: OperationContext, options: WalkOptions): Promise<WalkState> {
  let state = options.start ?? begin(context, options)
  while (state.folder < FOLDERS.length || state.deeper.length > 0) {
    state = state.deeper.length > 0 ? await pullDeeper(state, context) : await pullListing(state, context, options)
    const done = state.counts.conversations
    const total = options.expected === null ? null : Math.max(done, options.expected)
    await context.save(options.checkpoint(state), { phase: options.phase, done, total })
  }
  return state
}

function begin({ clock }: OperationContext, { messages, synced, scope }: WalkOptions): WalkState {
  const again = messages ? synced.retry : []
  return {
    began_ms: clock.now(),
    folder: 0,
    pass: firstPass(floorOf(scope, synced.watermarks[FOLDERS[0]])),
    deeper: again.map(({ thread_id, key }) => ({
      thread_id,
      key,
      listing: startListing(),
      known_up_to_ms: null,
      newest_ms: null,
    })),
    watermarks: {},
    counts: NOTHING_FOUND,
    listed: [],
    errors: [],
  }
}

async function pullListing(state: WalkState, context: OperationContext, options: WalkOptions): Promise<WalkState> {
  const { pass } = state
  const folder = FOLDERS[state.folder] as (typeof FOLDERS)[number]
  const atFirst = pass.pages === 0 && pass.floor_ms !== null
  const limit = atFirst ? CONVERSATIONS_AT_FIRST : CONVERSATIONS_PER_PAGE
  const rules = { limit, messagesLimit: options.messages ? NESTED_MESSAGES : 0, placeOf: conversationPlace }
  const listing = await readListingPage(pass.listing, rules, (ask) => context.graph.conversations({ folder, ...ask }))
  const wanted = listing.items.filter((thread) => isAboveFloor(pass, graphTimeMs(thread.updated_time)))
  const pulled = wanted.map((thread) => toPulled(thread, folder, listing, options))
  const rows = await writePulled(pulled, context)
  const page = { updatedMs: listing.items.map((thread) => graphTimeMs(thread.updated_time)), next: listing.next }
  return {
    ...state,
    ...nextFolderState(state, folder, afterPage(pass, page), options),
    deeper: options.messages ? deeperOf(pulled, rows, context) : [],
    counts: addCounts(state.counts, rows, context.command.command_id, pass.passes > 1, state.began_ms),
    listed: addListed(state.listed, rows, context.command.command_id),
  }
}

function toPulled(
  thread: GraphConversation,
  folder: string,
  { requestedAtMs, droppedFields }: Pick<Listing<never>, 'requestedAtMs' | 'droppedFields'>,
  { messages, scope }: WalkOptions,
): PulledConversation {
  const asked = messages && !droppedFields.includes('messages')
  const list = asked ? thread.messages : undefined
  // A conversation without messages has no list of them.
  const end = nextCursor(list) === null ? 'reached' : scope.mode === 'full' ? 'open' : 'open-unless-known'
  return {
    thread,
    folder,
    requestedAtMs,
    droppedFields,
    messages: list?.data ?? [],
    messagesEnd: asked ? end : 'not-asked',
  }
}

function nextFolderState(
  state: WalkState,
  folder: string,
  after: ReturnType<typeof afterPage>,
  { synced, scope }: WalkOptions,
): Pick<WalkState, 'folder' | 'pass' | 'watermarks'> {
  if ('pass' in after) return { folder: state.folder, pass: after.pass, watermarks: state.watermarks }
  const watermark = nextWatermark(scope, synced.watermarks[folder], after.doneUpToMs)
  const following = FOLDERS[state.folder + 1]
  return {
    folder: state.folder + 1,
    pass: firstPass(following === undefined ? null : floorOf(scope, synced.watermarks[following])),
    watermarks: watermark === undefined ? state.watermarks : { ...state.watermarks, [folder]: watermark },
  }
}

/** The conversations whose messages go on beyond the listing, and beyond what is known. */
function deeperOf(pulled: readonly PulledConversation[], rows: PulledRows, context: OperationContext): Deeper[] {
  return pulled.flatMap(({ thread, messages, messagesEnd }) => {
    const after = nextCursor(thread.messages)
    const key = keyOfThread(thread, context)
    // What must not be stored need not be read.
    if (!rows.conversations.has(key)) return []
    const knownUpToMs =
      messagesEnd === 'open-unless-known' ? (rows.conversations.get(key)?.before?.messages_complete_ms ?? null) : null
    if (after === null || reachesKnown(messages, knownUpToMs)) return []
    return [
      {
        thread_id: thread.id,
        key,
        listing: startListing({ after }),
        known_up_to_ms: knownUpToMs,
        newest_ms: newestMs(messages),
      },
    ]
  })
}
