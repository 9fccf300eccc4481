import { setTimeout as delay } from 'node:timers/promises'
import type { Kafka, Producer } from 'kafkajs'
import { AppError } from '../../errors/app-error.ts'
import { backOffMs } from '../../lifecycle/back-off.ts'
import type { EngineLogger } from '../engine-logger.ts'
import { type LogRecord, RECORD_BYTES_MAX } from '../event-log.ts'
import { partitionOfKey } from '../partition-of-key.ts'
import { sizesToCutBy } from '../record-bytes.ts'
import { within } from '../within.ts'
import { cutRounds, type PartitionMessage } from './cut-rounds.ts'
import { fromKafka } from './kafka-errors.ts'
import { createKafkaLink } from './kafka-link.ts'

const ALL_IN_SYNC_REPLICAS = -1
const RETRY_BACK_OFF = { baseMs: 100, maxMs: 500 }
const LIMITS = { partitionBytesMax: RECORD_BYTES_MAX, requestBytesMax: 32_000_000 }

export interface KafkaPublisherDeps {
  readonly kafka: Kafka
  readonly logger: EngineLogger
  readonly partitionCount: (topic: string) => Promise<number>
}

export interface KafkaPublisher {
  publish(topic: string, records: readonly LogRecord[], timeoutMs: number): Promise<void>
  close(): Promise<void>
}

/**
 * Writes with acks of all in-sync replicas. Not with kafkajs's "idempotent" producer: it moves its sequence numbers
 * back after a failed request although the broker may have appended it, so the next one is taken for a duplicate or
 * refused as out of order, for good. Ours repeats a round until the deadline instead; a repetition may write twice,
 * which every reader has to bear anyway.
 */
export function createKafkaPublisher(deps: KafkaPublisherDeps): KafkaPublisher {
  const link = createKafkaLink<Producer>(
    () =>
      deps.kafka.producer({
        allowAutoTopicCreation: false,
        createPartitioner: () => (choice) => choice.message.partition!,
      }),
    deps.logger,
  )

  async function send(topic: string, messages: PartitionMessage[], deadlineMs: number): Promise<void> {
    for (let attempt = 1; ; attempt++) {
      const leftMs = Math.round(deadlineMs - performance.now())
      if (leftMs < 1) throw tooLate(topic)
      try {
        await within(
          link.use((producer) => producer.send({ topic, messages, acks: ALL_IN_SYNC_REPLICAS, timeout: leftMs })),
          leftMs,
          () => tooLate(topic),
        )
        return
      } catch (thrown) {
        const error = fromKafka(thrown, topic)
        const waitMs = backOffMs(attempt, RETRY_BACK_OFF)
        const isLate = performance.now() + waitMs >= deadlineMs
        if (isLate) link.renew()
        if (isLate || error.code !== 'EVENT_LOG_UNAVAILABLE') throw error
        await delay(waitMs)
      }
    }
  }

  return {
    async publish(topic, records, timeoutMs) {
      if (records.length === 0) return
      const deadlineMs = performance.now() + timeoutMs
      const sizes = sizesToCutBy(records, LIMITS.partitionBytesMax)
      const partitions = await within(deps.partitionCount(topic), timeoutMs, () => tooLate(topic))
      const rounds = cutRounds(records, sizes, (key) => partitionOfKey(key, partitions), LIMITS)
      for (const round of rounds) await send(topic, round, deadlineMs)
    },
    close: () => link.close(),
  }
}

const tooLate = (topic: string): AppError =>
  new AppError('EVENT_LOG_UNAVAILABLE', `Kafka did not confirm the records for "${topic}" in time`)
