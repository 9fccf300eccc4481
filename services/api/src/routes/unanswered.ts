import type { ConversationRow } from '@pagesync/shared/store/repositories/rows.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { ConversationPosition, conversationPosition } from '../conversation-position.ts'
import { createListing } from '../listing.ts'
import { findParticipantNames } from '../participant-names.ts'
import { errors, IdParams, list, listQuery } from '../route-shapes.ts'
import { Conversation, isAnswered, presentConversation } from '../views/conversation.ts'

const HOUR_MS = 3_600_000
const HOURS_DEFAULT = 24

const readListing = createListing('unanswered', ConversationPosition, conversationPosition)

const Filters = {
  hours: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 8_760, default: HOURS_DEFAULT, description: 'Waiting for at least so long' }),
  ),
}

export const registerUnanswered: RegisterRoutes = (api, { reader, ownership, clock }) => {
  api.get(
    '/pages/:id/conversations/unanswered',
    {
      config: { access: 'read' },
      schema: {
        tags: ['conversations'],
        summary: 'List the open conversations in which a person waits for an answer',
        description:
          "Open, the newest message not the page's (an automatic reply is no answer), and the person's last message " +
          'at least `hours` old. A page of the list may be short, even empty, and still have a `next_cursor`.',
        params: IdParams,
        querystring: listQuery('activity', Filters),
        response: { 200: list('conversations', Conversation), ...errors('read', ['PAGE_NOT_FOUND']) },
      },
    },
    async (request) => {
      const page = await ownership.page(callerOf(request), request.params.id)
      const { sort = 'activity', hours = HOURS_DEFAULT } = request.query
      const nowMs = clock.now()
      const { rows, nextCursor } = await readListing(
        { ...request.query, sort },
        {
          fetch: (limit, after) => reader.conversations(page.id, sort, limit, after),
          keep: (row) => isWaiting(row, nowMs - hours * HOUR_MS),
        },
      )
      const names = await findParticipantNames(reader, rows)
      return {
        success: true as const,
        conversations: rows.map((row) => presentConversation(row, nowMs, names.get(row._id))),
        next_cursor: nextCursor,
      }
    },
  )
}

function isWaiting(row: ConversationRow, sinceMs: number): boolean {
  const { status, last_customer_ms } = row
  return status === 'open' && !isAnswered(row) && last_customer_ms !== null && last_customer_ms <= sinceMs
}
