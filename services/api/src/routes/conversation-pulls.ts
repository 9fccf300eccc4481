import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { HowToPull, pullArguments } from '../pull-body.ts'
import { pullSchema } from '../pull-schema.ts'
import { body, ConversationParams } from '../route-shapes.ts'

const PULLS = [
  {
    path: 'sync-messages-from-facebook',
    type: 'conversation.sync_messages',
    summary: "Pull the conversation's messages",
    body: HowToPull,
  },
  {
    path: 'sync-status-from-facebook',
    type: 'conversation.sync_status',
    summary: "Pull the conversation's state: unread, folder, whether it can be answered",
    body: body({}),
  },
] as const

export const registerConversationPulls: RegisterRoutes = (api, { ownership, run }) => {
  for (const { path, type, summary, body: bodySchema } of PULLS) {
    api.post(
      `/conversations/:conversationId/${path}`,
      {
        config: { access: 'sync', optionalBody: true },
        schema: { ...pullSchema(type, summary), params: ConversationParams, body: bodySchema },
      },
      async (request, reply) => {
        const owned = await ownership.conversation(callerOf(request), request.params.conversationId)
        return run(request, reply, { ...owned, type, arguments: pullArguments(request.body) })
      },
    )
  }
}
