import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { FacebookLogin, ListedPage } from '@pagesync/shared/graph/facebook-login.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import type { Requester } from '@pagesync/shared/model/command.ts'
import type { Accounts } from '@pagesync/shared/store/repositories/accounts.ts'
import type { AccountRow } from '@pagesync/shared/store/repositories/connection-rows.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { ConnectPage } from './connect-page.ts'

/** On whose word pages are connected. */
export interface OnBehalf {
  readonly tenantId: string
  readonly requester: Requester
  readonly traceparent: string | undefined
}

/** A page that the person has and that could not be connected; all others were. */
export interface RefusedPage {
  readonly facebookPageId: string
  readonly name: string | null
  readonly error: AppError
}

export interface AccountPages {
  readonly pages: readonly PageRow[]
  readonly refused: readonly RefusedPage[]
}

export interface ConnectAccount {
  /**
   * Connects the person behind a user token, short or long, and all of their pages.
   *
   * @throws AppError with Facebook's refusal
   */
  connect(userToken: string, who: OnBehalf, nowMs: number): Promise<AccountPages & { readonly account: AccountRow }>
  /**
   * Connects what pages the person has now, each with a new token. One that somebody disconnected here stays so.
   *
   * @throws AppError with Facebook's refusal; PAGE_REAUTH_REQUIRED when the account has no token
   */
  refresh(account: AccountRow, who: OnBehalf, nowMs: number): Promise<AccountPages>
  /** A new token for one page, from the account's. Undefined where the person does not have the page any more. */
  tokenOfPage(account: AccountRow, facebookPageId: string): Promise<ListedPage | undefined>
}

export interface ConnectAccountDeps {
  readonly facebook: FacebookLogin
  readonly accounts: Accounts
  readonly pages: Pick<Pages, 'ofFacebook'>
  readonly connectPage: ConnectPage
  readonly logger: Pick<Logger, 'error'>
}

/** Connecting is a dozen writes a page: so many pages at the same time. */
const PAGES_AT_ONCE = 8

export function createConnectAccount({
  facebook,
  accounts,
  pages,
  connectPage,
  logger,
}: ConnectAccountDeps): ConnectAccount {
  const connectOne = async (listed: ListedPage, account: AccountRow, who: OnBehalf, nowMs: number) => {
    const { id: facebookPageId, name, accessToken } = listed
    try {
      if (accessToken === null)
        throw new AppError('PERMISSION_MISSING', 'The person may not act for the page, or did not allow it')
      const input = { tenantId: who.tenantId, facebookPageId, accessToken, name, accountKey: account._id }
      const { requester, traceparent } = who
      return (await connectPage({ ...input, requester, traceparent }, nowMs)).page
    } catch (error) {
      if (error instanceof AppError && isAboutThePage(error)) return { facebookPageId, name, error }
      throw error
    }
  }

  const connectAll = async (
    listed: readonly ListedPage[],
    account: AccountRow,
    who: OnBehalf,
    nowMs: number,
  ): Promise<AccountPages> => {
    const done: (PageRow | RefusedPage)[] = []
    for (let i = 0; i < listed.length; i += PAGES_AT_ONCE) {
      const group = listed.slice(i, i + PAGES_AT_ONCE)
      done.push(...(await Promise.all(group.map((page) => connectOne(page, account, who, nowMs)))))
    }
    return {
      pages: done.filter((each): each is PageRow => !('error' in each)),
      refused: done.filter((each): each is RefusedPage => 'error' in each),
    }
  }

  /** One that cannot be opened is as good as none. */
  const readToken = async (account: AccountRow): Promise<string | undefined> => {
    try {
      return await accounts.accessToken(account)
    } catch (err) {
      if (!(err instanceof AppError) || err.code !== 'TOKEN_UNREADABLE') throw err
      logger.error({ err, account_id: account.id }, 'token of an account could not be opened')
      return undefined
    }
  }

  const withToken = async <T>(account: AccountRow, use: (userToken: string) => Promise<T>): Promise<T> => {
    const userToken = account.status === 'connected' ? await readToken(account) : undefined
    if (userToken === undefined)
      throw new AppError('PAGE_REAUTH_REQUIRED', `Account ${account.id} must be connected again first`)
    try {
      return await use(userToken)
    } catch (error) {
      if (error instanceof AppError && error.code === 'FACEBOOK_TOKEN_INVALID') await accounts.markTokenInvalid(account)
      throw error
    }
  }

  return {
    async connect(userToken, who, nowMs) {
      // First: a token of another app is refused before it is used for anything.
      await facebook.inspectUser(userToken)
      const accessToken = await facebook.longLived(userToken)
      const [times, user, listed] = await Promise.all([
        facebook.inspectUser(accessToken),
        facebook.user(accessToken),
        facebook.pages(accessToken),
      ])
      const account = await accounts.connect(
        {
          tenantId: who.tenantId,
          facebookUserId: user.id,
          name: user.name,
          accessToken,
          tokenExpiresMs: times.expiresMs,
          dataAccessExpiresMs: times.dataAccessExpiresMs,
        },
        nowMs,
      )
      return { account, ...(await connectAll(listed, account, who, nowMs)) }
    },
    async refresh(account, who, nowMs) {
      const listed = await withToken(account, (userToken) => facebook.pages(userToken))
      const known = await pages.ofFacebook(
        who.tenantId,
        listed.map(({ id }) => id),
      )
      const left = known.filter(({ status }) => status === 'disconnected')
      const leftIds = new Set(left.map((page) => page.facebook_page_id))
      const wanted = listed.filter(({ id }) => !leftIds.has(id))
      const { pages: connected, refused } = await connectAll(wanted, account, who, nowMs)
      return { pages: [...connected, ...left], refused }
    },
    tokenOfPage: (account, facebookPageId) =>
      withToken(account, async (userToken) =>
        (await facebook.pages(userToken)).find(({ id }) => id === facebookPageId),
      ),
  }
}

const ABOUT_THE_PAGE: readonly string[] = ['PAGE_ALREADY_CONNECTED', 'PAGE_BEING_ERASED', 'PERMISSION_MISSING']
const isAboutThePage = ({ code }: AppError): boolean => ABOUT_THE_PAGE.includes(code)
