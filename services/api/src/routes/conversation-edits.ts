import { webhookStamp } from '@pagesync/shared/model/stamp.ts'
import type { ConversationRow } from '@pagesync/shared/store/repositories/rows.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { editRow } from '../edit-row.ts'
import { findParticipantNames } from '../participant-names.ts'
import { body, errors, IdParams, success } from '../route-shapes.ts'
import { Conversation, presentConversation } from '../views/conversation.ts'
import { named } from '../views/shapes.ts'

const StatusBody = body(
  { status: Type.Union([Type.Literal('open'), Type.Literal('closed'), Type.Literal('archived')]) },
  { examples: [{ status: 'closed' }] },
)

export const registerConversationEdits: RegisterRoutes = (api, context) => {
  const { ownership, reader, synced, announce, clock } = context
  api.patch(
    '/conversations/:id',
    {
      config: { access: 'push' },
      schema: {
        tags: ['conversations'],
        summary: "Set a conversation's status in the system",
        description:
          "In the system alone: nothing is told to Facebook. The person's next message opens the conversation again.",
        params: IdParams,
        body: StatusBody,
        response: {
          200: success({ conversation: named(Conversation) }),
          ...errors('push', [
            'CONVERSATION_NOT_FOUND',
            'PAYLOAD_TOO_LARGE',
            'UNSUPPORTED_MEDIA_TYPE',
            'WRITE_CONFLICT',
            'EVENT_LOG_UNAVAILABLE',
          ]),
        },
      },
    },
    async (request) => {
      const { conversation, page } = await ownership.conversation(callerOf(request), request.params.id)
      const nowMs = clock.now()
      const { status } = request.body
      const updated = await editRow<ConversationRow>({
        collection: synced.conversations,
        row: conversation,
        edit: (row) => (row.status === status ? row : { ...row, status, status_stamp: webhookStamp(nowMs) }),
        fieldsOf: (row) => ({ status: row.status }),
        change: { type: 'conversation.updated', facebookPageId: page.facebook_page_id, requestId: request.id },
        announce,
        nowMs,
      })
      const names = await findParticipantNames(reader, [updated])
      return { success: true as const, conversation: presentConversation(updated, nowMs, names.get(updated._id)) }
    },
  )
}
