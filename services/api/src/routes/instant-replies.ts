import { InstantReplyBody } from '@pagesync/shared/automations/instant-reply.ts'
import { RULES_PER_PAGE } from '@pagesync/shared/automations/limits.ts'
import { partProblems } from '@pagesync/shared/automations/rule-problems.ts'
import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { InstantReplyRow } from '@pagesync/shared/store/repositories/automation-rows.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { createListing } from '../listing.ts'
import { errors, IdParams, list, listQuery, success } from '../route-shapes.ts'
import { instantReplyBody, instantReplyContent } from '../rule-contents.ts'
import {
  assertAutomationType,
  assertNoProblems,
  assertRoomFor,
  changeBody,
  RULE_WRITE_ERRORS,
  withChanges,
} from '../rule-edits.ts'
import { InstantReply, presentInstantReply } from '../views/automation.ts'
import { named } from '../views/shapes.ts'

const Position = Type.Object({ _id: Type.String(), id: Type.Integer() })
const readListing = createListing('instant_replies', Position, ({ _id, id }: InstantReplyRow) => ({ _id, id }))

const Body = Type.Object(InstantReplyBody.properties, {
  additionalProperties: false,
  examples: [{ trigger: 'new_message', message: 'Hello {{first_name}}, we answer in a moment.' }],
})
const One = success({ instant_reply: named(InstantReply) })
const NOT_FOUND = 'INSTANT_REPLY_NOT_FOUND'

export const registerInstantReplies: RegisterRoutes = (api, { ownership, rules, ruleCounts, clock }) => {
  const countsOf = (pageId: number, rows: readonly InstantReplyRow[]) =>
    ruleCounts.of(
      pageId,
      'instant_reply',
      rows.map(({ id }) => id),
    )
  const present = async (row: InstantReplyRow): Promise<InstantReply> =>
    presentInstantReply(row, (await countsOf(row.page_id, [row])).get(row.id))

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
      const { sort = 'newest' } = request.query
      const { rows, nextCursor } = await readListing(
        { ...request.query, sort },
        { fetch: (limit, after) => rules.instantReplies.list({ automation_id: automation.id }, sort, limit, after) },
      )
      const counts = await countsOf(automation.page_id, rows)
      const replies = rows.map((row) => presentInstantReply(row, counts.get(row.id)))
      return { success: true as const, instant_replies: replies, next_cursor: nextCursor }
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
      assertNoProblems(partProblems('instant_reply', request.body))
      const count = await rules.instantReplies.count({ page_id: automation.page_id })
      assertRoomFor(count, 1, RULES_PER_PAGE.instantReplies, 'instant replies')
      const page = { tenantId: automation.tenant_id, pageId: automation.page_id }
      const content = { ...instantReplyContent(request.body), automation_id: automation.id }
      const [made] = await rules.instantReplies.insert(page, [content], clock.now())
      await rules.changed(automation.page_id)
      void reply.code(201)
      return { success: true as const, instant_reply: presentInstantReply(made as InstantReplyRow) }
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
      const changed = await rules.instantReplies.update(
        row,
        (current) => {
          const body = withChanges({ ...instantReplyBody(current) }, request.body)
          assertNoProblems(partProblems('instant_reply', body))
          return { ...current, ...instantReplyContent(body as InstantReplyBody) }
        },
        clock.now(),
      )
      if (!changed) throw new AppError(NOT_FOUND, `There is no instant reply ${row.id}`)
      await rules.changed(changed.page_id)
      return { success: true as const, instant_reply: await present(changed) }
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
      const shown = await present(row)
      await rules.instantReplies.remove([row])
      await rules.changed(row.page_id)
      await ruleCounts.remove(row.page_id, 'instant_reply', [row.id])
      return { success: true as const, instant_reply: shown }
    },
  )
}
