import { AutomationBody } from '@pagesync/shared/automations/automation.ts'
import { RULES_PER_PAGE } from '@pagesync/shared/automations/limits.ts'
import { configProblems } from '@pagesync/shared/automations/rule-problems.ts'
import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { AutomationRow } from '@pagesync/shared/store/repositories/automation-rows.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { body, errors, IdParams, list, listQuery, PageParams, success } from '../route-shapes.ts'
import { assertNoProblems, assertRoomFor, RULE_WRITE_ERRORS } from '../rule-edits.ts'
import { createRuleListing } from '../rule-parts.ts'
import { Automation, presentAutomation } from '../views/automation.ts'
import { Id, named } from '../views/shapes.ts'

const readListing = createRuleListing<AutomationRow>('automations')

const { name, config, is_active } = AutomationBody.properties
const Order = Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'Lower is asked first; default 0' })
const NewBody = body(
  { ...AutomationBody.properties, order: Type.Optional(Order) },
  {
    examples: [
      {
        name: 'Closed',
        type: 'away_message',
        config: { message: 'We are back at 9.', business_hours: { mon: [['09:00', '17:00']] } },
      },
    ],
  },
)
const ChangeBody = body(
  {
    name: Type.Optional(name),
    is_active,
    config: Type.Optional(Type.Union([config, Type.Null()], { description: 'All of it; null for the defaults' })),
    order: Type.Optional(Type.Union([Order, Type.Null()])),
  },
  { minProperties: 1, examples: [{ is_active: false }] },
)
const OrderBody = body(
  { ids: Type.Array(Id, { minItems: 1, maxItems: RULES_PER_PAGE.automations, uniqueItems: true }) },
  { examples: [{ ids: [3, 1, 2] }] },
)
const One = success({ automation: named(Automation) })
const Made = success({ automation: named(Automation) }, { description: 'Made' })

export const registerAutomations: RegisterRoutes = (api, context) => {
  const { ownership, rules, ruleCounts, clock } = context
  const present = async (row: AutomationRow): Promise<Automation> =>
    presentAutomation(row, (await ruleCounts.of(row.page_id, 'automation', [row.id])).get(row.id))

  api.get(
    '/pages/:pageId/automations',
    {
      config: { access: 'read' },
      schema: {
        tags: ['automations'],
        summary: "List a page's automations",
        params: PageParams,
        querystring: listQuery('newest', {}),
        response: { 200: list('automations', Automation), ...errors('read', ['PAGE_NOT_FOUND']) },
      },
    },
    async (request) => {
      const page = await ownership.page(callerOf(request), request.params.pageId)
      const { sort = 'newest' } = request.query
      const { rows, nextCursor } = await readListing(
        { ...request.query, sort },
        { fetch: (limit, after) => rules.automations.list({ page_id: page.id }, sort, limit, after) },
      )
      const counts = await ruleCounts.of(
        page.id,
        'automation',
        rows.map(({ id }) => id),
      )
      const automations = rows.map((row) => presentAutomation(row, counts.get(row.id)))
      return { success: true as const, automations, next_cursor: nextCursor }
    },
  )

  api.get(
    '/automations/:id',
    {
      config: { access: 'read' },
      schema: {
        tags: ['automations'],
        summary: 'Show an automation',
        params: IdParams,
        response: { 200: One, ...errors('read', ['AUTOMATION_NOT_FOUND']) },
      },
    },
    async (request) => ({
      success: true as const,
      automation: await present(await ownership.automation(callerOf(request), request.params.id)),
    }),
  )

  api.post(
    '/pages/:pageId/automations',
    {
      config: { access: 'automations' },
      schema: {
        tags: ['automations'],
        summary: 'Make an automation',
        description: 'A keyword, FAQ or instant reply automation answers once it has parts. In force within 3 seconds.',
        params: PageParams,
        body: NewBody,
        response: { 201: Made, ...errors('automations', ['PAGE_NOT_FOUND', ...RULE_WRITE_ERRORS]) },
      },
    },
    async (request, reply) => {
      const page = await ownership.page(callerOf(request), request.params.pageId)
      const { name, type, is_active = true, config = {}, order = 0 } = request.body
      assertNoProblems(configProblems(type, config), '/config')
      const count = await rules.automations.count({ page_id: page.id })
      assertRoomFor(count, 1, RULES_PER_PAGE.automations, 'automations')
      const content = { name, type, is_active, config, order }
      const [made] = await rules.automations.insert(
        { tenantId: page.tenant_id, pageId: page.id },
        [content],
        clock.now(),
      )
      await rules.changed(page.id)
      void reply.code(201)
      return { success: true as const, automation: presentAutomation(made as AutomationRow) }
    },
  )

  api.put(
    '/automations/:id',
    {
      config: { access: 'automations' },
      schema: {
        tags: ['automations'],
        summary: 'Change an automation',
        description: 'Members that are not named stay. Its type cannot change. In force within 3 seconds.',
        params: IdParams,
        body: ChangeBody,
        response: { 200: One, ...errors('automations', ['AUTOMATION_NOT_FOUND', ...RULE_WRITE_ERRORS]) },
      },
    },
    async (request) => {
      const automation = await ownership.automation(callerOf(request), request.params.id)
      const { name, is_active, config, order } = request.body
      if (config !== undefined) assertNoProblems(configProblems(automation.type, config ?? {}), '/config')
      const changed = await rules.automations.update(
        automation,
        (row) => ({
          ...row,
          name: name ?? row.name,
          is_active: is_active ?? row.is_active,
          config: config === undefined ? row.config : (config ?? {}),
          order: order === undefined ? row.order : (order ?? 0),
        }),
        clock.now(),
      )
      if (!changed) throw new AppError('AUTOMATION_NOT_FOUND', `There is no automation ${automation.id}`)
      await rules.changed(changed.page_id)
      return { success: true as const, automation: await present(changed) }
    },
  )

  api.delete(
    '/automations/:id',
    {
      config: { access: 'automations' },
      schema: {
        tags: ['automations'],
        summary: 'Remove an automation',
        description: 'With its keywords and instant replies. FAQs are the page’s and stay.',
        params: IdParams,
        response: { 200: One, ...errors('automations', ['AUTOMATION_NOT_FOUND']) },
      },
    },
    async (request) => {
      const automation = await ownership.automation(callerOf(request), request.params.id)
      const shown = await present(automation)
      await rules.removeAutomation(automation)
      await rules.changed(automation.page_id)
      await ruleCounts.remove(automation.page_id, 'automation', [automation.id])
      return { success: true as const, automation: shown }
    },
  )

  api.put(
    '/pages/:pageId/automations/order',
    {
      config: { access: 'automations' },
      schema: {
        tags: ['automations'],
        summary: 'Say in which order automations are asked',
        description: 'Those that are not named come after, in the order that they had.',
        params: PageParams,
        body: OrderBody,
        response: {
          200: success({ automations: Type.Array(named(Automation)) }),
          ...errors('automations', ['PAGE_NOT_FOUND', 'AUTOMATION_NOT_FOUND', ...RULE_WRITE_ERRORS]),
        },
      },
    },
    async (request) => {
      const page = await ownership.page(callerOf(request), request.params.pageId)
      const rows = await rules.automations.findAll({ page_id: page.id }, RULES_PER_PAGE.automations)
      const ordered = inOrder(rows, request.body.ids)
      const changed = await Promise.all(
        ordered.map((row, i) =>
          rules.automations.update(
            row,
            (current) => (current.order === i + 1 ? current : { ...current, order: i + 1 }),
            clock.now(),
          ),
        ),
      )
      await rules.changed(page.id)
      const there = changed.filter((row) => row !== undefined)
      const counts = await ruleCounts.of(
        page.id,
        'automation',
        there.map(({ id }) => id),
      )
      return { success: true as const, automations: there.map((row) => presentAutomation(row, counts.get(row.id))) }
    },
  )
}

/** @throws AppError AUTOMATION_NOT_FOUND for an id that is none of the page's */
function inOrder(rows: readonly AutomationRow[], ids: readonly number[]): AutomationRow[] {
  const byId = new Map(rows.map((row) => [row.id, row]))
  const named = ids.map((id) => {
    const row = byId.get(id)
    if (!row) throw new AppError('AUTOMATION_NOT_FOUND', `The page has no automation ${id}`)
    return row
  })
  const others = rows.filter((row) => !ids.includes(row.id)).toSorted((a, b) => a.order - b.order || a.id - b.id)
  return [...named, ...others]
}
