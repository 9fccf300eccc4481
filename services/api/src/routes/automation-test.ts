import { decide } from '@pagesync/shared/automations/decide.ts'
import { DecisionEffect, Reason, ReplyAction } from '@pagesync/shared/automations/decision.ts'
import { TEXT_LENGTH_MAX } from '@pagesync/shared/model/command-arguments.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { dryRunContext } from '../dry-run-context.ts'
import { body, errors, PageParams, success } from '../route-shapes.ts'
import { Id, nullable } from '../views/shapes.ts'

const RFC_3339 =
  '^[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9]:[0-5][0-9](:[0-5][0-9](\\.[0-9]{1,9})?)?(Z|[+-][0-2][0-9]:[0-5][0-9])$'

const TestBody = body(
  {
    text: Type.String({ minLength: 1, maxLength: TEXT_LENGTH_MAX }),
    at: Type.Optional(Type.String({ pattern: RFC_3339, description: 'RFC 3339; default now' })),
    conversation_id: Type.Optional(
      Type.Integer({
        ...Id,
        description: 'As it stands now: muted, paused, cool-downs, window. Without it none of that',
      }),
    ),
    is_new_conversation: Type.Optional(Type.Boolean({ description: 'Default false' })),
    quick_reply_payload: Type.Optional(Type.String({ maxLength: 1_000 })),
  },
  { examples: [{ text: 'do you ship?', at: '2026-01-08T10:30:00Z' }] },
)

export const registerAutomationTest: RegisterRoutes = (api, context) => {
  const { ownership, compiledRules } = context
  api.post(
    '/pages/:pageId/automations/test',
    {
      config: { access: 'automations' },
      schema: {
        tags: ['automations'],
        summary: 'Ask which automation would answer a message',
        description:
          'The very decision that a message of a customer gets, with the reason of each rule. Sends nothing.',
        params: PageParams,
        body: TestBody,
        response: {
          200: success({
            would_answer: Type.Boolean(),
            action: nullable(ReplyAction),
            effects: Type.Array(DecisionEffect),
            reasons: Type.Array(Reason),
          }),
          ...errors('automations', [
            'PAGE_NOT_FOUND',
            'CONVERSATION_NOT_FOUND',
            'PAYLOAD_TOO_LARGE',
            'UNSUPPORTED_MEDIA_TYPE',
          ]),
        },
      },
    },
    async (request) => {
      const page = await ownership.page(callerOf(request), request.params.pageId)
      const { message, decisionContext } = await dryRunContext(callerOf(request), page, request.body, context)
      const rules = (await compiledRules.of([page.id])).get(page.id)
      if (!rules) throw new Error('the rules of a page were not read')
      const { action, effects, reasons } = decide(rules, message, decisionContext)
      return {
        success: true as const,
        would_answer: action !== null,
        action,
        effects: [...effects],
        reasons: [...reasons],
      }
    },
  )
}
