import { KeywordBody } from '@pagesync/shared/automations/custom-keyword.ts'
import { RULES_PER_PAGE } from '@pagesync/shared/automations/limits.ts'
import { partProblems } from '@pagesync/shared/automations/rule-problems.ts'
import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { KeywordRow } from '@pagesync/shared/store/repositories/automation-rows.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { createListing } from '../listing.ts'
import { errors, IdParams, list, listQuery, success } from '../route-shapes.ts'
import { keywordBody, keywordContent } from '../rule-contents.ts'
import {
  assertAutomationType,
  assertNoProblems,
  assertRoomFor,
  changeBody,
  RULE_WRITE_ERRORS,
  withChanges,
} from '../rule-edits.ts'
import { Keyword, presentKeyword } from '../views/automation.ts'
import { named } from '../views/shapes.ts'

const Position = Type.Object({ _id: Type.String(), id: Type.Integer() })
const readListing = createListing('keywords', Position, ({ _id, id }: KeywordRow) => ({ _id, id }))

const Body = Type.Object(KeywordBody.properties, {
  additionalProperties: false,
  examples: [{ keyword: 'delivery', match_type: 'contains', response_message: 'We deliver until 8 pm.' }],
})
const One = success({ keyword: named(Keyword) })
const NOT_FOUND = 'KEYWORD_NOT_FOUND'

export const registerKeywords: RegisterRoutes = (api, { ownership, rules, ruleCounts, clock }) => {
  const countsOf = (pageId: number, rows: readonly KeywordRow[]) =>
    ruleCounts.of(
      pageId,
      'keyword',
      rows.map(({ id }) => id),
    )
  const present = async (row: KeywordRow): Promise<Keyword> =>
    presentKeyword(row, (await countsOf(row.page_id, [row])).get(row.id))

  api.get(
    '/automations/:id/keywords',
    {
      config: { access: 'read' },
      schema: {
        tags: ['automations'],
        summary: "List an automation's keywords",
        params: IdParams,
        querystring: listQuery('newest', {}),
        response: { 200: list('keywords', Keyword), ...errors('read', ['AUTOMATION_NOT_FOUND']) },
      },
    },
    async (request) => {
      const automation = await ownership.automation(callerOf(request), request.params.id)
      const { sort = 'newest' } = request.query
      const { rows, nextCursor } = await readListing(
        { ...request.query, sort },
        { fetch: (limit, after) => rules.keywords.list({ automation_id: automation.id }, sort, limit, after) },
      )
      const counts = await countsOf(automation.page_id, rows)
      const keywords = rows.map((row) => presentKeyword(row, counts.get(row.id)))
      return { success: true as const, keywords, next_cursor: nextCursor }
    },
  )

  api.post(
    '/automations/:id/keywords',
    {
      config: { access: 'automations' },
      schema: {
        tags: ['automations'],
        summary: 'Add a keyword to an automation of type custom_keyword',
        params: IdParams,
        body: Body,
        response: { 201: One, ...errors('automations', ['AUTOMATION_NOT_FOUND', ...RULE_WRITE_ERRORS]) },
      },
    },
    async (request, reply) => {
      const automation = await ownership.automation(callerOf(request), request.params.id)
      assertAutomationType(automation, 'custom_keyword')
      assertNoProblems(partProblems('keyword', request.body))
      const count = await rules.keywords.count({ page_id: automation.page_id })
      assertRoomFor(count, 1, RULES_PER_PAGE.keywords, 'keywords')
      const page = { tenantId: automation.tenant_id, pageId: automation.page_id }
      const content = { ...keywordContent(request.body), automation_id: automation.id }
      const [made] = await rules.keywords.insert(page, [content], clock.now())
      await rules.changed(automation.page_id)
      void reply.code(201)
      return { success: true as const, keyword: presentKeyword(made as KeywordRow) }
    },
  )

  api.put(
    '/keywords/:id',
    {
      config: { access: 'automations' },
      schema: {
        tags: ['automations'],
        summary: 'Change a keyword',
        description: 'Members that are not named stay; null gives one its default back.',
        params: IdParams,
        body: changeBody(KeywordBody, [{ response_message: 'We deliver until 9 pm.' }]),
        response: { 200: One, ...errors('automations', [NOT_FOUND, ...RULE_WRITE_ERRORS]) },
      },
    },
    async (request) => {
      const row = await ownership.keyword(callerOf(request), request.params.id)
      const changed = await rules.keywords.update(
        row,
        (current) => {
          const body = withChanges({ ...keywordBody(current) }, request.body)
          assertNoProblems(partProblems('keyword', body))
          return { ...current, ...keywordContent(body as KeywordBody) }
        },
        clock.now(),
      )
      if (!changed) throw new AppError(NOT_FOUND, `There is no keyword ${row.id}`)
      await rules.changed(changed.page_id)
      return { success: true as const, keyword: await present(changed) }
    },
  )

  api.delete(
    '/keywords/:id',
    {
      config: { access: 'automations' },
      schema: {
        tags: ['automations'],
        summary: 'Remove a keyword',
        params: IdParams,
        response: { 200: One, ...errors('automations', [NOT_FOUND]) },
      },
    },
    async (request) => {
      const row = await ownership.keyword(callerOf(request), request.params.id)
      const shown = await present(row)
      await rules.keywords.remove([row])
      await rules.changed(row.page_id)
      await ruleCounts.remove(row.page_id, 'keyword', [row.id])
      return { success: true as const, keyword: shown }
    },
  )
}
