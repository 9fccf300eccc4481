import { SendBody } from '@pagesync/shared/model/command-arguments.ts'
import { sendExpiresMs } from '@pagesync/shared/model/reply-window.ts'
import { type ConversationRow, conversationKey, type PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { personErased } from '@pagesync/shared/store/repositories/tombstones.ts'
import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ApiContext, RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { presentSend } from '../present-push.ts'
import { argumentsRefusal, pushArguments } from '../push-arguments.ts'
import { pushSchema } from '../push-schema.ts'
import { windowRefusal } from '../reply-window.ts'
import { ConversationParams, PageParams } from '../route-shapes.ts'

const Closed = { additionalProperties: false }
const { recipient_id: _recipient, ...Message } = SendBody.properties
const { recipient_id } = Type.Required(SendBody).properties
const MessageBody = Type.Object(Message, { ...Closed, minProperties: 1, examples: [{ message: 'On its way!' }] })
const ToPersonBody = Type.Object(
  { ...Message, recipient_id },
  { ...Closed, examples: [{ recipient_id: '7612345678901234', message: 'On its way!' }] },
)

export const registerSends: RegisterRoutes = (api, context) => {
  const { ownership, reader } = context
  api.post(
    '/conversations/:conversationId/messages',
    {
      config: { access: 'push' },
      schema: {
        ...pushSchema('message.send', 'conversation', 'Send a message to the person of the conversation'),
        params: ConversationParams,
        body: MessageBody,
      },
    },
    async (request, reply) => {
      const { conversation, page } = await ownership.conversation(callerOf(request), request.params.conversationId)
      return send(request, reply, { page, conversation }, context)
    },
  )

  api.post(
    '/pages/:pageId/send-message',
    {
      config: { access: 'push' },
      schema: {
        ...pushSchema('message.send', 'page', 'Send a message to a person who wrote to the page'),
        params: PageParams,
        body: ToPersonBody,
      },
    },
    async (request, reply) => {
      const page = await ownership.page(callerOf(request), request.params.pageId)
      await assertNotErased(page, request.body.recipient_id, context)
      const [conversation] = await reader.conversationsByKey([conversationKey(page.id, request.body.recipient_id)])
      return send(request, reply, { page, ...(conversation ? { conversation } : {}) }, context)
    },
  )
}

/** Before the command is written: its row would name them again. */
async function assertNotErased(page: PageRow, psid: string, { tombstones }: ApiContext): Promise<void> {
  if (await tombstones.isErased({ page, psid })) throw personErased()
}

interface Target {
  readonly page: PageRow
  readonly conversation?: ConversationRow
}

function send(
  request: FastifyRequest,
  reply: FastifyReply,
  { page, conversation }: Target,
  { run, pages, reader, clock, isAllowedUrl }: ApiContext,
): Promise<FastifyReply> {
  const caller = callerOf(request)
  const args = pushArguments(caller, request.body)
  const isHuman = args.tag === 'HUMAN_AGENT'
  const hasConversation = conversation !== undefined
  return run(request, reply, {
    page,
    ...(conversation ? { conversation } : {}),
    type: 'message.send',
    arguments: args,
    refusal: (nowMs) =>
      argumentsRefusal('message.send', args, { nowMs, caller, hasConversation, isAllowedUrl }) ??
      (conversation ? windowRefusal(conversation, isHuman, nowMs) : null),
    expiresMs: sendExpiresMs(conversation?.last_customer_ms ?? null, isHuman, clock.now()),
    present: (row) => presentSend(row, page, { pages, reader, nowMs: clock.now() }),
  })
}
