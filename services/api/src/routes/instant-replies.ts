import { InstantReplyBody } from '@pagesync/shared/automations/instant-reply.ts'
import { RULES_PER_PAGE } from '@pagesync/shared/automations/limits.ts'
import type { InstantReplyRow } from '@pagesync/shared/store/repositories/automation-rows.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { errors, IdParams, list, listQuery, success } from '../route-shapes.ts'
import { instantReplyBody, instantReplyContent } from '../rule-contents.ts'
import { assertAutomationType, changeBody, RULE_WRITE_ERRORS } from '../rule-edits.ts'
import { createRuleListing, createRuleParts } from '../rule-parts.ts'
import { InstantReply, presentInstantReply } from '../views/automation.ts'
import { named } from '../views/shapes.ts'

const readListing = createRuleListing<InstantReplyRow>('instant_replies')

const Body = Type.Object(InstantReplyBody.properties, {
  additionalProperties: false,
  examples: [{ trigger: 'new_message', message: 'Hello {{first_name}}, we answer in a moment.' }],
})
const One = success({ instant_reply: named(InstantReply) })
const NOT_FOUND = 'INSTANT_REPLY_NOT_FOUND'

export const registerInstantReplies: RegisterRoutes = (api, context) => {
  const { ownership, rules } = context
  const kind = {
    part: 'instant_reply',
    collection: rules.instantReplies,
    max: RULES_PER_PAGE.instantReplies,
    plural: 'instant replies',
    notFound: NOT_FOUND,
    bodyOf: instantReplyBody,
    contentOf: instantReplyContent,
    present: presentInstantReply,
  } as const
  const parts = createRuleParts<InstantReplyRow, InstantReplyBody, InstantReply>(kind, context)

  api.get(
    '/automations/:id/instant-replies',
    {
      config: { access: 'read' },
      schema: {
        tags: ['automations'],
        summary: "List an automation's instant replies",
        params: IdParams,
        querystring: listQuery('newest', {}),
        response: { 200: list('instant_replies', InstantReply), ...errors('read', ['AUTOMATION_NOT_FOUND']) },
      },
    },
    async (request) => {
      const automation = await ownership.automation(callerOf(request), request.params.id)
      const of = { automation_id: automation.id }
      const { shown, nextCursor } = await parts.list(automation.page_id, of, request.query, readListing)
      return { success: true as const, instant_replies: shown, next_cursor: nextCursor }
    },
  )

  api.post(
    '/automations/:id/instant-replies',
    {
      config: { access: 'automations' },
      schema: {
        tags: ['automations'],
        summary: 'Add an instant reply to an automation of type instant_reply',
        params: IdParams,
        body: Body,
        response: { 201: One, ...errors('automations', ['AUTOMATION_NOT_FOUND', ...RULE_WRITE_ERRORS]) },
      },
    },
    async (request, reply) => {
      const automation = await ownership.automation(callerOf(request), request.params.id)
      assertAutomationType(automation, 'instant_reply')
      const page = { tenantId: automation.tenant_id, pageId: automation.page_id }
      const made = await parts.add(page, request.body, { automation_id: automation.id })
      void reply.code(201)
      return { success: true as const, instant_reply: made }
    },
  )

  api.put(
    '/instant-replies/:id',
    {
      config: { access: 'automations' },
      schema: {
        tags: ['automations'],
        summary: 'Change an instant reply',
        description: 'Members that are not named stay; null gives one its default back.',
        params: IdParams,
        body: changeBody(InstantReplyBody, [{ message: 'Hello! We answer until 5 pm.' }]),
        response: { 200: One, ...errors('automations', [NOT_FOUND, ...RULE_WRITE_ERRORS]) },
      },
    },
    async (request) => {
      const row = await ownership.instantReply(callerOf(request), request.params.id)
      return { success: true as const, instant_reply: await parts.change(row, request.body) }
    },
  )

  api.delete(
    '/instant-replies/:id',
    {
      config: { access: 'automations' },
      schema: {
        tags: ['automations'],
        summary: 'Remove an instant reply',
        params: IdParams,
        response: { 200: One, ...errors('automations', [NOT_FOUND]) },
      },
    },
    async (request) => {
      const row = await ownership.instantReply(callerOf(request), request.params.id)
      return { success: true as const, instant_reply: await parts.remove(row) }
    },
  )
}
