import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { nextCursor } from '@pagesync/shared/graph/graph-shapes.ts'
import type { OperationContext } from '../commands/operation.ts'
import { kindOf } from './changes-of-pull.ts'
import { keyOfThread, type PulledRows, writePulled, writePulledMessages } from './write-pulled.ts'

/** Facebook's default listing leaves out what people marked as done: it is asked for by itself. */
export const FOLDERS = ['inbox', 'page_done'] as const

/** The most that Facebook gives of each (third-party measurements; more is cut silently). */
const CONVERSATIONS_PER_PAGE = 100
const NESTED_MESSAGES = 25
const MESSAGES_PER_PAGE = 100
const LISTED_MAX = 1_000
const ERRORS_MAX = 1_000

/** A conversation with more messages than came with the listing. */
interface Deeper {
  readonly thread_id: string
  readonly key: string
  readonly after: string
}

/** A conversation that the walk found; `what` tells whether it, or its person, is new here. */
export interface Listed {
  readonly key: string
  readonly messages: number
  readonly conversation_created: boolean
  readonly contact_created: boolean
}

export interface WalkError {
  readonly conversation_id: number | null
  readonly code: string
  readonly message: string
}

export interface WalkCounts {
  readonly conversations: number
  readonly conversations_created: number
  readonly conversations_updated: number
  readonly contacts: number
  readonly contacts_created: number
  readonly contacts_updated: number
  readonly messages: number
}

/** Where the walk is, and what it has found: JSON, kept in the ledger after every page of results. */
export interface WalkState {
  readonly folder: number
  /** Cursor of the next page of the folder's listing; null for its first. */
  readonly after: string | null
  readonly deeper: readonly Deeper[]
  readonly counts: WalkCounts
  /** The first 1,000. */
  readonly listed: readonly Listed[]
  readonly errors: readonly WalkError[]
}

export interface WalkOptions {
  /** Pull the messages as well: the newest nested in the listing, the others of each conversation page by page. */
  readonly messages: boolean
  readonly phase: string
  /** How many conversations are known already: what progress is measured by. */
  readonly expected: number | null
  readonly start: WalkState | null
  /** What is to be kept beside the walk's own state. */
  readonly checkpoint: (state: WalkState) => unknown
}

const NOTHING: WalkCounts = {
  conversations: 0,
  conversations_created: 0,
  conversations_updated: 0,
  contacts: 0,
  contacts_created: 0,
  contacts_updated: 0,
  messages: 0,
}

/**
 * Walks all conversations of the page, newest first, folder by folder. A conversation whose messages fit into the
 * listing costs no call of its own. One that fails for good is noted and the others go on; what a pause may mend is
 * thrown, and the walk continues from its last state.
 */
export async function walkConversations(context: OperationContext, options: WalkOptions): Promise<WalkState> {
  let state = options.start ?? { folder: 0, after: null, deeper: [], counts: NOTHING, listed: [], errors: [] }
  while (state.folder < FOLDERS.length || state.deeper.length > 0) {
    const [deeper] = state.deeper
    state = deeper ? await pullDeeper(state, deeper, context) : await pullListing(state, context, options)
    const done = state.counts.conversations
    const total = options.expected === null ? null : Math.max(done, options.expected)
    await context.save(options.checkpoint(state), { phase: options.phase, done, total })
  }
  return state
}

async function pullListing(state: WalkState, context: OperationContext, options: WalkOptions): Promise<WalkState> {
  const folder = FOLDERS[state.folder]
  const listing = await context.graph.conversations({
    ...(folder === undefined ? {} : { folder }),
    limit: CONVERSATIONS_PER_PAGE,
    after: state.after,
    messagesLimit: options.messages ? NESTED_MESSAGES : 0,
  })
  const pulled = listing.items.map((thread) => ({
    thread,
    folder,
    messages: thread.messages?.data ?? [],
    requestedAtMs: listing.requestedAtMs,
  }))
  const rows = await writePulled(pulled, context)
  const deeper = listing.items.flatMap((thread) => {
    const after = nextCursor(thread.messages)
    return after === null ? [] : [{ thread_id: thread.id, key: keyOfThread(thread, context), after }]
  })
  return {
    ...state,
    ...(listing.next === null ? { folder: state.folder + 1, after: null } : { after: listing.next }),
    deeper,
    counts: addCounts(state.counts, rows, context.command.command_id),
    listed: addListed(state.listed, rows, context.command.command_id),
  }
}

/** A conversation that moved up while the walk was paging is found twice: it is listed, and counted, once. */
function addListed(listed: readonly Listed[], rows: PulledRows, commandId: string): readonly Listed[] {
  const known = new Set(listed.map(({ key }) => key))
  const messages = new Map<string, number>()
  for (const { after } of rows.messages.values())
    messages.set(after.conversation_key, (messages.get(after.conversation_key) ?? 0) + 1)
  const more = [...rows.conversations].flatMap(([key, merged]) => {
    if (known.has(key)) return []
    const contact = rows.contacts.get(key)
    const created = {
      conversation_created: kindOf(merged, commandId) === 'created',
      contact_created: contact !== undefined && kindOf(contact, commandId) === 'created',
    }
    return [{ key, messages: messages.get(key) ?? 0, ...created }]
  })
  return [...listed, ...more].slice(0, LISTED_MAX)
}

function addCounts(
  counts: WalkCounts,
  { conversations, contacts, messages }: PulledRows,
  commandId: string,
): WalkCounts {
  const count = (rows: Iterable<Parameters<typeof kindOf>[0]>, kind: 'created' | 'updated'): number => {
    let found = 0
    for (const row of rows) if (kindOf(row, commandId) === kind) found++
    return found
  }
  return {
    conversations: counts.conversations + conversations.size,
    conversations_created: counts.conversations_created + count(conversations.values(), 'created'),
    conversations_updated: counts.conversations_updated + count(conversations.values(), 'updated'),
    contacts: counts.contacts + contacts.size,
    contacts_created: counts.contacts_created + count(contacts.values(), 'created'),
    contacts_updated: counts.contacts_updated + count(contacts.values(), 'updated'),
    messages: counts.messages + messages.size,
  }
}

async function pullDeeper(state: WalkState, deeper: Deeper, context: OperationContext): Promise<WalkState> {
  const others = state.deeper.slice(1)
  try {
    const list = await context.graph.messages(deeper.thread_id, { limit: MESSAGES_PER_PAGE, after: deeper.after })
    const messages = await writePulledMessages(deeper.key, list.items, list.requestedAtMs, context)
    const counts = { ...state.counts, messages: state.counts.messages + messages.size }
    const listed = state.listed.map((each) =>
      each.key === deeper.key ? { ...each, messages: each.messages + messages.size } : each,
    )
    return {
      ...state,
      deeper: list.next === null ? others : [{ ...deeper, after: list.next }, ...others],
      counts,
      listed,
    }
  } catch (error) {
    if (!(error instanceof AppError) || error.kind !== 'permanent' || error.code === 'FACEBOOK_TOKEN_INVALID')
      throw error
    const [row] = await context.synced.conversations.getMany([deeper.key])
    const failed = { conversation_id: row?.id ?? null, code: error.code, message: error.message }
    return { ...state, deeper: others, errors: [...state.errors, failed].slice(0, ERRORS_MAX) }
  }
}
