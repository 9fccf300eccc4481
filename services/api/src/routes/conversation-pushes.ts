import { MuteArguments, ThreadControlArguments } from '@pagesync/shared/model/command-arguments.ts'
import type { TObject } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { presentConversationPush } from '../present-push.ts'
import { argumentsRefusal } from '../push-arguments.ts'
import { pushSchema } from '../push-schema.ts'
import { body, ConversationParams } from '../route-shapes.ts'
import type { PushType } from '../views/push-results.ts'

interface ConversationPush {
  readonly path: string
  readonly type: PushType
  readonly summary: string
  readonly body: TObject
}

const Nothing = body({})

const PUSHES: readonly ConversationPush[] = [
  {
    path: 'archive-on-facebook',
    type: 'conversation.archive',
    summary: 'Archive the conversation',
    body: Nothing,
  },
  {
    path: 'unarchive-on-facebook',
    type: 'conversation.unarchive',
    summary: 'Take the conversation out of the archive',
    body: Nothing,
  },
  {
    path: 'mute-on-facebook',
    type: 'conversation.mute',
    summary: 'Mute the conversation for a time, or for good',
    body: MuteArguments,
  },
  {
    path: 'unmute-on-facebook',
    type: 'conversation.unmute',
    summary: 'Unmute the conversation',
    body: Nothing,
  },
  {
    path: 'mark-read-on-facebook',
    type: 'conversation.mark_read',
    summary: 'Mark the conversation as read',
    body: Nothing,
  },
  {
    path: 'thread-control',
    type: 'conversation.thread_control',
    summary: 'Take, pass on or release the conversation, where several apps answer for the page',
    body: ThreadControlArguments,
  },
]

export const registerConversationPushes: RegisterRoutes = (api, context) => {
  const { ownership, run, pages, reader, clock, isAllowedUrl } = context
  for (const { path, type, summary, body: bodySchema } of PUSHES) {
    api.post(
      `/conversations/:conversationId/${path}`,
      {
        config: { access: 'push', optionalBody: true },
        schema: { ...pushSchema(type, 'conversation', summary), params: ConversationParams, body: bodySchema },
      },
      async (request, reply) => {
        const caller = callerOf(request)
        const { conversation, page } = await ownership.conversation(caller, request.params.conversationId)
        const args = (request.body ?? {}) as Readonly<Record<string, unknown>>
        return run(request, reply, {
          page,
          conversation,
          type,
          arguments: args,
          refusal: (nowMs) => argumentsRefusal(type, args, { nowMs, caller, hasConversation: true, isAllowedUrl }),
          present: (row) => presentConversationPush(row, conversation, { pages, reader, nowMs: clock.now() }),
        })
      },
    )
  }
}
