import { readConfig } from '@pagesync/shared/config/read-config.ts'
import { openEventLog } from '@pagesync/shared/event-log/open-event-log.ts'
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
import { WorkerConfig } from './config.ts'
import { createWorker } from './create-worker.ts'

const config = readConfig(WorkerConfig)
const logger = createLogger({ service: 'sync-worker', level: config.LOG_LEVEL })
await runService(start, { logger })

async function start(): Promise<RunningService> {
  await using opened = new AsyncDisposableStack()
  const eventLog = opened.use(await openEventLog(config.EVENT_LOG_URL, { clientId: 'pagesync-sync-worker', logger }))
  await untilAvailable(() => eventLog.ensureTopics(topicDefinitions(config.TOPIC_PARTITIONS)), {
    logger,
    part: 'event_log',
  })
  const store = opened.use(await openStore(config.STORE_URL))
  await untilAvailable(() => ensureCollections(store), { logger, part: 'store' })
  await untilAvailable(() => checkTokenKeys(store, createTokenSealer(config.TOKEN_KEYS)), { logger, part: 'store' })
  const worker = opened.use(await createWorker({ config, eventLog, store, clock: systemClock, logger }))
  const url = await listen(worker.app, config.WORKER_PORT, config.WORKER_HOST)
  logger.info({ url, event_log: eventLog.engine, store: store.engine }, 'listening')
  const all = opened.move()
  return { name: 'sync-worker', [Symbol.asyncDispose]: () => all.disposeAsync() }
}
