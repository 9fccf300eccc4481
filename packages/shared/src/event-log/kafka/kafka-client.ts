import { Kafka, logLevel } from 'kafkajs'
import type { EngineLogger } from '../engine-logger.ts'
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

/**
 * kafkajs calls "error" every answer that it then deals with by itself (a rebalance, a reconnect); what matters to us
 * arrives as a rejection or a CRASH event and is logged there. So its errors are our warnings, its news our details.
 */
function forward(
  logger: EngineLogger,
  entry: { level: number; namespace: string; log: Record<string, unknown> },
): void {
  const { message, timestamp: _timestamp, logger: _logger, stack: _stack, ...details } = entry.log
  const fields = { kafkajs: entry.namespace, said: message, details }
  if (entry.level === logLevel.ERROR || entry.level === logLevel.WARN) logger.warn(fields, 'kafkajs warned')
  else logger.debug(fields, 'kafkajs reported')
}
