import { FaqBody } from '@pagesync/shared/automations/faq.ts'
import { RULES_PER_PAGE } from '@pagesync/shared/automations/limits.ts'
import { partProblems } from '@pagesync/shared/automations/rule-problems.ts'
import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { FaqRow } from '@pagesync/shared/store/repositories/automation-rows.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { createListing } from '../listing.ts'
import { errors, IdParams, list, listQuery, PageParams, success } from '../route-shapes.ts'
import { faqBody, faqContent } from '../rule-contents.ts'
import { assertNoProblems, assertRoomFor, changeBody, RULE_WRITE_ERRORS, withChanges } from '../rule-edits.ts'
import { Faq, presentFaq } from '../views/faq.ts'
import { named } from '../views/shapes.ts'

const Position = Type.Object({ _id: Type.String(), id: Type.Integer() })
const readListing = createListing('faqs', Position, ({ _id, id }: FaqRow) => ({ _id, id }))

const Filters = {
  category: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
  is_active: Type.Optional(Type.Boolean()),
}
const Body = Type.Object(FaqBody.properties, {
  additionalProperties: false,
  examples: [{ question: 'Do you ship abroad?', answer: 'Yes, to 40 countries.', category: 'Delivery' }],
})
const One = success({ faq: named(Faq) })

export const registerFaqs: RegisterRoutes = (api, { ownership, rules, ruleCounts, clock }) => {
  const present = async (row: FaqRow): Promise<Faq> =>
    presentFaq(row, (await ruleCounts.of(row.page_id, 'faq', [row.id])).get(row.id))

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
      const { sort = 'newest', category, is_active } = request.query
      const of = category === undefined ? { page_id: page.id } : { page_id: page.id, category }
      const { rows, nextCursor } = await readListing(
        { ...request.query, sort },
        {
          fetch: (limit, after) => rules.faqs.list(of, sort, limit, after),
          keep: is_active === undefined ? undefined : (row) => row.is_active === is_active,
        },
      )
      const counts = await ruleCounts.of(
        page.id,
        'faq',
        rows.map(({ id }) => id),
      )
      const faqs = rows.map((row) => presentFaq(row, counts.get(row.id)))
      return { success: true as const, faqs, next_cursor: nextCursor }
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
      assertNoProblems(partProblems('faq', request.body))
      assertRoomFor(await rules.faqs.count({ page_id: page.id }), 1, RULES_PER_PAGE.faqs, 'FAQs')
      const of = { tenantId: page.tenant_id, pageId: page.id }
      const [made] = await rules.faqs.insert(of, [faqContent(request.body)], clock.now())
      await rules.changed(page.id)
      void reply.code(201)
      return { success: true as const, faq: presentFaq(made as FaqRow) }
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
      faq: await present(await ownership.faq(callerOf(request), request.params.id)),
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
      const changed = await rules.faqs.update(
        row,
        (current) => {
          const body = withChanges({ ...faqBody(current) }, request.body)
          assertNoProblems(partProblems('faq', body))
          return { ...current, ...faqContent(body as FaqBody) }
        },
        clock.now(),
      )
      if (!changed) throw new AppError('FAQ_NOT_FOUND', `There is no FAQ ${row.id}`)
      await rules.changed(changed.page_id)
      return { success: true as const, faq: await present(changed) }
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
      const shown = await present(row)
      await rules.faqs.remove([row])
      await rules.changed(row.page_id)
      await ruleCounts.remove(row.page_id, 'faq', [row.id])
      return { success: true as const, faq: shown }
    },
  )
}
