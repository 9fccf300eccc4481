import { isFinal } from '@pagesync/shared/model/command.ts'
import { SYNC_TYPES } from '@pagesync/shared/model/sync-commands.ts'
import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { commandSource, readRuns } from '../command-source.ts'
import { errors, list, listQuery, PageParams } from '../route-shapes.ts'
import { presentRun, Run } from '../views/run.ts'

export const registerSyncHistory: RegisterRoutes = (api, { ledger, ownership }) => {
  api.get(
    '/pages/:pageId/sync-history',
    {
      config: { access: 'read' },
      schema: {
        tags: ['sync'],
        summary: "List the page's past syncs",
        description:
          'As far back as the ledger is kept. A page of the list may be short and still have a `next_cursor`.',
        params: PageParams,
        querystring: listQuery('newest', {}),
        response: { 200: list('runs', Run), ...errors('read', ['PAGE_NOT_FOUND']) },
      },
    },
    async (request) => {
      const page = await ownership.page(callerOf(request), request.params.pageId)
      const { sort = 'newest' } = request.query
      const { rows, nextCursor } = await readRuns(
        { ...request.query, sort },
        commandSource(ledger, { tenantId: page.tenant_id, pageId: page.id, sort, keep: isPastRun }),
      )
      return { success: true as const, runs: rows.map(presentRun), next_cursor: nextCursor }
    },
  )
}

const isPastRun = (row: CommandRow): boolean => SYNC_TYPES.has(row.type) && isFinal(row.state)
