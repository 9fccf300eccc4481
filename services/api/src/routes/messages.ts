import type { MessageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { createListing } from '../listing.ts'
import { findParticipantNames } from '../participant-names.ts'
import { errors, IdParams, list, listQuery } from '../route-shapes.ts'
import { Message, presentMessage } from '../views/message.ts'

const Position = Type.Object({ _id: Type.String(), id: Type.Integer(), created_ms: Type.Integer() })
const readListing = createListing('messages', Position, ({ _id, id, created_ms }: MessageRow) => ({
  _id,
  id,
  created_ms,
}))

export const registerMessages: RegisterRoutes = (api, { reader, ownership }) => {
  api.get(
    '/conversations/:id/messages',
    {
      config: { access: 'read' },
      schema: {
        tags: ['conversations'],
        summary: "List a conversation's messages",
        params: IdParams,
        querystring: listQuery('newest', {}),
        response: { 200: list('messages', Message), ...errors('read', ['CONVERSATION_NOT_FOUND']) },
      },
    },
    async (request) => {
      const { conversation, page } = await ownership.conversation(callerOf(request), request.params.id)
      const { sort = 'newest' } = request.query
      const { rows, nextCursor } = await readListing(
        { ...request.query, sort },
        { fetch: (limit, after) => reader.messages(conversation._id, sort, limit, after) },
      )
      const names = await findParticipantNames(reader, [conversation])
      const participantName = conversation.participant_name ?? names.get(conversation._id) ?? null
      const around = { conversation, participantName, pageName: page.name }
      return {
        success: true as const,
        messages: rows.map((row) => presentMessage(row, around)),
        next_cursor: nextCursor,
      }
    },
  )
}
