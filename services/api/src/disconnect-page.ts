import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { FacebookLogin } from '@pagesync/shared/graph/facebook-login.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'

export interface DisconnectedPage {
  readonly page: PageRow
  /** Facebook was told and agreed. Otherwise its webhooks are counted and dropped: nobody holds the page. */
  readonly webhooksUnsubscribed: boolean
}

/** Ends what connecting began: the page's webhooks, its token, its being held. Its rows stay. */
export type DisconnectPage = (page: PageRow, nowMs: number) => Promise<DisconnectedPage>

export interface DisconnectPageDeps {
  readonly facebook: Pick<FacebookLogin, 'unsubscribe'>
  readonly pages: Pick<Pages, 'accessToken' | 'disconnect' | 'update'>
  readonly logger: Logger
}

export function createDisconnectPage({ facebook, pages, logger }: DisconnectPageDeps): DisconnectPage {
  /** Before the page is given back: afterwards the subscription would be another tenant's. A dead token is no hindrance. */
  const unsubscribe = async (page: PageRow): Promise<boolean> => {
    if (page.status === 'disconnected') return false
    try {
      const token = await pages.accessToken(page)
      if (token === undefined) return false
      await facebook.unsubscribe(page.facebook_page_id, token)
      return true
    } catch (err) {
      if (!(err instanceof AppError)) throw err
      if (err.code === 'STORE_UNAVAILABLE') throw err
      logger.warn({ err, page_id: page.id }, 'webhooks of a page could not be unsubscribed')
      return false
    }
  }

  return async function disconnectPage(page, nowMs) {
    const webhooksUnsubscribed = await unsubscribe(page)
    const disconnected = await pages.disconnect(page, nowMs)
    if (!webhooksUnsubscribed) return { page: disconnected, webhooksUnsubscribed }
    const row = await pages.update(page.tenant_id, page.id, (stored) =>
      // Connected again meanwhile: then somebody else has subscribed it.
      stored.status === 'disconnected' ? { ...stored, webhook_subscribed: false } : null,
    )
    return { page: row, webhooksUnsubscribed }
  }
}
