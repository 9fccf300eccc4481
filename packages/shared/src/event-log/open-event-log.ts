import { type Clock, systemClock } from '../lifecycle/clock.ts'
import { type EngineLogger, silentLogger } from './engine-logger.ts'
import type { EventLog } from './event-log.ts'
import { parseEventLogUrl } from './event-log-url.ts'

export interface OpenEventLogDeps {
  /** Names us in Kafka's own logs and quotas. */
  readonly clientId: string
  readonly logger?: EngineLogger
  readonly clock?: Clock
}

/**
 * The event log behind a URL: `kafka://host:9092,host2:9092[?replication=1&min_isr=1]` or `embedded:./data`. Throws
 * CONFIGURATION_INVALID for any other. The one place that knows the adapters; each is loaded only when asked for.
 */
export async function openEventLog(url: string, deps: OpenEventLogDeps): Promise<EventLog> {
  const address = parseEventLogUrl(url)
  const { clientId, logger = silentLogger, clock = systemClock } = deps
  if (address.engine === 'kafka') {
    const { createKafkaEventLog } = await import('./kafka/kafka-event-log.ts')
    return createKafkaEventLog(address, { clientId, logger, clock })
  }
  const { openEmbeddedEventLog } = await import('./embedded/embedded-event-log.ts')
  return openEmbeddedEventLog(address.directory, { logger, clock })
}
