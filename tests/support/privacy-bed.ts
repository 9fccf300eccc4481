import { randomBytes } from 'node:crypto'
import { createApi } from '@pagesync/api/create-api.ts'
import { createReadPage } from '@pagesync/api/read-page.ts'
import { createSimulator, type Simulator } from '@pagesync/graph-simulator/create-simulator.ts'
import type { EventLog, StoredRecord } from '@pagesync/shared/event-log/event-log.ts'
import { createGraphClient } from '@pagesync/shared/graph/graph-client.ts'
import { listen } from '@pagesync/shared/http/create-server.ts'
import { type Clock, systemClock } from '@pagesync/shared/lifecycle/clock.ts'
import { createLogger } from '@pagesync/shared/logging/create-logger.ts'
import type { Change } from '@pagesync/shared/model/change.ts'
import { TOPICS, topicDefinitions } from '@pagesync/shared/model/topics.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { COLLECTIONS, ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { DELETION_REQUESTS } from '@pagesync/shared/store/repositories/privacy-rows.ts'
import { createWorker } from '@pagesync/sync-worker/create-worker.ts'
import { type ApiData, createApiData, type TestTenant } from './api-data.ts'
import { AGREEING_FACEBOOK, OPERATOR_TOKEN } from './api-system.ts'
import type { OpenEngines } from './open-engines.ts'
import { startGateway } from './start-gateway.ts'
import { call, type HttpAnswer } from './system.ts'
import { ERASURE_KEY, TOKEN_KEYS } from './token-keys.ts'

/** Gateway, worker and API in this process with a simulated Facebook, on whatever engines; time can be moved on. */
export interface PrivacyBed extends AsyncDisposable {
  readonly simulator: Simulator
  readonly eventLog: EventLog
  readonly store: Store
  /** Origin and base path. */
  readonly url: string
  readonly appSecret: string
  readonly pageToken: string
  readonly data: ApiData
  readonly tenant: TestTenant
  readonly page: Awaited<ReturnType<ApiData['addPage']>>
  readonly changes: readonly Change[]
  /** Every record of the page events topic so far. */
  readonly told: readonly StoredRecord[]
  readonly clock: Clock
  moveClock(ms: number): void
  request(method: Method, path: string, body?: unknown, token?: string): Promise<HttpAnswer>
  control(method: Method, path: string, body?: unknown): Promise<HttpAnswer>
  /** How many requests of Facebook's in people's names are not carried out yet. */
  openDeletions(): Promise<number>
  /** Names of the collections with a row that holds the text, also within a payload. */
  grep(text: string): Promise<string[]>
}

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

const LOGGER = createLogger({ service: 'bed', level: process.env.TEST_LOG_LEVEL ?? 'silent' })

export async function openPrivacyBed(open: () => Promise<OpenEngines>): Promise<PrivacyBed> {
  await using opened = new AsyncDisposableStack()
  const { eventLog, store } = opened.use(await open())
  await Promise.all([eventLog.ensureTopics(topicDefinitions(2)), ensureCollections(store)])
  let shiftMs = 0
  const clock: Clock = { ...systemClock, now: () => Date.now() + shiftMs }
  const gateway = opened.use(await startGateway(eventLog, store, clock))
  const simulator = opened.use(
    await createSimulator({
      ...gateway.facebook,
      // Ids of its own: topics outlive a system.
      seed: randomBytes(4).readUInt32BE() >>> 1,
      pages: [{ conversations: { count: 8, shortMin: 2, shortMax: 30 } }],
    }),
  )
  const changes: Change[] = []
  const told: StoredRecord[] = []
  opened.use(
    await eventLog.tail({
      topic: TOPICS.changes,
      from: 'now',
      handle: (records) => changes.push(...records.map(({ value }) => JSON.parse(value.toString('utf8')) as Change)),
    }),
  )
  opened.use(await eventLog.tail({ topic: TOPICS.pageEvents, from: 'now', handle: (records) => told.push(...records) }))
  const config = {
    GRAPH_URL: simulator.url,
    GRAPH_VERSION: 'v26.0',
    GRAPH_CALLS_PER_SECOND: 5_000,
    FB_APP_ID: simulator.app.id,
    FB_APP_SECRET: simulator.app.secret,
    STALL_SECONDS: 30,
    ERASURE_KEY,
    TOKEN_KEYS,
    OPERATOR_TOKEN,
    COMMAND_WAIT_SECONDS: 25,
    COMMAND_WAITERS_MAX: 1000,
    TRUSTED_PROXIES: undefined,
  }
  opened.use(await createWorker({ config, eventLog, store, clock, logger: LOGGER }))
  const graph = opened.use(
    createGraphClient({ url: simulator.url, version: 'v26.0', appSecret: simulator.app.secret, clock: systemClock }),
  )
  const readPage = createReadPage(graph, AGREEING_FACEBOOK)
  const api = opened.use(
    await createApi({ config, logger: LOGGER, store, eventLog, readPage, facebook: AGREEING_FACEBOOK, clock }),
  )
  const origin = await listen(api.app, 0, '127.0.0.1')
  const data = createApiData(store)
  const tenant = await data.addTenant('Mine')
  const facebookPage = simulator.pages[0]
  if (!facebookPage) throw new Error('the simulator has no page')
  const { facebookPageId, accessToken } = facebookPage
  const { page } = await data.pages.connect(
    { tenantId: tenant.id, facebookPageId, accessToken, name: null },
    Date.now(),
  )
  const all = opened.move()
  return {
    simulator,
    eventLog,
    store,
    data,
    tenant,
    page,
    changes,
    told,
    clock,
    moveClock: (ms) => {
      shiftMs += ms
    },
    request: (method, path, body, token = tenant.key) =>
      call(`${origin}/api/facebook${path}`, method, { body, headers: { authorization: `Bearer ${token}` } }),
    control: (method, path, body) => call(`${simulator.url}/_control${path}`, method, { body }),
    url: `${origin}/api/facebook`,
    appSecret: simulator.app.secret,
    pageToken: accessToken,
    openDeletions: () => store.collection(DELETION_REQUESTS).count({ index: 'byDue', range: { gte: 0 } }),
    grep: (text) => grepStore(store, text),
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

/** Looks through every row of every collection. */
export async function grepStore(store: Store, text: string): Promise<string[]> {
  const found: string[] = []
  for (const definition of COLLECTIONS) {
    const collection = store.collection(definition)
    for (let after: { _id: string } | undefined; ; ) {
      const rows = await collection.find({ index: '_id', limit: 500, ...(after ? { after } : {}) })
      for (const row of rows as readonly { _id: string; payload?: string }[]) {
        const payload = row.payload === undefined ? '' : Buffer.from(row.payload, 'base64').toString('utf8')
        if (JSON.stringify(row).includes(text) || payload.includes(text)) found.push(definition.name)
      }
      const last = rows.at(-1) as { _id: string } | undefined
      if (!last || rows.length < 500) break
      after = { _id: last._id }
    }
  }
  return [...new Set(found)]
}
