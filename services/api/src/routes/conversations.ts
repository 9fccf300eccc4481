import type { ConversationRow } from '@pagesync/shared/store/repositories/rows.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { ConversationPosition, conversationPosition } from '../conversation-position.ts'
import { createListing } from '../listing.ts'
import { findParticipantNames } from '../participant-names.ts'
import { errors, IdParams, list, listQuery, success } from '../route-shapes.ts'
import { Conversation, isAnswered, presentConversation } from '../views/conversation.ts'
import { named } from '../views/shapes.ts'

const readListing = createListing('conversations', ConversationPosition, conversationPosition)

const Filters = {
  status: Type.Optional(Type.Union([Type.Literal('open'), Type.Literal('closed'), Type.Literal('archived')])),
  is_answered: Type.Optional(Type.Boolean()),
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
      const { sort = 'activity', status, is_answered, folder } = request.query
      const { rows, nextCursor } = await readListing(
        { ...request.query, sort },
        {
          fetch: (limit, after) => reader.conversations(page.id, sort, limit, after),
          keep: conversationFilter({ status, is_answered, folder }),
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
function conversationFilter(wanted: FilterValues): ((row: ConversationRow) => boolean) | undefined {
  if (wanted.status === undefined && wanted.is_answered === undefined && wanted.folder === undefined) return undefined
  return (row) =>
    (wanted.status === undefined || row.status === wanted.status) &&
    (wanted.is_answered === undefined || isAnswered(row) === wanted.is_answered) &&
    (wanted.folder === undefined || row.folder === wanted.folder)
}
