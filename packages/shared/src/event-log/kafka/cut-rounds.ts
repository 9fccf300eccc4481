import type { LogRecord } from '../event-log.ts'

/** All records of one partition in one produce request: to kafkajs one message, which only our own encoding can read. */
export interface PartitionMessage {
  readonly partition: number
  /** kafkajs wants to see one. */
  readonly value: null
  readonly records: readonly LogRecord[]
  /** What the records take on the wire if all is ASCII, or a little more. */
  readonly bytes: number
}

export interface RoundLimits {
  /** Kafka refuses a record batch (the records of one partition in one request) above max.message.bytes, 1 MiB. */
  readonly partitionBytesMax: number
  /** A broker refuses requests above socket.request.max.bytes, 100 MiB; and we hold a copy while it is sent. */
  readonly requestBytesMax: number
}

/**
 * What Kafka's format adds to a record at most: attributes, deltas and the lengths of record, key, value and header
 * list in 32 bytes, and two lengths for each of at most 20 headers.
 */
export const RECORD_OVERHEAD_BYTES = 32 + 20 * 10

interface Batch extends PartitionMessage {
  readonly records: LogRecord[]
  bytes: number
}

/** Where a partition's next record goes. */
interface Filling {
  round: number
  batch: Batch | undefined
}

interface Round {
  readonly batches: Batch[]
  bytes: number
}

/**
 * Cuts records into produce requests that are sent one after the other. Within a partition, and so within a key, the
 * records stay in order.
 *
 * @param sizes the bytes of each record (`sizesToCutBy`)
 */
export function cutRounds(
  records: readonly LogRecord[],
  sizes: readonly number[],
  partitionOf: (key: string) => number,
  limits: RoundLimits,
): PartitionMessage[][] {
  const rounds: Round[] = []
  const fillings = new Map<number, Filling>()
  for (let i = 0; i < records.length; i++) {
    const record = records[i]!
    const bytes = sizes[i]! + RECORD_OVERHEAD_BYTES
    const partition = partitionOf(record.key)
    let filling = fillings.get(partition)
    if (!filling) {
      filling = { round: 0, batch: undefined }
      fillings.set(partition, filling)
    }
    if (filling.batch && filling.batch.bytes + bytes > limits.partitionBytesMax) nextRound(filling)
    while (rounds[filling.round] && rounds[filling.round]!.bytes + bytes > limits.requestBytesMax) nextRound(filling)
    rounds[filling.round] ??= { batches: [], bytes: 0 }
    const round = rounds[filling.round]!
    if (!filling.batch) {
      filling.batch = { partition, value: null, records: [], bytes: 0 }
      round.batches.push(filling.batch)
    }
    filling.batch.records.push(record)
    filling.batch.bytes += bytes
    round.bytes += bytes
  }
  return rounds.map(({ batches }) => batches)
}

function nextRound(filling: Filling): void {
  filling.round += 1
  filling.batch = undefined
}
