import type { EngineLogger } from '../engine-logger.ts'
import type { Tail, TailOptions } from '../event-log.ts'
import type { ReadRecords } from './read-records.ts'
import type { EmbeddedTopic } from './topic-catalog.ts'

const READ_RECORDS = 200
const READ_AGAIN_MS = 1000

export interface EmbeddedTailDeps {
  readonly topic: EmbeddedTopic
  readonly readRecords: ReadRecords
  readonly onWritten: (topic: string, listener: (partition: number) => void) => () => void
  readonly logger: EngineLogger
}

export function openEmbeddedTail(options: TailOptions, deps: EmbeddedTailDeps): Tail {
  const { topic, logger } = deps
  const wanted = options.from === 'now' ? {} : options.from.offsets
  // An offset that is not there yet would pass over what comes: the end is taken.
  const positions = topic.partitions.map(({ partition, nextOffset }) =>
    Math.min(nextOffset, wanted[partition] ?? nextOffset),
  )
  let isScheduled = false
  let isClosed = false

  function schedule(): void {
    if (isScheduled || isClosed) return
    isScheduled = true
    setImmediate(readSome)
  }

  /** A little of each partition that has more, then others have their turn. */
  function readSome(): void {
    isScheduled = false
    try {
      for (const { partition } of topic.partitions) {
        if (!isClosed) readPartition(partition)
      }
    } catch (error) {
      logger.error({ err: error, topic: topic.name }, 'A tail could not read, trying again')
      setTimeout(schedule, READ_AGAIN_MS)
    }
  }

  function readPartition(partition: number): void {
    const records = deps.readRecords(topic.name, topic.partitions[partition]!, positions[partition]!, READ_RECORDS)
    const last = records.at(-1)
    if (!last) return
    positions[partition] = last.offset + 1
    try {
      options.handle(records)
    } catch (error) {
      logger.error({ err: error, topic: topic.name, partition }, 'The handler of a tail threw, the records are skipped')
    }
    schedule()
  }

  const stopListening = deps.onWritten(topic.name, schedule)
  schedule()

  async function close(): Promise<void> {
    isClosed = true
    stopListening()
  }

  return { positions: () => Object.fromEntries(positions.entries()), close, [Symbol.asyncDispose]: close }
}
