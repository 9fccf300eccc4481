import { randomUUID } from 'node:crypto'
import { AppError } from '../../errors/app-error.ts'
import type { EngineLogger } from '../engine-logger.ts'
import type { Tail, TailFrom, TailOptions } from '../event-log.ts'
import { within } from '../within.ts'
import { createKafkaReader, type KafkaReaderDeps } from './kafka-reader.ts'
import type { KafkaTopics, PartitionEnds } from './kafka-topics.ts'

const STALL_AFTER_MS = 15_000
const START_MS_MAX = 30_000

export interface KafkaTailDeps extends Pick<KafkaReaderDeps, 'createClient' | 'startSession'> {
  readonly topics: KafkaTopics
  readonly logger: EngineLogger
}

/**
 * Reads all partitions from known offsets. kafkajs reads only as a member of a group, so this one has a group of its
 * own, of one member and with no commits; where it stands is kept here.
 */
export async function openKafkaTail(options: TailOptions, deps: KafkaTailDeps): Promise<Tail> {
  const { topic } = options
  const { topics, logger } = deps
  const group = `pagesync-tail-${randomUUID()}`
  const positions = startPositions(options.from, await topics.ends(topic))
  const joined = Promise.withResolvers<void>()
  let closed: Promise<void> | undefined

  const reader = createKafkaReader(
    {
      createClient: deps.createClient,
      startSession: deps.startSession,
      topic,
      group,
      logger,
      stallAfterMs: STALL_AFTER_MS,
      async look() {
        const ends = await topics.ends(topic)
        return { ends: new Map(ends.map(({ partition, high }) => [partition, high])), positions }
      },
    },
    {
      beforeJoin: async () => {},
      assigned: () => {},
      lost: () => {},
      joined: () => joined.resolve(),
      // A partition that was added since: from its first record, or some would be missed.
      begin: (partition) => positions.get(partition) ?? 0,
      records(partition, records) {
        if (closed) return
        positions.set(partition, records.at(-1)!.offset + 1)
        try {
          options.handle(records)
        } catch (error) {
          logger.error({ err: error, topic, partition }, 'The handler of a tail threw, the records are skipped')
        }
      },
      restarted: () => {},
    },
  )

  async function end(): Promise<void> {
    await reader.close()
    try {
      await topics.deleteGroup(group)
    } catch (error) {
      // Kafka forgets a group without members and commits by itself.
      logger.debug({ err: error, group }, 'The consumer group of a tail was not deleted')
    }
  }

  function close(): Promise<void> {
    closed ??= end()
    return closed
  }

  try {
    await reader.start()
    await within(
      joined.promise,
      START_MS_MAX,
      () => new AppError('EVENT_LOG_UNAVAILABLE', `Kafka did not let us read "${topic}" in time`),
    )
  } catch (error) {
    await close()
    throw error
  }
  return { positions: () => Object.fromEntries(positions), close, [Symbol.asyncDispose]: close }
}

/** An offset that is no longer there, or not there yet, would be an error to Kafka: the nearest one is taken. */
function startPositions(from: TailFrom, ends: readonly PartitionEnds[]): Map<number, number> {
  const wanted = from === 'now' ? {} : from.offsets
  return new Map(
    ends.map(({ partition, low, high }) => {
      const offset = wanted[partition] ?? high
      return [partition, Math.min(high, Math.max(low, offset))]
    }),
  )
}
