import { readConfig } from '@pagesync/shared/config/read-config.ts'
import { openEventLog } from '@pagesync/shared/event-log/open-event-log.ts'
import { listen } from '@pagesync/shared/http/create-server.ts'
import { systemClock } from '@pagesync/shared/lifecycle/clock.ts'
import { type RunningService, runService } from '@pagesync/shared/lifecycle/run-service.ts'
import { untilAvailable } from '@pagesync/shared/lifecycle/until-available.ts'
import { createLogger } from '@pagesync/shared/logging/create-logger.ts'
import { topicDefinitions } from '@pagesync/shared/model/topics.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { GatewayConfig } from './config.ts'
import { createGateway } from './create-gateway.ts'
import { createLateDeadLetters } from './late-dead-letters.ts'
import { SOURCE } from './to-record.ts'

const config = readConfig(GatewayConfig)
const logger = createLogger({ service: 'webhook-gateway', level: config.LOG_LEVEL })
await runService(start, { logger })

async function start(): Promise<RunningService> {
  await using opened = new AsyncDisposableStack()
  const eventLog = opened.use(
    await openEventLog(config.EVENT_LOG_URL, { clientId: 'pagesync-webhook-gateway', logger }),
  )
  await untilAvailable(() => eventLog.ensureTopics(topicDefinitions(config.TOPIC_PARTITIONS)), {
    logger,
    part: 'event_log',
  })
  const deadLetters = opened.use(createLateDeadLetters(() => openStore(config.STORE_URL), eventLog, SOURCE))
  const gateway = opened.use(
    await createGateway({
      config,
      logger,
      eventLog,
      deadLetters,
      pingStore: (timeoutMs) => deadLetters.pingStore(timeoutMs),
      clock: systemClock,
    }),
  )
  const url = await listen(gateway.app, config.GATEWAY_PORT, config.GATEWAY_HOST)
  logger.info({ url, event_log: eventLog.engine }, 'listening')
  const all = opened.move()
  return { name: 'webhook-gateway', [Symbol.asyncDispose]: () => all.disposeAsync() }
}
