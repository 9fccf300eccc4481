import type { CommandType } from '@pagesync/shared/model/command.ts'
import type { NewCommand } from '@pagesync/shared/model/command-row.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { PageTimerRow, TimerKind } from '@pagesync/shared/store/repositories/timer-rows.ts'

const ASKS: Readonly<Record<TimerKind, { type: CommandType; arguments: Readonly<Record<string, unknown>> }>> = {
  full_sync: { type: 'page.full_sync', arguments: { mode: 'full' } },
  incremental_sync: { type: 'page.full_sync', arguments: { mode: 'incremental' } },
  token_check: { type: 'page.check_token', arguments: {} },
  webhook_check: { type: 'page.subscribe_webhooks', arguments: {} },
}

/** What could not begin for so long comes again by the next run. */
const EXPIRES_AFTER_MS = 3_600_000

/** The command of a timer's run. Its id comes from page, kind and run, so that several workers start it once. */
export function commandOfTimer(timer: PageTimerRow, runMs: number, page: PageRow, nowMs: number): NewCommand {
  const { type, arguments: args } = ASKS[timer.kind]
  return {
    commandId: `run:${timer.kind}:${page.id}:${runMs}`,
    tenantId: page.tenant_id,
    pageId: page.id,
    facebookPageId: page.facebook_page_id,
    conversationKey: null,
    type,
    arguments: args,
    requestedBy: { kind: 'schedule', id: timer.kind },
    trigger: 'schedule',
    expiresMs: nowMs + EXPIRES_AFTER_MS,
  }
}
