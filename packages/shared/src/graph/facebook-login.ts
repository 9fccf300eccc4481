import { AppError } from '../errors/app-error.ts'
import type { GraphAnswer, GraphClient, GraphRequest } from './graph-client.ts'
import { nextCursor, readShape } from './graph-shapes.ts'
import { type ListingPage, type ListingState, readListingPage, startListing } from './read-listing-page.ts'
import { readTokenReport } from './token-inspection.ts'

/** What the app asks a person for. */
export const LOGIN_SCOPES = [
  'pages_show_list',
  'pages_messaging',
  'pages_manage_metadata',
  'pages_read_engagement',
  'pages_read_user_content',
  'pages_manage_engagement',
  'business_management',
] as const

export interface FacebookUser {
  /** App-scoped: another app knows the same person by another id. */
  readonly id: string
  readonly name: string | null
}

/** A page of the person who logged in. */
export interface ListedPage {
  readonly id: string
  readonly name: string | null
  /** Null: the person may not act for the page. */
  readonly accessToken: string | null
}

export interface UserTokenTimes {
  readonly expiresMs: number | null
  readonly dataAccessExpiresMs: number | null
}

/**
 * What connecting asks Facebook, on the way of a caller who waits: each call once as `GraphClient` does it, all within a bound.
 *
 * All methods throw AppError with Facebook's refusal; FACEBOOK_UNAVAILABLE where there was no answer in time. None holds
 * a token, a code or a secret.
 */
export interface FacebookLogin {
  /** Where the person's browser is sent. */
  dialogUrl(state: string, redirectUri: string): string
  /** A code of the dialog works once, and with the very same redirect URI alone. */
  tokenOfCode(code: string, redirectUri: string): Promise<string>
  /** About 60 days in place of an hour or two; page tokens made with it have no end of their own. */
  longLived(userToken: string): Promise<string>
  /** @throws AppError FACEBOOK_TOKEN_INVALID for a token that is dead, another app's, or not a person's */
  inspectUser(userToken: string): Promise<UserTokenTimes>
  user(userToken: string): Promise<FacebookUser>
  /** All of the person's pages, at most 1,000. */
  pages(userToken: string): Promise<readonly ListedPage[]>
  /** Facebook sends the app no more webhooks of the page. */
  unsubscribe(facebookPageId: string, pageToken: string): Promise<void>
}

export interface FacebookLoginOptions {
  readonly graph: GraphClient
  readonly appId: string
  readonly appSecret: string
  /** Origin of the login dialog, such as `https://www.facebook.com`. */
  readonly loginUrl: string
  readonly version: string
}

const CALL_MS = 20_000
const UNSUBSCRIBE_MS = 5_000
const LISTED_AT_ONCE = 100
const PAGES_MAX = 1_000

export function createFacebookLogin(options: FacebookLoginOptions): FacebookLogin {
  const { appId, appSecret } = options
  const appToken = `${appId}|${appSecret}`
  const ask = (request: Omit<GraphRequest, 'signal'>, withinMs = CALL_MS): Promise<GraphAnswer['body']> =>
    askWithin(options.graph, request, withinMs)

  return {
    dialogUrl(state, redirectUri) {
      const params = {
        client_id: appId,
        redirect_uri: redirectUri,
        state,
        response_type: 'code',
        scope: LOGIN_SCOPES.join(),
      }
      return `${new URL(options.loginUrl).origin}/${options.version}/dialog/oauth?${new URLSearchParams(params)}`
    },
    tokenOfCode: async (code, redirectUri) =>
      readShape(
        'token',
        await ask({
          method: 'GET',
          path: '/oauth/access_token',
          params: { client_id: appId, client_secret: appSecret, redirect_uri: redirectUri, code },
          accessToken: appToken,
          // The code is spent by the first try that arrives.
          repeatable: false,
        }),
      ).access_token,
    longLived: async (userToken) =>
      readShape(
        'token',
        await ask({
          method: 'GET',
          path: '/oauth/access_token',
          params: {
            grant_type: 'fb_exchange_token',
            client_id: appId,
            client_secret: appSecret,
            fb_exchange_token: userToken,
          },
          accessToken: appToken,
        }),
      ).access_token,
    async inspectUser(userToken) {
      const params = { input_token: userToken }
      const body = await ask({ method: 'GET', path: '/debug_token', params, accessToken: appToken })
      const report = readTokenReport(body)
      const { type, app_id } = body.data as { readonly type?: unknown; readonly app_id?: unknown }
      if (!report.isValid || type !== 'USER' || String(app_id) !== appId)
        throw new AppError('FACEBOOK_TOKEN_INVALID', 'It is no living token of a person who uses this app', {
          ...(report.problem ? { facebook: report.problem } : {}),
        })
      return { expiresMs: report.expiresMs, dataAccessExpiresMs: report.dataAccessExpiresMs }
    },
    async user(userToken) {
      const params = { fields: 'id,name' }
      const { id, name } = readShape('user', await ask({ method: 'GET', path: '/me', params, accessToken: userToken }))
      return { id, name: name ?? null }
    },
    async pages(userToken) {
      const pages: ListedPage[] = []
      for (let at: ListingState | null = startListing(); at !== null; ) {
        const listed: ListingPage<ListedPage> = await readListingPage(
          at,
          { limit: LISTED_AT_ONCE, placeOf: ({ id }: ListedPage) => ({ key: id, timeMs: null }) },
          async ({ limit, after, shrinkable }) => {
            const params = { fields: 'id,name,access_token', limit, ...(after === null ? {} : { after }) }
            const list = readShape(
              'accounts',
              await ask({ method: 'GET', path: '/me/accounts', params, accessToken: userToken, shrinkable }),
            )
            return { items: list.data.map(toListedPage), next: nextCursor(list), requestedAtMs: 0, droppedFields: [] }
          },
        )
        pages.push(...listed.items)
        if (pages.length > PAGES_MAX)
          throw new AppError('FACEBOOK_ANSWER_TOO_LARGE', `The person has more than ${PAGES_MAX} pages`)
        at = listed.next
      }
      return pages
    },
    async unsubscribe(facebookPageId, pageToken) {
      const path = `/${encodeURIComponent(facebookPageId)}/subscribed_apps`
      await ask({ method: 'DELETE', path, accessToken: pageToken, repeatable: true }, UNSUBSCRIBE_MS)
    },
  }
}

const toListedPage = (page: { id: string; name?: string; access_token?: string }): ListedPage => ({
  id: page.id,
  name: page.name ?? null,
  accessToken: page.access_token ?? null,
})

async function askWithin(
  graph: GraphClient,
  request: Omit<GraphRequest, 'signal'>,
  withinMs: number,
): Promise<GraphAnswer['body']> {
  const signal = AbortSignal.timeout(withinMs)
  try {
    return (await graph.request({ ...request, signal })).body
  } catch (cause) {
    if (!signal.aborted) throw cause
    throw new AppError('FACEBOOK_UNAVAILABLE', 'Facebook did not answer in time', { cause })
  }
}
