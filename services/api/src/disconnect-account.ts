import type { Eraser } from '@pagesync/shared/erasure/eraser.ts'
import type { Accounts } from '@pagesync/shared/store/repositories/accounts.ts'
import type { AccountRow } from '@pagesync/shared/store/repositories/connection-rows.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type { ErasureRow } from '@pagesync/shared/store/repositories/privacy-rows.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { DisconnectedPage, DisconnectPage } from './disconnect-page.ts'

export interface DisconnectedAccount {
  readonly account: AccountRow
  /** Those that were connected. */
  readonly pages: readonly DisconnectedPage[]
  /** Of every page that the account ever connected, where that was asked for: workers carry them on. */
  readonly erasures: readonly ErasureRow[]
}

/**
 * Disconnects the account's pages, then the account: its row stays, unless everything is to be erased. Pages that were
 * connected again by a token of their own belong to it no less: whoever wants to keep one connects it anew.
 */
export type DisconnectAccount = (
  account: AccountRow,
  options: { readonly erase: boolean },
  nowMs: number,
) => Promise<DisconnectedAccount>

export interface DisconnectAccountDeps {
  readonly accounts: Pick<Accounts, 'disconnect' | 'erase'>
  readonly pages: Pick<Pages, 'list'>
  readonly disconnectPage: DisconnectPage
  readonly eraser: Pick<Eraser, 'erasePage'>
}

const READ_AT_ONCE = 500
/** Each asks Facebook, for some seconds at most. */
const PAGES_AT_ONCE = 16

export function createDisconnectAccount(deps: DisconnectAccountDeps): DisconnectAccount {
  const { accounts, pages, disconnectPage, eraser } = deps
  const pagesOf = async (account: AccountRow): Promise<PageRow[]> => {
    const found: PageRow[] = []
    for (let after: PageRow | undefined; ; ) {
      const rows: PageRow[] = await pages.list(account.tenant_id, 'id', READ_AT_ONCE, after)
      found.push(...rows.filter((row) => row.account_key === account._id))
      after = rows.at(-1)
      if (rows.length < READ_AT_ONCE || !after) return found
    }
  }

  return async function disconnectAccount(account, { erase }, nowMs) {
    const all = await pagesOf(account)
    const connected = all.filter(({ status }) => status !== 'disconnected')
    const done: DisconnectedPage[] = []
    const erasures: ErasureRow[] = []
    for (let i = 0; i < connected.length; i += PAGES_AT_ONCE) {
      const group = connected.slice(i, i + PAGES_AT_ONCE)
      done.push(...(await Promise.all(group.map((page) => disconnectPage(page, nowMs)))))
    }
    // After the webhooks were unsubscribed, which needs the token.
    if (erase)
      for (const page of all) {
        const erasure = await eraser.erasePage(page.tenant_id, page.id)
        if (erasure) erasures.push(erasure)
      }
    // Last: should this end in between, the account is still there to be disconnected again.
    const disconnected = await accounts.disconnect(account, nowMs)
    if (erase) await accounts.erase(disconnected)
    return { account: disconnected, pages: done, erasures }
  }
}
