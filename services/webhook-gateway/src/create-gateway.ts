import { trustedProxies } from '@pagesync/shared/config/common-config.ts'
import type { EventLog } from '@pagesync/shared/event-log/event-log.ts'
import { createPublishBatcher } from '@pagesync/shared/event-log/publish-batcher.ts'
import { createServer, type Server } from '@pagesync/shared/http/create-server.ts'
import { hardenAnswers } from '@pagesync/shared/http/harden-answers.ts'
import { type HealthCheck, registerHealth } from '@pagesync/shared/http/health.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import { TOPICS } from '@pagesync/shared/model/topics.ts'
import type { DeadLetters } from '@pagesync/shared/store/repositories/dead-letters.ts'
import { createAcceptNotification } from './accept-notification.ts'
import type { GatewayConfig } from './config.ts'
import { createCounters, type GatewayCounters } from './counters.ts'
import { WEBHOOK_BYTES_MAX } from './raw-body.ts'
import { registerReceive } from './routes/receive.ts'
import { registerVerify } from './routes/verify.ts'
import { createSparingLog } from './sparing-log.ts'

/**
 * Facebook waits 5 s. Whoever comes just after a publish that will fail waits for its end, so the whole call is
 * bounded, not only the publish: 503 within 4 s whatever happens.
 */
const BATCH_LIMITS = { publishTimeoutMs: 2_800, callMsMax: 3_300 }

export interface GatewayDeps {
  readonly config: Pick<
    GatewayConfig,
    'FB_APP_SECRET' | 'FB_APP_SECRET_PREVIOUS' | 'FB_VERIFY_TOKEN' | 'TRUSTED_PROXIES'
  >
  readonly logger: Logger
  /** Its topics are there already. Not closed by the gateway. */
  readonly eventLog: EventLog
  readonly deadLetters: DeadLetters
  /** Does the store that keeps the dead letters answer? Without it only what cannot be published waits. */
  readonly pingStore: (timeoutMs: number) => Promise<void>
  readonly clock: Clock
}

export interface Gateway extends AsyncDisposable {
  /** Never listens by itself. */
  readonly app: Server
  readonly counters: Readonly<GatewayCounters>
  /** Answers what is in flight, takes nothing new. Twice is once. */
  close(): Promise<void>
}

/** The webhook gateway: verifies what Facebook sends and puts it on the event log, nothing else. */
export async function createGateway(deps: GatewayDeps): Promise<Gateway> {
  const { config, logger, eventLog, clock } = deps
  const counters = createCounters()
  const warn = createSparingLog(logger, clock)
  const batcher = createPublishBatcher(eventLog, TOPICS.pageEvents, BATCH_LIMITS)
  const accept = createAcceptNotification({
    publish: (records) => batcher.publish(records),
    deadLetters: deps.deadLetters,
    clock,
    counters,
    warn,
  })
  const app = createServer({
    logger,
    bodyLimit: WEBHOOK_BYTES_MAX,
    trustProxy: trustedProxies(config.TRUSTED_PROXIES),
  })
  await hardenAnswers(app)
  registerHealth(app, healthChecks(deps, counters))
  registerVerify(app, config.FB_VERIFY_TOKEN)
  registerReceive(app, { secrets: secretsOf(config), accept, clock, counters, warn })
  await app.ready()

  const close = async () => {
    await app.close()
    await batcher.close()
  }
  return { app, counters, close, [Symbol.asyncDispose]: close }
}

function secretsOf(config: GatewayDeps['config']): string[] {
  return [config.FB_APP_SECRET, config.FB_APP_SECRET_PREVIOUS].filter((secret) => secret !== undefined)
}

function healthChecks({ eventLog, pingStore }: GatewayDeps, counters: GatewayCounters): HealthCheck[] {
  return [
    {
      name: 'event_log',
      check: async (timeoutMs) => {
        await eventLog.ping(timeoutMs)
        return { engine: eventLog.engine }
      },
    },
    {
      name: 'store',
      optional: true,
      check: async (timeoutMs) => {
        await pingStore(timeoutMs)
        return undefined
      },
    },
    { name: 'webhooks', optional: true, check: async () => shown(counters) },
  ]
}

function shown({ last_accepted_ms, ...counts }: GatewayCounters): Record<string, unknown> {
  return { ...counts, last_accepted_at: last_accepted_ms === null ? null : new Date(last_accepted_ms).toISOString() }
}
