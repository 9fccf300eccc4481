import { AppError, toAppError } from '@pagesync/shared/errors/app-error.ts'
import { noteErrorCode } from '@pagesync/shared/http/create-server.ts'
import { notContinued } from '@pagesync/shared/store/repositories/logins.ts'
import { Type } from '@sinclair/typebox'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { ApiContext, RegisterRoutes } from '../api-context.ts'
import { callerOf, setCaller } from '../caller.ts'
import type { AccountPages } from '../connect-account.ts'
import { type CookiePlace, endedLoginCookie, loginCookie, readLoginCookie } from '../login-cookie.ts'
import { LOGIN_PAGE_HEADERS, loginPage } from '../login-page.ts'
import { AccessToken, body, errors, LOGIN_ERRORS, success } from '../route-shapes.ts'
import { traceparentOf } from '../traceparent.ts'
import { Account, presentAccount, presentRefused, Refused } from '../views/account.ts'
import { Page, presentPage } from '../views/page.ts'
import { named } from '../views/shapes.ts'

const ConnectedAccount = {
  account: named(Account),
  pages: Type.Array(named(Page)),
  refused: Type.Array(Refused, {
    description: 'Pages of the person that could not be connected, each with its reason',
  }),
}

const Callback = Type.Object({
  state: Type.Optional(Type.String({ maxLength: 512 })),
  code: Type.Optional(Type.String({ maxLength: 4096 })),
  error: Type.Optional(Type.String({ maxLength: 512 })),
})

type Connected = AccountPages & { readonly account: Parameters<typeof presentAccount>[0] }

export const registerConnect: RegisterRoutes = (api, context) => {
  const { connectAccount, logins, facebook, publicUrl, callbackPath, clock } = context
  const cookiePlace = () => placeOf(context)
  const present = ({ account, pages, refused }: Connected) => ({
    success: true as const,
    account: presentAccount(account, clock.now()),
    pages: pages.map(presentPage),
    refused: refused.map(presentRefused),
  })

  api.post(
    '/connect/start',
    {
      config: { access: 'admin', wholeTenant: true, optionalBody: true },
      schema: {
        tags: ['accounts'],
        summary: 'Begin a login at Facebook',
        description:
          'Send the browser that made this request to `login_url`. The way back is bound to it by a cookie, works once, and is open for 10 minutes.',
        body: body({}),
        response: {
          200: success({ login_url: Type.String({ examples: ['https://www.facebook.com/v26.0/dialog/oauth?…'] }) }),
          ...errors('admin', ['PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE']),
        },
      },
    },
    async (request, reply) => {
      const { tenantId, requester } = callerOf(request)
      const redirectUri = `${publicUrl()}${callbackPath}`
      const { state, cookie } = await logins.begin({ tenantId, requester, redirectUri }, clock.now())
      void reply.header('set-cookie', loginCookie(state, cookie, cookiePlace())).header('cache-control', 'no-store')
      return { success: true as const, login_url: facebook.dialogUrl(state, redirectUri) }
    },
  )

  api.get(
    '/connect/callback',
    {
      config: { access: 'public', changes: true },
      schema: {
        tags: ['accounts'],
        summary: 'Come back from a login at Facebook',
        description:
          'Answers a page to a browser (`Accept: text/html`), else JSON. Connects the person and their pages.',
        querystring: Callback,
        security: [],
        response: {
          200: success(ConnectedAccount),
          ...errors('public', ['LOGIN_NOT_CONTINUED', 'LOGIN_DECLINED', ...LOGIN_ERRORS]),
        },
      },
    },
    async (request, reply) => {
      const { state } = request.query
      void reply.headers({ 'cache-control': 'no-store', 'referrer-policy': 'no-referrer' })
      if (state !== undefined) void reply.header('set-cookie', endedLoginCookie(state, cookiePlace()))
      const isBrowser = request.headers.accept?.includes('text/html') ?? false
      if (!isBrowser) return present(await continueLogin(request, request.query, context))
      return showBrowser(reply, () => continueLogin(request, request.query, context), request)
    },
  )

  api.post(
    '/connect',
    {
      config: { access: 'admin', wholeTenant: true },
      schema: {
        tags: ['accounts'],
        summary: "Connect a person's pages by their user token",
        description:
          'Exchanges it for a long-lived one, and connects every page of the person: webhooks are subscribed, and a full sync is queued for each.',
        body: body({ access_token: AccessToken }, { examples: [{ access_token: 'EAAB…' }] }),
        response: { 200: success(ConnectedAccount), ...errors('admin', LOGIN_ERRORS) },
      },
    },
    async (request) => {
      const { tenantId, requester } = callerOf(request)
      const who = { tenantId, requester, traceparent: traceparentOf(request) }
      return present(await connectAccount.connect(request.body.access_token, who, clock.now()))
    },
  )
}

const placeOf = ({ publicUrl, callbackPath }: ApiContext): CookiePlace => ({
  secure: publicUrl().startsWith('https:'),
  path: callbackPath,
})

/** The login is taken first, whatever came back with it: it ends here. A key that was revoked meanwhile connects nothing. */
async function continueLogin(
  request: FastifyRequest,
  { state, code, error }: { state?: string; code?: string; error?: string },
  context: ApiContext,
): Promise<Connected> {
  const { logins, apiKeys, facebook, connectAccount, clock } = context
  const cookie = state === undefined ? undefined : readLoginCookie(request.headers.cookie, state, placeOf(context))
  const login = await logins.take(state ?? '', cookie, clock.now())
  // From here on it is known who asks: whoever began the login.
  setCaller(request, {
    tenantId: login.tenant_id,
    scopes: [],
    pageIds: null,
    requester: login.requester,
    credential: { keyHash: null, expiresMs: login.expires_ms },
  })
  const { kind, id } = login.requester
  if (kind === 'api_key' && !(await apiKeys.isLive(login.tenant_id, id, clock.now()))) throw notContinued()
  if (error !== undefined || code === undefined)
    throw new AppError(
      'LOGIN_DECLINED',
      error === 'access_denied' || !error ? 'The login was declined' : 'Facebook ended the login',
    )
  const userToken = await facebook.tokenOfCode(code, login.redirect_uri)
  const who = { tenantId: login.tenant_id, requester: login.requester, traceparent: traceparentOf(request) }
  return connectAccount.connect(userToken, who, clock.now())
}

async function showBrowser(
  reply: FastifyReply,
  run: () => Promise<Connected>,
  request: FastifyRequest,
): Promise<FastifyReply> {
  void reply.headers(LOGIN_PAGE_HEADERS)
  try {
    const { account, pages, refused } = await run()
    const lines = [
      `${account.name ?? 'The account'} is connected with ${pages.length} of ${pages.length + refused.length} pages.`,
      ...pages.map(
        ({ name, facebook_page_id }) => `${name ?? facebook_page_id}: connected, its history is being read.`,
      ),
      ...refused.map(
        ({ name, facebookPageId, error }) => `${name ?? facebookPageId}: not connected. ${error.message}.`,
      ),
      'You can close this window.',
    ]
    return reply.serializer(String).send(loginPage('Connected', lines))
  } catch (thrown) {
    const error = toAppError(thrown)
    noteErrorCode(request, error.code)
    request.log.warn({ err: thrown, code: error.code }, 'login could not be ended')
    const lines = [`${error.message}.`, `Nothing was connected. (${error.code}, request ${request.id})`]
    return reply.code(error.status).serializer(String).send(loginPage('Not connected', lines))
  }
}
