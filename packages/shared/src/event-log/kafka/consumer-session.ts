import { type Consumer, type EachBatchPayload, type Kafka, type PartitionAssigner, PartitionAssigners } from 'kafkajs'
import type { EngineLogger } from '../engine-logger.ts'
import { settledWithin } from '../within.ts'

/**
 * A killed member's partitions move when its session runs out, at the next heartbeat of the others: together below
 * 10 s. The broker's lower limit (group.min.session.timeout.ms) is 6 s by default.
 */
const SESSION_MS = 8000
const HEARTBEAT_MS = 1000
/** How long the group waits for a member to join again; above what `beforeJoin` may take. */
const REBALANCE_MS = 12_000
/** A partition's share of one fetch: 2,000 records of 1 kB come at once. */
const PARTITION_BYTES_MAX = 3 * 1024 * 1024
const FETCH_BYTES_MAX = 12 * 1024 * 1024
/** A partition that is resumed joins the next fetch, so a fetch that finds nothing must not wait for long. */
const FETCH_WAIT_MS = 100
const STOP_MS = 5000

export interface ConsumerSessionOptions {
  /** Must not be shared: two kafkajs consumers of one group and client share, and clear, their known offsets. */
  readonly kafka: Kafka
  readonly topic: string
  readonly group: string
  readonly logger: EngineLogger
}

export type FetchedBatch = EachBatchPayload['batch']

export interface ConsumerSessionEvents {
  /** The group is about to be joined, for the first time or again; it is not while this waits. */
  beforeJoin(): Promise<void>
  /** `memberId` stays the same as long as the group never took us for dead. */
  joined(partitions: readonly number[], memberId: string): unknown
  batch(batch: FetchedBatch): unknown
  /** Everything below `position` was fetched; `end` is the high watermark as of then. */
  fetched(partition: number, position: number, end: number): unknown
  /** Over: kafkajs gave up. It never restarts by itself here. */
  crashed(error: Error): unknown
}

/** One kafkajs consumer from its start until it crashes or is stopped. */
export interface ConsumerSession {
  /** Where to read on, from within `joined`. */
  seek(partition: number, offset: number): void
  pause(partition: number): void
  resume(partition: number): void
  commit(offsets: ReadonlyMap<number, number>): Promise<void>
  stop(): Promise<void>
}

/** Resolves when connected; joining the group goes on from there and ends in `joined` or `crashed`. */
export async function startConsumerSession(
  options: ConsumerSessionOptions,
  events: ConsumerSessionEvents,
): Promise<ConsumerSession> {
  const { topic, logger } = options
  const consumer = options.kafka.consumer({
    groupId: options.group,
    sessionTimeout: SESSION_MS,
    heartbeatInterval: HEARTBEAT_MS,
    rebalanceTimeout: REBALANCE_MS,
    maxBytesPerPartition: PARTITION_BYTES_MAX,
    maxBytes: FETCH_BYTES_MAX,
    minBytes: 1,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    allowAutoTopicCreation: false,
    partitionAssigners: [joiningAfter(() => events.beforeJoin())],
    retry: {
      retries: 3,
      initialRetryTime: 150,
      maxRetryTime: 2000,
      factor: 0.5,
      multiplier: 2,
      restartOnFailure: async () => false,
    },
  })
  listen(consumer, topic, events)

  const stop = async (): Promise<void> => {
    try {
      await consumer.disconnect()
    } catch (error) {
      logger.debug({ err: error, topic }, 'A Kafka consumer did not stop cleanly')
    }
  }

  try {
    await consumer.connect()
    await consumer.subscribe({ topic, fromBeginning: true })
  } catch (error) {
    await settledWithin(stop(), STOP_MS)
    throw error
  }
  const running = consumer.run({
    autoCommit: false,
    eachBatchAutoResolve: true,
    // Only hands the batch over, so that fetching and heartbeats go on whatever the handlers do.
    eachBatch: async ({ batch }) => void events.batch(batch),
  })
  running.catch((error: Error) => events.crashed(error))

  return {
    seek: (partition, offset) => consumer.seek({ topic, partition, offset: String(offset) }),
    pause: (partition) => consumer.pause([{ topic, partitions: [partition] }]),
    resume: (partition) => consumer.resume([{ topic, partitions: [partition] }]),
    async commit(offsets) {
      await consumer.commitOffsets(
        [...offsets].map(([partition, offset]) => ({ topic, partition, offset: String(offset) })),
      )
    },
    stop: () => settledWithin(stop(), STOP_MS),
  }
}

function listen(consumer: Consumer, topic: string, events: ConsumerSessionEvents): void {
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => {
    events.joined(payload.memberAssignment[topic] ?? [], payload.memberId)
  })
  // Also for batches that hold nothing for us (control records of transactions), which eachBatch never sees.
  consumer.on(consumer.events.END_BATCH_PROCESS, ({ payload }) => {
    events.fetched(payload.partition, Number(payload.lastOffset) + 1, Number(payload.highWatermark))
  })
  consumer.on(consumer.events.CRASH, ({ payload }) => events.crashed(payload.error))
}

/**
 * kafkajs joins again as soon as it hears of a rebalance, while handlers still have records of partitions that may go
 * to another member. It looks up the group's coordinator first, by the cluster that it hands to an assigner: that is
 * where it can be made to wait.
 */
function joiningAfter(wait: () => Promise<void>): PartitionAssigner {
  return (config) => {
    const { cluster } = config
    const find = cluster.findGroupCoordinator.bind(cluster)
    cluster.findGroupCoordinator = async (group) => {
      await wait()
      return find(group)
    }
    return PartitionAssigners.roundRobin(config)
  }
}
