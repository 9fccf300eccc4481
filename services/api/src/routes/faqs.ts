import { FaqBody } from '@pagesync/shared/automations/faq.ts'
import type { FaqRow } from '@pagesync/shared/store/repositories/automation-rows.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { createFaqParts } from '../faq-parts.ts'
import { errors, IdParams, list, listQuery, PageParams, success } from '../route-shapes.ts'
import { changeBody, RULE_WRITE_ERRORS } from '../rule-edits.ts'
import { createRuleListing } from '../rule-parts.ts'
import { Faq } from '../views/faq.ts'
import { named } from '../views/shapes.ts'

const readListing = createRuleListing<FaqRow>('faqs')

const Filters = {
  category: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  is_active: Type.Optional(Type.Boolean()),
}
const Body = Type.Object(FaqBody.properties, {
  additionalProperties: false,
  examples: [{ question: 'Do you ship abroad?', answer: 'Yes, to 40 countries.', category: 'Delivery' }],
})
const One = success({ faq: named(Faq) })

export const registerFaqs: RegisterRoutes = (api, context) => {
  const { ownership } = context
  const parts = createFaqParts(context)

  api.get(
    '/pages/:pageId/faqs',
    {
      config: { access: 'read' },
      schema: {
        tags: ['faqs'],
        summary: "List a page's FAQs",
        description: 'With a filter a page of the list may be short, even empty, and still have a `next_cursor`.',
        params: PageParams,
        querystring: listQuery('newest', Filters),
        response: { 200: list('faqs', Faq), ...errors('read', ['PAGE_NOT_FOUND']) },
      },
    },
    async (request) => {
      const page = await ownership.page(callerOf(request), request.params.pageId)
      const { category, is_active } = request.query
      const of = category === undefined ? { page_id: page.id } : { page_id: page.id, category }
      const keep = is_active === undefined ? undefined : (row: FaqRow) => row.is_active === is_active
      const { shown, nextCursor } = await parts.list(page.id, of, request.query, readListing, keep)
      return { success: true as const, faqs: shown, next_cursor: nextCursor }
    },
  )

  api.post(
    '/pages/:pageId/faqs',
    {
      config: { access: 'automations' },
      schema: {
        tags: ['faqs'],
        summary: 'Add an FAQ',
        description: 'It answers where the page has an active automation of type faq. In force within 3 seconds.',
        params: PageParams,
        body: Body,
        response: { 201: One, ...errors('automations', ['PAGE_NOT_FOUND', ...RULE_WRITE_ERRORS]) },
      },
    },
    async (request, reply) => {
      const page = await ownership.page(callerOf(request), request.params.pageId)
      const made = await parts.add({ tenantId: page.tenant_id, pageId: page.id }, request.body)
      void reply.code(201)
      return { success: true as const, faq: made }
    },
  )

  api.get(
    '/faqs/:id',
    {
      config: { access: 'read' },
      schema: {
        tags: ['faqs'],
        summary: 'Show an FAQ',
        params: IdParams,
        response: { 200: One, ...errors('read', ['FAQ_NOT_FOUND']) },
      },
    },
    async (request) => ({
      success: true as const,
      faq: await parts.show(await ownership.faq(callerOf(request), request.params.id)),
    }),
  )

  api.put(
    '/faqs/:id',
    {
      config: { access: 'automations' },
      schema: {
        tags: ['faqs'],
        summary: 'Change an FAQ',
        description: 'Members that are not named stay; null gives one its default back.',
        params: IdParams,
        body: changeBody(FaqBody, [{ answer: 'Yes, to 41 countries.' }]),
        response: { 200: One, ...errors('automations', ['FAQ_NOT_FOUND', ...RULE_WRITE_ERRORS]) },
      },
    },
    async (request) => {
      const row = await ownership.faq(callerOf(request), request.params.id)
      return { success: true as const, faq: await parts.change(row, request.body) }
    },
  )

  api.delete(
    '/faqs/:id',
    {
      config: { access: 'automations' },
      schema: {
        tags: ['faqs'],
        summary: 'Remove an FAQ',
        params: IdParams,
        response: { 200: One, ...errors('automations', ['FAQ_NOT_FOUND']) },
      },
    },
    async (request) => {
      const row = await ownership.faq(callerOf(request), request.params.id)
      return { success: true as const, faq: await parts.remove(row) }
    },
  )
}
