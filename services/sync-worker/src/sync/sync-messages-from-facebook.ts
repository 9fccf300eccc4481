import type { MessageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { Operation, OperationContext } from '../commands/operation.ts'
import { kindOf } from './changes-of-pull.ts'
import { commandsConversation, threadIdsOf } from './find-conversation.ts'
import { writePulledMessages } from './write-pulled.ts'

interface MessagesCheckpoint {
  readonly threads: readonly string[]
  /** The thread that is being read, and where in it. */
  readonly thread: number
  readonly after: string | null
  readonly synced: number
  readonly created: number
  readonly updated: number
  /** The newest 200: all are stored. */
  readonly listed: readonly { readonly key: string; readonly created: boolean }[]
}

const MESSAGES_PER_PAGE = 100
const LISTED_MAX = 200

/** All messages of one conversation, newest first. */
export const syncMessagesFromFacebook: Operation = async (context) => {
  const conversation = await commandsConversation(context)
  let state =
    (context.command.checkpoint as MessagesCheckpoint | null) ??
    ({
      threads: await threadIdsOf(conversation, context),
      thread: 0,
      after: null,
      synced: 0,
      created: 0,
      updated: 0,
      listed: [],
    } as const)
  for (let threadId = state.threads[state.thread]; threadId !== undefined; threadId = state.threads[state.thread]) {
    state = await pullPage(state, threadId, conversation._id, context)
    await context.save(state, {
      phase: 'messages',
      done: state.synced,
      total: Math.max(state.synced, conversation.message_count),
    })
  }
  return { result: await describe(state, context) }
}

async function pullPage(
  state: MessagesCheckpoint,
  threadId: string,
  conversationKey: string,
  context: OperationContext,
): Promise<MessagesCheckpoint> {
  const list = await context.graph.messages(threadId, { limit: MESSAGES_PER_PAGE, after: state.after })
  const rows = await writePulledMessages(conversationKey, list.items, list.requestedAtMs, context)
  const kinds = [...rows.values()].map((row) => ({ key: row.after._id, kind: kindOf(row, context.command.command_id) }))
  return {
    ...state,
    ...(list.next === null ? { thread: state.thread + 1, after: null } : { after: list.next }),
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
