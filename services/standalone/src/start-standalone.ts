import { join } from 'node:path'
import { createApi } from '@pagesync/api/create-api.ts'
import { createReadPage } from '@pagesync/api/read-page.ts'
import { createSimulator, type Simulator } from '@pagesync/graph-simulator/create-simulator.ts'
import type { EventLog } from '@pagesync/shared/event-log/event-log.ts'
import { openEventLog } from '@pagesync/shared/event-log/open-event-log.ts'
import { createFacebookLogin } from '@pagesync/shared/graph/facebook-login.ts'
import { createGraphClient } from '@pagesync/shared/graph/graph-client.ts'
import { listen } from '@pagesync/shared/http/create-server.ts'
import { systemClock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import { topicDefinitions } from '@pagesync/shared/model/topics.ts'
import { createTokenSealer } from '@pagesync/shared/security/seal-tokens.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { createDeadLetters } from '@pagesync/shared/store/repositories/dead-letters.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { checkTokenKeys } from '@pagesync/shared/store/repositories/token-keys-check.ts'
import { createWorker } from '@pagesync/sync-worker/create-worker.ts'
import { createGateway } from '@pagesync/webhook-gateway/create-gateway.ts'
import type { StandaloneConfig } from './config.ts'
import { type Demonstration, loadDemonstration } from './demonstration.ts'
import { type ProvisionedPage, provisionPage } from './provision-page.ts'

export interface Standalone extends AsyncDisposable {
  readonly name: 'standalone'
  readonly demonstration: Demonstration
  readonly eventLog: EventLog
  readonly simulator: Simulator
  readonly page: ProvisionedPage
  /** Origins. */
  readonly urls: { readonly api: string; readonly gateway: string; readonly simulator: string }
}

const PARTITIONS = 6
const GRAPH_VERSION = 'v26.0'

/** Gateway, worker, API and a simulated Facebook in this process, each engine opened once. */
export async function startStandalone(config: StandaloneConfig, logger: Logger): Promise<Standalone> {
  await using opened = new AsyncDisposableStack()
  const demonstration = await loadDemonstration(config.DATA_DIR)
  const embedded = `embedded:${config.DATA_DIR}`
  const eventLog = opened.use(await openEventLog(config.EVENT_LOG_URL ?? embedded, { clientId: 'pagesync', logger }))
  const store = opened.use(await openStore(config.STORE_URL ?? embedded))
  await Promise.all([eventLog.ensureTopics(topicDefinitions(PARTITIONS)), ensureCollections(store)])
  await checkTokenKeys(store, createTokenSealer(demonstration.token_keys))

  const gateway = await startGateway({ config, demonstration, eventLog, store, logger, opened })
  const simulator = opened.use(await startSimulator(config, demonstration, gateway))
  await startWorker({ config, demonstration, eventLog, store, logger, opened }, simulator.url)
  const page = await provisionPage(store, demonstration, systemClock.now())
  const api = await startApi({ config, demonstration, eventLog, store, logger, opened }, simulator.url)

  const all = opened.move()
  return {
    name: 'standalone',
    demonstration,
    eventLog,
    simulator,
    page,
    urls: { api, gateway, simulator: simulator.url },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

interface Parts {
  readonly config: StandaloneConfig
  readonly demonstration: Demonstration
  readonly eventLog: EventLog
  readonly store: Store
  readonly logger: Logger
  readonly opened: AsyncDisposableStack
}

async function startGateway({ config, demonstration, eventLog, store, logger, opened }: Parts): Promise<string> {
  const gateway = opened.use(
    await createGateway({
      config: { FB_APP_SECRET: demonstration.app_secret, FB_VERIFY_TOKEN: demonstration.verify_token },
      logger: logger.child({ service: 'webhook-gateway' }),
      eventLog,
      deadLetters: createDeadLetters(store, eventLog, '/pagesync/webhook-gateway'),
      pingStore: (timeoutMs) => store.ping(timeoutMs),
      clock: systemClock,
    }),
  )
  return listen(gateway.app, config.GATEWAY_PORT, config.HOST)
}

function startSimulator(
  config: StandaloneConfig,
  demonstration: Demonstration,
  gatewayUrl: string,
): Promise<Simulator> {
  const longShare = config.DEMO_CONVERSATIONS > 0 ? Math.min(1, 4 / config.DEMO_CONVERSATIONS) : 0
  return createSimulator({
    port: config.SIMULATOR_PORT,
    seed: demonstration.seed,
    appId: demonstration.app_id,
    appSecret: demonstration.app_secret,
    verifyToken: demonstration.verify_token,
    webhookUrl: `${gatewayUrl}/api/facebook/webhook`,
    journalFile: join(config.DATA_DIR, 'simulated-facebook.jsonl'),
    pages: [
      {
        facebookPageId: demonstration.facebook_page_id,
        name: 'Riverside Café',
        accessToken: demonstration.page_access_token,
        conversations: {
          count: config.DEMO_CONVERSATIONS,
          longShare,
          longMessages: 80,
          shortMin: 6,
          shortMax: 20,
          doneShare: 0.2,
          recentCustomers: 6,
        },
      },
    ],
  })
}

async function startWorker(
  { config, demonstration, eventLog, store, logger, opened }: Parts,
  graphUrl: string,
): Promise<void> {
  const worker = opened.use(
    await createWorker({
      config: {
        GRAPH_URL: graphUrl,
        GRAPH_VERSION,
        GRAPH_CALLS_PER_SECOND: 2,
        STALL_SECONDS: 30,
        SCHEDULES: config.SCHEDULES,
        ERASURE_KEY: demonstration.app_secret,
        FB_APP_ID: demonstration.app_id,
        FB_APP_SECRET: demonstration.app_secret,
        TOKEN_KEYS: demonstration.token_keys,
      },
      eventLog,
      store,
      clock: systemClock,
      logger: logger.child({ service: 'sync-worker' }),
    }),
  )
  await listen(worker.app, config.WORKER_PORT, config.HOST)
}

async function startApi(
  { config, demonstration, eventLog, store, logger, opened }: Parts,
  graphUrl: string,
): Promise<string> {
  const graph = opened.use(
    createGraphClient({
      url: graphUrl,
      version: GRAPH_VERSION,
      appSecret: demonstration.app_secret,
      clock: systemClock,
    }),
  )
  const facebook = createFacebookLogin({
    graph,
    appId: demonstration.app_id,
    appSecret: demonstration.app_secret,
    // The simulated Facebook has the dialog, too.
    loginUrl: graphUrl,
    version: GRAPH_VERSION,
  })
  const api = opened.use(
    await createApi({
      config: {
        ...config,
        COMMAND_WAIT_SECONDS: 25,
        COMMAND_WAITERS_MAX: 1000,
        TOKEN_KEYS: demonstration.token_keys,
        FB_APP_SECRET: demonstration.app_secret,
        ERASURE_KEY: demonstration.app_secret,
      },
      eventLog,
      store,
      readPage: createReadPage(graph, facebook),
      facebook,
      clock: systemClock,
      logger: logger.child({ service: 'api' }),
    }),
  )
  return listen(api.app, config.API_PORT, config.HOST)
}
