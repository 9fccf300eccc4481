import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import type { CommandType, Requester } from '@pagesync/shared/model/command.ts'
import { announceTokenNews } from '@pagesync/shared/store/repositories/announce-token-news.ts'
import type { Ledger } from '@pagesync/shared/store/repositories/ledger.ts'
import type { NewPage } from '@pagesync/shared/store/repositories/page-connections.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type { CommandRow, PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { TenantSettings } from '@pagesync/shared/store/repositories/tenant-settings.ts'
import type { Announce } from './edit-row.ts'
import type { SubmitCommand } from './submit-command.ts'

export interface ConnectPageRequest extends NewPage {
  readonly requester: Requester
  readonly traceparent: string | undefined
}

export interface ConnectedPage {
  readonly page: PageRow
  readonly created: boolean
  /** The page's full sync. Null: it was connected again, and there was one a short while ago. */
  readonly command: CommandRow | null
}

/**
 * Connects a page whose token Facebook has vouched for, and sets going what follows: its webhooks, its full sync, and
 * the commands that waited for a living token. Once more after a crash in between is harmless: open commands of a kind
 * are shared.
 *
 * @throws AppError PAGE_ALREADY_CONNECTED when another tenant holds it; PAGE_BEING_ERASED, TENANT_NOT_FOUND
 */
export type ConnectPage = (request: ConnectPageRequest, nowMs: number) => Promise<ConnectedPage>

export interface ConnectPageDeps {
  readonly pages: Pages
  readonly settings: TenantSettings
  readonly ledger: Pick<Ledger, 'wakePage'>
  readonly submit: SubmitCommand
  readonly announce: Announce
  readonly logger: Logger
}

export function createConnectPage(deps: ConnectPageDeps): ConnectPage {
  const { pages, settings, ledger, submit, announce, logger } = deps

  const withDefaults = async (page: PageRow): Promise<PageRow> => {
    const { page_defaults } = await settings.get(page.tenant_id)
    if (Object.keys(page_defaults).length === 0) return page
    return pages.update(page.tenant_id, page.id, (row) => ({ ...row, settings: page_defaults }))
  }

  return async function connectPage({ requester, traceparent, ...input }, nowMs) {
    const connected = await pages.connect(input, nowMs)
    const page = connected.created ? await withDefaults(connected.page) : connected.page
    await announceTokenNews(page, { pages, announce, logger })
    await ledger.wakePage(page.id, nowMs)
    // The first sync is what connecting promised; another one counts as asked for.
    const queue = (type: CommandType, limited: boolean): Promise<CommandRow> =>
      submit({
        page,
        type,
        arguments: {},
        requester,
        trigger: connected.created ? 'api' : 'reconnect',
        idempotencyKey: null,
        traceparent,
        limited,
      })
    // First, so that nothing is missed between what the sync reads and what the webhooks tell.
    await queue('page.subscribe_webhooks', false)
    const command = await queue('page.full_sync', !connected.created).catch((error: unknown) => {
      if (!(error instanceof AppError) || error.code !== 'RATE_LIMITED') throw error
      logger.info({ page_id: page.id }, 'page connected again was not synced again')
      return null
    })
    return { page, created: connected.created, command }
  }
}
