import { randomBytes } from 'node:crypto'
import type { EventLog } from '@pagesync/shared/event-log/event-log.ts'
import { listen } from '@pagesync/shared/http/create-server.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import { createLogger } from '@pagesync/shared/logging/create-logger.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { createDeadLetters } from '@pagesync/shared/store/repositories/dead-letters.ts'
import { createGateway } from '@pagesync/webhook-gateway/create-gateway.ts'

const LOGGER = createLogger({ service: 'gateway', level: process.env.TEST_LOG_LEVEL ?? 'silent' })

/** The gateway, and what the simulated Facebook must know of it. */
export async function startGateway(eventLog: EventLog, store: Store, clock: Clock) {
  const secret = randomBytes(16).toString('hex')
  const verifyToken = randomBytes(16).toString('hex')
  const gateway = await createGateway({
    config: { FB_APP_SECRET: secret, FB_VERIFY_TOKEN: verifyToken },
    logger: LOGGER,
    eventLog,
    deadLetters: createDeadLetters(store, eventLog, '/test/gateway'),
    pingStore: (timeoutMs) => store.ping(timeoutMs),
    clock,
  })
  const url = await listen(gateway.app, 0, '127.0.0.1')
  return {
    facebook: { appSecret: secret, verifyToken, webhookUrl: `${url}/api/facebook/webhook` },
    [Symbol.asyncDispose]: () => gateway.close(),
  }
}
