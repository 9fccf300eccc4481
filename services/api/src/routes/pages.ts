import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf, mayUsePage } from '../caller.ts'
import { createListing } from '../listing.ts'
import { errors, IdParams, list, listQuery, success } from '../route-shapes.ts'
import { Page, presentPage } from '../views/page.ts'
import { named } from '../views/shapes.ts'

const Position = Type.Object({ _id: Type.String(), id: Type.Integer() })
const readListing = createListing('pages', Position, ({ _id, id }: PageRow) => ({ _id, id }))

export const registerPages: RegisterRoutes = (api, { pages, ownership }) => {
  api.get(
    '/pages',
    {
      config: { access: 'read' },
      schema: {
        tags: ['pages'],
        summary: 'List the pages',
        querystring: listQuery('newest', {}),
        response: { 200: list('pages', Page), ...errors('read') },
      },
    },
    async (request) => {
      const caller = callerOf(request)
      const { sort = 'newest' } = request.query
      const { rows, nextCursor } = await readListing(
        { ...request.query, sort },
        {
          fetch: (limit, after) => pages.list(caller.tenantId, sort, limit, after),
          keep: caller.pageIds === null ? undefined : (row) => mayUsePage(caller, row.id),
        },
      )
      return { success: true as const, pages: rows.map(presentPage), next_cursor: nextCursor }
    },
  )

  api.get(
    '/pages/:id',
    {
      config: { access: 'read' },
      schema: {
        tags: ['pages'],
        summary: 'Show a page',
        params: IdParams,
        response: { 200: success({ page: named(Page) }), ...errors('read', ['PAGE_NOT_FOUND']) },
      },
    },
    async (request) => ({
      success: true as const,
      page: presentPage(await ownership.page(callerOf(request), request.params.id)),
    }),
  )
}
