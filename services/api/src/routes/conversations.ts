import { createNameMatch } from '@pagesync/shared/model/name-words.ts'
import type { ConversationRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { SyncedReader } from '@pagesync/shared/store/repositories/synced.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { ConversationPosition, conversationPosition } from '../conversation-position.ts'
import { createListing } from '../listing.ts'
import { findParticipantNames } from '../participant-names.ts'
import { errors, IdParams, list, listQuery, Search, success } from '../route-shapes.ts'
import { Conversation, isAnswered, presentConversation } from '../views/conversation.ts'
import { named } from '../views/shapes.ts'

const readListing = createListing('conversations', ConversationPosition, conversationPosition)

const Filters = {
  status: Type.Optional(Type.Union([Type.Literal('open'), Type.Literal('closed'), Type.Literal('archived')])),
  is_answered: Type.Optional(Type.Boolean()),
  q: Search,
  folder: Type.Optional(Type.String({ minLength: 1, maxLength: 64, description: 'Such as inbox or page_done' })),
}

interface FilterValues {
  readonly status?: string
  readonly is_answered?: boolean
  readonly folder?: string
}

export const registerConversations: RegisterRoutes = (api, { reader, ownership, clock }) => {
  api.get(
    '/pages/:id/conversations',
    {
      config: { access: 'read' },
      schema: {
        tags: ['conversations'],
        summary: "List a page's conversations",
        description:
          'By activity, the newest first; one that moves meanwhile may be missed, so read with `sort=id` to have all. ' +
          'With a filter a page of the list may be short, even empty, and still have a `next_cursor`.',
        params: IdParams,
        querystring: listQuery('activity', Filters),
        response: { 200: list('conversations', Conversation), ...errors('read', ['PAGE_NOT_FOUND']) },
      },
    },
    async (request) => {
      const page = await ownership.page(callerOf(request), request.params.id)
      const { sort = 'activity', status, is_answered, folder, q } = request.query
      const named = createNamed(reader, q)
      const { rows, nextCursor } = await readListing(
        { ...request.query, sort },
        {
          fetch: (limit, after) => named.read(reader.conversations(page.id, sort, limit, after)),
          keep: conversationFilter({ status, is_answered, folder }, named.matches),
        },
      )
      const names = await findParticipantNames(reader, rows)
      const nowMs = clock.now()
      return {
        success: true as const,
        conversations: rows.map((row) => presentConversation(row, nowMs, names.get(row._id))),
        next_cursor: nextCursor,
      }
    },
  )

  api.get(
    '/conversations/:id',
    {
      config: { access: 'read' },
      schema: {
        tags: ['conversations'],
        summary: 'Show a conversation',
        params: IdParams,
        response: {
          200: success({ conversation: named(Conversation) }),
          ...errors('read', ['CONVERSATION_NOT_FOUND']),
        },
      },
    },
    async (request) => {
      const { conversation } = await ownership.conversation(callerOf(request), request.params.id)
      const names = await findParticipantNames(reader, [conversation])
      return {
        success: true as const,
        conversation: presentConversation(conversation, clock.now(), names.get(conversation._id)),
      }
    },
  )
}

/** Undefined: nothing is filtered. */
function conversationFilter(
  wanted: FilterValues,
  matches: ((row: ConversationRow) => boolean) | undefined,
): ((row: ConversationRow) => boolean) | undefined {
  if (!matches && wanted.status === undefined && wanted.is_answered === undefined && wanted.folder === undefined)
    return undefined
  return (row) =>
    (wanted.status === undefined || row.status === wanted.status) &&
    (wanted.is_answered === undefined || isAnswered(row) === wanted.is_answered) &&
    (wanted.folder === undefined || row.folder === wanted.folder) &&
    (matches?.(row) ?? true)
}

/** Search by the person's name: that of the conversation, else of the contact, which is read along. */
function createNamed(reader: Pick<SyncedReader, 'contactsByKey'>, q: string | undefined) {
  if (q === undefined) return { read: (rows: Promise<ConversationRow[]>) => rows, matches: undefined }
  const matchesName = createNameMatch(q)
  const names = new Map<string, string>()
  return {
    async read(reading: Promise<ConversationRow[]>): Promise<ConversationRow[]> {
      const rows = await reading
      for (const [key, name] of await findParticipantNames(reader, rows)) names.set(key, name)
      return rows
    },
    matches: (row: ConversationRow) => matchesName(row.participant_name ?? names.get(row._id) ?? null),
  }
}
