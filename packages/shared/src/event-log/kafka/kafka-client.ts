import { Kafka, logLevel } from 'kafkajs'
import type { EngineLogger } from '../engine-logger.ts'
import { mendProduceEncoding } from './mend-produce-encoding.ts'
import { mendRequestQueue } from './mend-request-queue.ts'

export interface KafkaClientOptions {
  readonly brokers: readonly string[]
  readonly clientId: string
  readonly logger: EngineLogger
  /** kafkajs's own repetitions; ours have deadlines, so mostly none. */
  readonly retries: number
  readonly requestTimeoutMs: number
}

/**
 * A kafkajs client. Every setting is passed: under NODE_ENV=test kafkajs has other defaults, and a test should meet
 * what production meets.
 */
export function createKafkaClient(options: KafkaClientOptions): Kafka {
  mendRequestQueue()
  mendProduceEncoding()
  return new Kafka({
    brokers: [...options.brokers],
    clientId: options.clientId,
    connectionTimeout: 2000,
    requestTimeout: options.requestTimeoutMs,
    enforceRequestTimeout: true,
    retry: { retries: options.retries, initialRetryTime: 150, maxRetryTime: 2000, factor: 0.5, multiplier: 2 },
    logLevel: logLevel.INFO,
    logCreator: () => (entry) => forward(options.logger, entry),
  })
}

/** Where kafkajs reports each attempt to reach a broker, several a second during an outage, and each refusal. */
const CHATTY = new Set(['Connection', 'ConnectionPool', 'BrokerPool', 'RequestQueue', 'Producer'])

/**
 * kafkajs calls "error" also what it then deals with by itself (a rebalance, a reconnect); what matters to us arrives
 * as a rejection or a CRASH event and is told there. So its errors are our warnings at most, its news our details.
 */
function forward(
  logger: EngineLogger,
  entry: { level: number; namespace: string; log: Record<string, unknown> },
): void {
  const { message, timestamp: _timestamp, logger: _logger, stack: _stack, ...details } = entry.log
  const fields = { kafkajs: entry.namespace, said: message, details }
  const isBad = entry.level === logLevel.ERROR || entry.level === logLevel.WARN
  if (isBad && !CHATTY.has(entry.namespace)) logger.warn(fields, 'kafkajs warned')
  else logger.debug(fields, 'kafkajs reported')
}
