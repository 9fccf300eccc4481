import { entityChange } from '@pagesync/shared/model/entity-change.ts'
import { announceTokenNews } from '@pagesync/shared/store/repositories/announce-token-news.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { Operation, OperationContext } from '../commands/operation.ts'
import { withTokenReport } from './token-state.ts'

/**
 * Asks Facebook whether the page's token lives and for how long: a dead one is found before somebody's message fails,
 * one that ends soon is said in time, and one that lives again lets the page's commands go on.
 */
export const checkPageToken: Operation = async (context) => {
  const { page, pages, command, clock } = context
  const report = await context.inspectToken()
  let before: PageRow = page
  const row = await pages.update(page.tenant_id, page.id, (stored) => {
    before = stored
    // Connected again meanwhile: this was about the token before.
    if (stored.token_set_ms !== page.token_set_ms || stored.status === 'disconnected') return null
    return withTokenReport(stored, report, { command_id: command.command_id, at_ms: clock.now() })
  })
  if (row.status === 'active' && before.status !== 'active') {
    await context.wakePage()
    await context.armTimers(row)
  }
  await announceTokenNews(row, context)
  if (row.status === before.status && row.token_status !== before.token_status) await announceStatus(row, context)
  return {
    result: {
      status: row.status,
      token_status: row.token_status,
      token_expires_at: timeOrNull(row.token_expires_ms),
      data_access_expires_at: timeOrNull(row.data_access_expires_ms),
    },
  }
}

function announceStatus(row: PageRow, { announce, command, clock }: OperationContext): Promise<void> {
  return announce([
    entityChange(row, row, {
      type: 'page.updated',
      cause: { command_id: command.command_id },
      fields: {
        token_status: row.token_status,
        token_expires_at: timeOrNull(row.token_expires_ms),
        data_access_expires_at: timeOrNull(row.data_access_expires_ms),
      },
      atMs: clock.now(),
    }),
  ])
}

const timeOrNull = (ms: number | null | undefined): string | null =>
  ms === null || ms === undefined ? null : new Date(ms).toISOString()
