import type { Accounts } from '@pagesync/shared/store/repositories/accounts.ts'
import type { AccountRow } from '@pagesync/shared/store/repositories/connection-rows.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { DisconnectedPage, DisconnectPage } from './disconnect-page.ts'

/**
 * Disconnects the account's pages, then the account. Pages that were connected again by a token of their own belong to it
 * no less: whoever wants to keep one connects it anew.
 */
export type DisconnectAccount = (
  account: AccountRow,
  nowMs: number,
) => Promise<{ readonly account: AccountRow; readonly pages: readonly DisconnectedPage[] }>

export interface DisconnectAccountDeps {
  readonly accounts: Pick<Accounts, 'disconnect'>
  readonly pages: Pick<Pages, 'list'>
  readonly disconnectPage: DisconnectPage
}

const READ_AT_ONCE = 500
/** Each asks Facebook, for some seconds at most. */
const PAGES_AT_ONCE = 16

export function createDisconnectAccount({ accounts, pages, disconnectPage }: DisconnectAccountDeps): DisconnectAccount {
  const connectedBy = async (account: AccountRow): Promise<PageRow[]> => {
    const found: PageRow[] = []
    for (let after: PageRow | undefined; ; ) {
      const rows: PageRow[] = await pages.list(account.tenant_id, 'id', READ_AT_ONCE, after)
      found.push(...rows.filter((row) => row.account_key === account._id && row.status !== 'disconnected'))
      after = rows.at(-1)
      if (rows.length < READ_AT_ONCE || !after) return found
    }
  }

  return async function disconnectAccount(account, nowMs) {
    const connected = await connectedBy(account)
    const done: DisconnectedPage[] = []
    for (let i = 0; i < connected.length; i += PAGES_AT_ONCE) {
      const group = connected.slice(i, i + PAGES_AT_ONCE)
      done.push(...(await Promise.all(group.map((page) => disconnectPage(page, nowMs)))))
    }
    // Last: should this end in between, the account is still there to be disconnected again.
    return { account: await accounts.disconnect(account, nowMs), pages: done }
  }
}
