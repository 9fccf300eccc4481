import { fillTemplate } from '@pagesync/shared/automations/fill-template.ts'
import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { SendArguments } from '@pagesync/shared/model/command-arguments.ts'
import { sendExpiresMs } from '@pagesync/shared/model/reply-window.ts'
import { replyKey } from '@pagesync/shared/store/repositories/automation-rows.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { conversationIdsOfKeys } from '../conversation-ids.ts'
import { presentSend } from '../present-push.ts'
import { pushArguments } from '../push-arguments.ts'
import { pushSchema } from '../push-schema.ts'
import { windowRefusal } from '../reply-window.ts'
import { body, errors, IdParams, success } from '../route-shapes.ts'
import { AutomaticReply, presentAutomaticReply } from '../views/automation.ts'
import { PUSH_RESULTS } from '../views/push-results.ts'
import { Id, named, nullable } from '../views/shapes.ts'

const SendParams = Type.Object({ faqId: Id, conversationId: Id })
const FeedbackBody = body(
  { feedback: Type.Union([Type.Literal('helpful'), Type.Literal('unhelpful')]) },
  { examples: [{ feedback: 'helpful' }] },
)
const Sent = success({ ...PUSH_RESULTS['message.send'], faq_log_id: nullable(Id) }, { description: 'Done' })

export const registerFaqActs: RegisterRoutes = (api, context) => {
  const { ownership, reader, run, pages, clock, replies, ruleCounts } = context
  const schema = pushSchema(
    'message.send',
    'conversation',
    'Send the answer of an FAQ to the person of the conversation',
  )
  const notFound = errors('push', ['CONVERSATION_NOT_FOUND', 'FAQ_NOT_FOUND'])

  api.post(
    '/faqs/:faqId/send/:conversationId',
    {
      config: { access: 'push', optionalBody: true },
      schema: {
        ...schema,
        tags: ['faqs'],
        params: SendParams,
        body: Type.Object({}, { additionalProperties: false }),
        response: { ...schema.response, ...notFound, 200: Sent },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request)
      const faq = await ownership.faq(caller, request.params.faqId)
      const { conversation, page } = await ownership.conversation(caller, request.params.conversationId)
      // An FAQ of another page is as good as none: its answer speaks for that page.
      if (faq.page_id !== page.id) throw new AppError('FAQ_NOT_FOUND', `No such FAQ: ${faq.id}`)
      const [contact] = await reader.contactsByKey([conversation._id])
      const name = contact?.name ?? conversation.participant_name
      const message = fillTemplate(faq.answer, { name, firstName: null, pageName: page.name ?? '' })
      const args: SendArguments = { ...pushArguments(caller, { message }), part: 'faq', part_id: faq.id }
      return run(request, reply, {
        page,
        conversation,
        type: 'message.send',
        arguments: args,
        refusal: (nowMs) => windowRefusal(conversation, false, nowMs),
        expiresMs: sendExpiresMs(conversation.last_customer_ms, false, clock.now()),
        present: async (row) => {
          const [log] = await replies.getByKeys([replyKey(page.id, `command/${row.command_id}`)])
          return {
            ...(await presentSend(row, page, { pages, reader, nowMs: clock.now() })),
            faq_log_id: log?.id ?? null,
          }
        },
      })
    },
  )

  api.post(
    '/faq-logs/:id/feedback',
    {
      config: { access: 'automations' },
      schema: {
        tags: ['faqs'],
        summary: 'Say whether the answer of an FAQ helped',
        description: 'The last word counts. People say it by the buttons below the answer, too.',
        params: IdParams,
        body: FeedbackBody,
        response: {
          200: success({ faq_log: named(AutomaticReply) }),
          ...errors('automations', [
            'FAQ_LOG_NOT_FOUND',
            'PAYLOAD_TOO_LARGE',
            'UNSUPPORTED_MEDIA_TYPE',
            'WRITE_CONFLICT',
          ]),
        },
      },
    },
    async (request) => {
      const log = await ownership.faqLog(callerOf(request), request.params.id)
      const rated = await replies.rate(log, request.body.feedback, clock.now())
      // Also where nothing changed: the last time may have ended before it was counted.
      await ruleCounts.recountFaq(rated)
      const ids = await conversationIdsOfKeys(reader, [rated.conversation_key])
      return { success: true as const, faq_log: presentAutomaticReply(rated, ids.get(rated.conversation_key) ?? null) }
    },
  )
}
