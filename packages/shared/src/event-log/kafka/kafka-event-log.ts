import type { Kafka } from 'kafkajs'
import { AppError } from '../../errors/app-error.ts'
import type { Clock } from '../../lifecycle/clock.ts'
import type { EngineLogger } from '../engine-logger.ts'
import type { EventLog } from '../event-log.ts'
import type { KafkaAddress } from '../event-log-url.ts'
import { createKafkaClient } from './kafka-client.ts'
import { fromKafka } from './kafka-errors.ts'
import { createKafkaPublisher } from './kafka-publisher.ts'
import { openKafkaSubscription } from './kafka-subscription.ts'
import { openKafkaTail } from './kafka-tail.ts'
import { createKafkaTopics } from './kafka-topics.ts'

const PUBLISH_MS = 3500
const REQUEST_MS_MAX = 10_000
const READ_REQUEST_MS_MAX = 30_000

export interface KafkaEventLogDeps {
  readonly clientId: string
  readonly clock: Clock
  readonly logger: EngineLogger
}

/** The event log on Kafka. Nothing is connected before it is used. */
export function createKafkaEventLog(address: KafkaAddress, deps: KafkaEventLogDeps): EventLog {
  const { clientId, clock, logger } = deps
  const client = (retries: number, requestTimeoutMs: number): Kafka =>
    createKafkaClient({ brokers: address.brokers, clientId, logger, retries, requestTimeoutMs })
  const topics = createKafkaTopics({
    kafka: client(2, REQUEST_MS_MAX),
    logger,
    replication: address.replication,
    minIsr: address.minIsr,
  })
  const publisher = createKafkaPublisher({
    kafka: client(0, REQUEST_MS_MAX),
    logger,
    partitionCount: (topic) => topics.partitionCount(topic),
  })
  const readers = new Set<{ close(): Promise<void> }>()
  let closed: Promise<void> | undefined

  function refuseWhenClosed(): void {
    if (closed) throw new AppError('EVENT_LOG_UNAVAILABLE', 'The event log is closed')
  }

  /** Opens a subscription or tail, and closes it with the log. */
  async function reading<T extends AsyncDisposable & { close(): Promise<void> }>(
    topic: string,
    open: () => Promise<T>,
  ): Promise<T> {
    refuseWhenClosed()
    let opened: T
    try {
      opened = await open()
    } catch (thrown) {
      throw fromKafka(thrown, topic)
    }
    const close = async (): Promise<void> => {
      await opened.close()
      readers.delete(reader)
    }
    const reader = { ...opened, close, [Symbol.asyncDispose]: close }
    readers.add(reader)
    if (closed) {
      await close()
      refuseWhenClosed()
    }
    return reader
  }

  const readerDeps = { createClient: () => client(2, READ_REQUEST_MS_MAX), topics, clock, logger }

  async function end(): Promise<void> {
    await Promise.all([...readers].map((reader) => reader.close()))
    await Promise.all([publisher.close(), topics.close()])
  }

  function close(): Promise<void> {
    closed ??= end()
    return closed
  }

  return {
    engine: 'kafka',
    async ensureTopics(definitions) {
      refuseWhenClosed()
      await topics.ensure(definitions)
    },
    async publish(topic, records, options) {
      refuseWhenClosed()
      await publisher.publish(topic, records, options?.timeoutMs ?? PUBLISH_MS)
    },
    subscribe: (options) => reading(options.topic, () => openKafkaSubscription(options, readerDeps)),
    tail: (options) => reading(options.topic, () => openKafkaTail(options, readerDeps)),
    async ping(timeoutMs) {
      refuseWhenClosed()
      await topics.ping(timeoutMs)
    },
    close,
    [Symbol.asyncDispose]: close,
  }
}
