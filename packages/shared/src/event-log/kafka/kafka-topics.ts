import { setTimeout as delay } from 'node:timers/promises'
import type { Admin, ITopicMetadata, Kafka } from 'kafkajs'
import { AppError } from '../../errors/app-error.ts'
import type { EngineLogger } from '../engine-logger.ts'
import type { TopicDefinition } from '../event-log.ts'
import { within } from '../within.ts'
import { fromKafka, isMoving, protocolErrorType } from './kafka-errors.ts'
import { createKafkaLink } from './kafka-link.ts'

const CREATE_MS_MAX = 20_000
const CALL_MS_MAX = 10_000
const LOOK_AGAIN_MS = 100
/** Java's metadata.max.age.ms: partitions added to a topic by somebody else are noticed within this. */
const PARTITION_COUNT_MS_MAX = 300_000

export interface PartitionEnds {
  readonly partition: number
  /** The oldest offset that is still there. */
  readonly low: number
  /** The offset that the next record gets. */
  readonly high: number
}

export interface KafkaTopics {
  ensure(topics: readonly TopicDefinition[]): Promise<void>
  /** Remembered; ENGINE_UNSUITABLE when there is no such topic. */
  partitionCount(topic: string): Promise<number>
  ends(topic: string): Promise<PartitionEnds[]>
  /** The committed offset of each partition; none for one that was never committed. */
  committed(topic: string, group: string): Promise<Map<number, number>>
  deleteGroup(group: string): Promise<void>
  ping(timeoutMs: number): Promise<void>
  close(): Promise<void>
}

export interface KafkaTopicsDeps {
  readonly kafka: Kafka
  readonly logger: EngineLogger
  readonly replication: number
  readonly minIsr: number
}

/** What goes through Kafka's admin API. */
export function createKafkaTopics(deps: KafkaTopicsDeps): KafkaTopics {
  const link = createKafkaLink<Admin>(() => deps.kafka.admin(), deps.logger)
  const counts = new Map<string, { readonly partitions: number; readonly untilMs: number }>()

  async function ask<R>(question: (admin: Admin) => Promise<R>, topic = '', timeoutMs = CALL_MS_MAX): Promise<R> {
    const deadlineMs = performance.now() + timeoutMs
    for (;;) {
      try {
        return await within(link.use(question), deadlineMs - performance.now(), () => {
          link.renew()
          return new AppError('EVENT_LOG_UNAVAILABLE', 'Kafka did not answer in time')
        })
      } catch (thrown) {
        if (!isMoving(thrown) || performance.now() + LOOK_AGAIN_MS > deadlineMs) throw fromKafka(thrown, topic)
        await delay(LOOK_AGAIN_MS)
      }
    }
  }

  async function describe(topic: string): Promise<ITopicMetadata | undefined> {
    try {
      const { topics } = await ask((admin) => admin.fetchTopicMetadata({ topics: [topic] }), topic)
      return topics.find((found) => found.name === topic)
    } catch (thrown) {
      if (protocolErrorType(thrown) === 'UNKNOWN_TOPIC_OR_PARTITION') return undefined
      throw thrown
    }
  }

  async function refuseTooFewBrokers(): Promise<void> {
    const { brokers } = await ask((admin) => admin.describeCluster())
    if (brokers.length >= deps.replication) return
    throw new AppError(
      'ENGINE_UNSUITABLE',
      `Topics are kept in ${deps.replication} copies, but Kafka has ${brokers.length} broker(s). ` +
        `Add brokers, or for development put ?replication=1 at the end of the event log's URL`,
    )
  }

  async function create(topic: TopicDefinition): Promise<void> {
    await refuseTooFewBrokers()
    const configEntries = [
      { name: 'min.insync.replicas', value: String(deps.minIsr) },
      { name: 'retention.ms', value: String(topic.retentionMs) },
    ]
    const { name, partitions: numPartitions } = topic
    const created = { topic: name, numPartitions, replicationFactor: deps.replication, configEntries }
    try {
      await ask((admin) => admin.createTopics({ topics: [created], waitForLeaders: false }), name, CREATE_MS_MAX)
    } catch (error) {
      // Another service was faster.
      if (protocolErrorType(error) !== 'TOPIC_ALREADY_EXISTS') throw error
    }
  }

  /** A new topic can be used when all brokers know it and the leader of each partition answers for it: a moment later. */
  async function waitUntilUsable(topic: TopicDefinition): Promise<void> {
    const deadlineMs = performance.now() + CREATE_MS_MAX
    for (;;) {
      const found = await describe(topic.name)
      if (found && found.partitions.length > 0) {
        refuseFewerPartitions(topic, found)
        await ends(topic.name)
        return
      }
      if (performance.now() > deadlineMs) {
        throw new AppError('EVENT_LOG_UNAVAILABLE', `The topic "${topic.name}" did not become usable in time`)
      }
      await delay(LOOK_AGAIN_MS)
    }
  }

  async function ends(topic: string): Promise<PartitionEnds[]> {
    const partitions = await ask((admin) => admin.fetchTopicOffsets(topic), topic)
    return partitions.map(({ partition, low, high }) => ({ partition, low: Number(low), high: Number(high) }))
  }

  return {
    async ensure(topics) {
      for (const topic of topics) {
        if (!(await describe(topic.name))) await create(topic)
      }
      for (const topic of topics) await waitUntilUsable(topic)
    },
    async partitionCount(topic) {
      const known = counts.get(topic)
      if (known && known.untilMs > performance.now()) return known.partitions
      const found = await describe(topic)
      if (!found) throw fromKafka(Object.assign(new Error(topic), { type: 'UNKNOWN_TOPIC_OR_PARTITION' }), topic)
      const partitions = found.partitions.length
      counts.set(topic, { partitions, untilMs: performance.now() + PARTITION_COUNT_MS_MAX })
      return partitions
    },
    ends,
    async committed(topic, group) {
      const [answer] = await ask((admin) => admin.fetchOffsets({ groupId: group, topics: [topic] }), topic)
      const offsets = (answer?.partitions ?? []).map(({ partition, offset }) => [partition, Number(offset)] as const)
      return new Map(offsets.filter(([, offset]) => offset >= 0))
    },
    async deleteGroup(group) {
      await ask((admin) => admin.deleteGroups([group]))
    },
    async ping(timeoutMs) {
      await ask((admin) => admin.describeCluster(), '', timeoutMs)
    },
    close: () => link.close(),
  }
}

function refuseFewerPartitions(wanted: TopicDefinition, found: ITopicMetadata): void {
  if (found.partitions.length >= wanted.partitions) return
  throw new AppError(
    'ENGINE_UNSUITABLE',
    `The topic "${wanted.name}" has ${found.partitions.length} partition(s) and needs ${wanted.partitions}. ` +
      'Adding some moves keys to other partitions: stop all services first, add them, then start again',
  )
}
