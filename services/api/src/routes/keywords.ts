import { KeywordBody } from '@pagesync/shared/automations/custom-keyword.ts'
import { RULES_PER_PAGE } from '@pagesync/shared/automations/limits.ts'
import { regexesProblem } from '@pagesync/shared/automations/regex-set.ts'
import type { KeywordRow } from '@pagesync/shared/store/repositories/automation-rows.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { errors, IdParams, list, listQuery, success } from '../route-shapes.ts'
import { keywordBody, keywordContent } from '../rule-contents.ts'
import { assertAutomationType, changeBody, RULE_WRITE_ERRORS } from '../rule-edits.ts'
import { createRuleListing, createRuleParts } from '../rule-parts.ts'
import { Keyword, presentKeyword } from '../views/automation.ts'
import { named } from '../views/shapes.ts'

const readListing = createRuleListing<KeywordRow>('keywords')

const Body = Type.Object(KeywordBody.properties, {
  additionalProperties: false,
  examples: [{ keyword: 'delivery', match_type: 'contains', response_message: 'We deliver until 8 pm.' }],
})
const One = success({ keyword: named(Keyword) })
const NOT_FOUND = 'KEYWORD_NOT_FOUND'

const isPattern = ({ match_type, is_active }: KeywordBody): boolean => match_type === 'regex' && is_active !== false

export const registerKeywords: RegisterRoutes = (api, context) => {
  const { ownership, rules } = context
  const kind = {
    part: 'keyword',
    collection: rules.keywords,
    max: RULES_PER_PAGE.keywords,
    plural: 'keywords',
    notFound: NOT_FOUND,
    bodyOf: keywordBody,
    contentOf: keywordContent,
    present: presentKeyword,
    misfits: async (pageId: number, body: KeywordBody, id: number | null) => {
      if (!isPattern(body)) return []
      const others = await rules.keywords.findAll({ page_id: pageId }, RULES_PER_PAGE.keywords)
      const patterns = others.filter((row) => isPattern(row) && row.id !== id)
      const message = regexesProblem([body, ...patterns].map(({ keyword }) => keyword))
      return message === null ? [] : [{ path: '/keyword', message }]
    },
  } as const
  const parts = createRuleParts<KeywordRow, KeywordBody, Keyword>(kind, context)

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
      const of = { automation_id: automation.id }
      const { shown, nextCursor } = await parts.list(automation.page_id, of, request.query, readListing)
      return { success: true as const, keywords: shown, next_cursor: nextCursor }
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
      const page = { tenantId: automation.tenant_id, pageId: automation.page_id }
      const made = await parts.add(page, request.body, { automation_id: automation.id })
      void reply.code(201)
      return { success: true as const, keyword: made }
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
      return { success: true as const, keyword: await parts.change(row, request.body) }
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
      return { success: true as const, keyword: await parts.remove(row) }
    },
  )
}
