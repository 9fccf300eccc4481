import { readConfig } from '@pagesync/shared/config/read-config.ts'
import { openEventLog } from '@pagesync/shared/event-log/open-event-log.ts'
import { createFacebookLogin } from '@pagesync/shared/graph/facebook-login.ts'
import { createGraphClient } from '@pagesync/shared/graph/graph-client.ts'
import { listen } from '@pagesync/shared/http/create-server.ts'
import { systemClock } from '@pagesync/shared/lifecycle/clock.ts'
import { type RunningService, runService } from '@pagesync/shared/lifecycle/run-service.ts'
import { untilAvailable } from '@pagesync/shared/lifecycle/until-available.ts'
import { createLogger } from '@pagesync/shared/logging/create-logger.ts'
import { topicDefinitions } from '@pagesync/shared/model/topics.ts'
import { createTokenSealer } from '@pagesync/shared/security/seal-tokens.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { checkTokenKeys } from '@pagesync/shared/store/repositories/token-keys-check.ts'
import { ApiConfig } from './config.ts'
import { createApi } from './create-api.ts'
import { createReadPage } from './read-page.ts'

const config = readConfig(ApiConfig)
const logger = createLogger({ service: 'api', level: config.LOG_LEVEL })
await runService(start, { logger })

async function start(): Promise<RunningService> {
  await using opened = new AsyncDisposableStack()
  const eventLog = opened.use(await openEventLog(config.EVENT_LOG_URL, { clientId: 'pagesync-api', logger }))
  const store = opened.use(await openStore(config.STORE_URL, { logger, appName: 'pagesync-api' }))
  await Promise.all([
    untilAvailable(() => eventLog.ensureTopics(topicDefinitions(config.TOPIC_PARTITIONS)), {
      logger,
      part: 'event_log',
    }),
    untilAvailable(() => ensureCollections(store), { logger, part: 'store' }),
  ])
  await untilAvailable(() => checkTokenKeys(store, createTokenSealer(config.TOKEN_KEYS)), { logger, part: 'store' })
  const graph = opened.use(
    createGraphClient({
      url: config.GRAPH_URL,
      version: config.GRAPH_VERSION,
      appSecret: config.FB_APP_SECRET,
      clock: systemClock,
    }),
  )
  const facebook = createFacebookLogin({
    graph,
    appId: config.FB_APP_ID,
    appSecret: config.FB_APP_SECRET,
    loginUrl: config.FB_LOGIN_URL,
    version: config.GRAPH_VERSION,
  })
  const api = opened.use(
    await createApi({
      config,
      logger,
      store,
      eventLog,
      readPage: createReadPage(graph, facebook),
      facebook,
      clock: systemClock,
    }),
  )
  const url = await listen(api.app, config.API_PORT, config.API_HOST)
  logger.info({ url, store: store.engine, event_log: eventLog.engine }, 'listening')
  const all = opened.move()
  return { name: 'api', [Symbol.asyncDispose]: () => all.disposeAsync() }
}
