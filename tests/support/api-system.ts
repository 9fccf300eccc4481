import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { ReadPage } from '@pagesync/api/api-context.ts'
import { type Api, type ApiDeps, createApi } from '@pagesync/api/create-api.ts'
import type { EventLog } from '@pagesync/shared/event-log/event-log.ts'
import { openEventLog } from '@pagesync/shared/event-log/open-event-log.ts'
import type { FacebookLogin } from '@pagesync/shared/graph/facebook-login.ts'
import { listen } from '@pagesync/shared/http/create-server.ts'
import { type Clock, systemClock } from '@pagesync/shared/lifecycle/clock.ts'
import { createLogger } from '@pagesync/shared/logging/create-logger.ts'
import { topicDefinitions } from '@pagesync/shared/model/topics.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { createLedger, type Ledger } from '@pagesync/shared/store/repositories/ledger.ts'
import { call, type HttpAnswer } from './system.ts'
import { ERASURE_KEY, TOKEN_KEYS } from './token-keys.ts'

export const OPERATOR_TOKEN = 'operator-token-of-the-tests-0123456789'
export const FB_APP_SECRET = 'secret-of-the-app-of-the-tests'

/** Knows everybody as the same person, who has no page. */
export const AGREEING_FACEBOOK: FacebookLogin = {
  dialogUrl: (state) => `https://facebook.test/dialog/oauth?state=${state}`,
  tokenOfCode: async () => 'user-token',
  longLived: async (token) => token,
  inspectUser: async () => ({ expiresMs: null, dataAccessExpiresMs: null }),
  user: async () => ({ id: '9001', name: 'Dara' }),
  pages: async () => [],
  unsubscribe: async () => undefined,
}

/** The API alone, on the embedded engines (or those given), listening on a free port. No worker. */
export interface ApiSystem extends AsyncDisposable {
  readonly api: Api
  /** Origin and base path. */
  readonly url: string
  readonly origin: string
  /** Of the embedded engines' files. */
  readonly directory: string
  readonly store: Store
  readonly eventLog: EventLog
  readonly ledger: Ledger
  /** A request with a bearer token ('' for none); `path` is below the base path. */
  request(
    token: string,
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    path: string,
    options?: { readonly body?: unknown; readonly headers?: Readonly<Record<string, string>> },
  ): Promise<HttpAnswer>
}

export interface ApiSystemOptions {
  readonly config?: Partial<ApiDeps['config']>
  readonly readPage?: ReadPage
  readonly facebook?: FacebookLogin
  readonly clock?: Clock
  /** Opened by the test; closed with the system. */
  readonly store?: Store
}

export async function startApiSystem(options: ApiSystemOptions = {}): Promise<ApiSystem> {
  await using opened = new AsyncDisposableStack()
  const directory = await mkdtemp(join(tmpdir(), 'pagesync-api-'))
  opened.defer(() => rm(directory, { recursive: true, force: true }))
  const logger = createLogger({ service: 'api', level: process.env.TEST_LOG_LEVEL ?? 'silent' })
  const eventLog = opened.use(await openEventLog(`embedded:${directory}`, { clientId: 'test', logger }))
  const store = opened.use(options.store ?? (await openStore(`embedded:${directory}`)))
  await eventLog.ensureTopics(topicDefinitions(2))
  await ensureCollections(store)
  const api = opened.use(
    await createApi({
      config: {
        OPERATOR_TOKEN,
        COMMAND_WAIT_SECONDS: 25,
        COMMAND_WAITERS_MAX: 1000,
        TRUSTED_PROXIES: undefined,
        TOKEN_KEYS,
        ERASURE_KEY,
        FB_APP_SECRET,
        ...options.config,
      },
      logger,
      store,
      eventLog,
      readPage: options.readPage ?? (async (accessToken, id) => ({ accessToken, name: `Page ${id}` })),
      facebook: options.facebook ?? AGREEING_FACEBOOK,
      clock: options.clock ?? systemClock,
    }),
  )
  const origin = await listen(api.app, 0, '127.0.0.1')
  const url = `${origin}/api/facebook`
  const all = opened.move()
  return {
    api,
    url,
    origin,
    directory,
    store,
    eventLog,
    ledger: createLedger(store),
    request: (token, method, path, { body, headers = {} } = {}) =>
      call(`${url}${path}`, method, {
        body,
        headers: { ...(token === '' ? {} : { authorization: `Bearer ${token}` }), ...headers },
      }),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}
