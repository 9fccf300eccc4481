import { RULES_PER_PAGE } from '@pagesync/shared/automations/limits.ts'
import type { FaqRow } from '@pagesync/shared/store/repositories/automation-rows.ts'
import { NEVER_USED } from '@pagesync/shared/store/repositories/rule-counts.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { createFaqParts } from '../faq-parts.ts'
import { createWordMatch } from '../match-words.ts'
import { errors, list, listQuery, PageParams, success } from '../route-shapes.ts'
import { createRuleListing } from '../rule-parts.ts'
import { Faq, FaqStats } from '../views/faq.ts'
import { named } from '../views/shapes.ts'

const readListing = createRuleListing<FaqRow>('faq_search')
const TOP_FAQS = 10

export const registerFaqOverview: RegisterRoutes = (api, context) => {
  const { ownership, rules, ruleCounts } = context
  const parts = createFaqParts(context)

  api.get(
    '/pages/:pageId/faqs/search',
    {
      config: { access: 'read' },
      schema: {
        tags: ['faqs'],
        summary: 'Search the FAQs of a page',
        description:
          'Those whose question, answer, keywords or category have words that begin as those of `q`, whatever their case ' +
          'and accents; in scripts without blanks between words, anywhere. A page of the list may be short, even empty, and ' +
          'still have a `next_cursor`.',
        params: PageParams,
        querystring: listQuery('newest', { q: Type.String({ minLength: 1, maxLength: 100 }) }),
        response: { 200: list('faqs', Faq), ...errors('read', ['PAGE_NOT_FOUND']) },
      },
    },
    async (request) => {
      const page = await ownership.page(callerOf(request), request.params.pageId)
      const matches = createWordMatch(request.query.q)
      const keep = ({ question, answer, keywords, category }: FaqRow): boolean =>
        matches([question, answer, ...keywords, category ?? ''].join('\n'))
      const { shown, nextCursor } = await parts.list(page.id, { page_id: page.id }, request.query, readListing, keep)
      return { success: true as const, faqs: shown, next_cursor: nextCursor }
    },
  )

  api.get(
    '/pages/:pageId/faq-categories',
    {
      config: { access: 'read' },
      schema: {
        tags: ['faqs'],
        summary: 'List the categories of the FAQs of a page',
        params: PageParams,
        response: {
          200: success({ categories: Type.Array(Type.Object({ name: Type.String(), faq_count: Type.Integer() })) }),
          ...errors('read', ['PAGE_NOT_FOUND']),
        },
      },
    },
    async (request) => {
      const page = await ownership.page(callerOf(request), request.params.pageId)
      const counted = countByCategory(await rules.faqs.findAll({ page_id: page.id }, RULES_PER_PAGE.faqs))
      const categories = [...counted].filter(([name]) => name !== '').map(([name, faq_count]) => ({ name, faq_count }))
      return { success: true as const, categories: categories.toSorted((a, b) => (a.name < b.name ? -1 : 1)) }
    },
  )

  api.get(
    '/pages/:pageId/faqs/stats',
    {
      config: { access: 'read' },
      schema: {
        tags: ['faqs'],
        summary: 'Show how the FAQs of a page are used',
        params: PageParams,
        response: {
          200: success({ ...FaqStats.properties, stats: named(FaqStats) }),
          ...errors('read', ['PAGE_NOT_FOUND']),
        },
      },
    },
    async (request) => {
      const page = await ownership.page(callerOf(request), request.params.pageId)
      const [all, totals, top] = await Promise.all([
        rules.faqs.findAll({ page_id: page.id }, RULES_PER_PAGE.faqs),
        ruleCounts.of(page.id, 'page_faqs', [page.id]),
        ruleCounts.mostUsed(page.id, 'faq', TOP_FAQS),
      ])
      const total = totals.get(page.id) ?? NEVER_USED
      const questions = new Map(all.map(({ id, question }) => [id, question]))
      const stats = {
        total_faqs: all.length,
        total_uses: total.uses,
        total_helpful: total.helpful,
        total_unhelpful: total.unhelpful,
        faqs_by_category: Object.fromEntries(countByCategory(all)),
        top_faqs: top.flatMap(({ counted_id: id, uses, helpful, unhelpful }) => {
          const question = questions.get(id)
          return question === undefined ? [] : [{ id, question, uses, helpful, unhelpful }]
        }),
      }
      return { success: true as const, ...stats, stats }
    },
  )
}

function countByCategory(faqs: readonly FaqRow[]): Map<string, number> {
  const counts = new Map<string, number>()
  for (const { category } of faqs) counts.set(category ?? '', (counts.get(category ?? '') ?? 0) + 1)
  return counts
}
