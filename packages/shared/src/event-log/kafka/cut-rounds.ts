import type { LogRecord } from '../event-log.ts'
import type { PlainRecord } from './encode-produce.ts'

/** A record as kafkajs takes it, its partition already chosen. */
export interface ProduceMessage extends PlainRecord {
  readonly partition: number
  readonly headers: Record<string, string>
}

export interface RoundLimits {
  /** Kafka refuses a record batch (the records of one partition in one request) above max.message.bytes, 1 MiB. */
  readonly partitionBytesMax: number
  /** kafkajs gathers the records of a partition by copying the list for each one more: quadratic, so not too many. */
  readonly partitionRecordsMax: number
  /** A broker refuses requests above socket.request.max.bytes, 100 MiB; and we hold a copy while it is sent. */
  readonly requestBytesMax: number
}

/** What Kafka's record format adds at most: lengths, deltas, header counts (we have at most 20 headers). */
const RECORD_OVERHEAD_BYTES = 100

interface Filling {
  round: number
  bytes: number
  records: number
}

/**
 * Cuts records into produce requests that are sent one after the other. Within a partition, and so within a key, the
 * records stay in order.
 *
 * @param sizes the bytes of each record
 */
export function cutRounds(
  records: readonly LogRecord[],
  sizes: readonly number[],
  partitionOf: (key: string) => number,
  limits: RoundLimits,
): ProduceMessage[][] {
  const rounds: { messages: ProduceMessage[]; bytes: number }[] = []
  const fillings = new Map<number, Filling>()
  for (let i = 0; i < records.length; i++) {
    const { key, value, headers } = records[i]!
    const bytes = sizes[i]! + RECORD_OVERHEAD_BYTES
    const partition = partitionOf(key)
    let filling = fillings.get(partition)
    if (!filling) {
      filling = { round: 0, bytes: 0, records: 0 }
      fillings.set(partition, filling)
    }
    const full = filling.bytes + bytes > limits.partitionBytesMax || filling.records === limits.partitionRecordsMax
    if (full && filling.records > 0) nextRound(filling)
    while (rounds[filling.round] && rounds[filling.round]!.bytes + bytes > limits.requestBytesMax) nextRound(filling)
    filling.bytes += bytes
    filling.records += 1
    rounds[filling.round] ??= { messages: [], bytes: 0 }
    const round = rounds[filling.round]!
    round.bytes += bytes
    round.messages.push({ isPlain: true, partition, key, value, headers })
  }
  return rounds.map((round) => round.messages)
}

function nextRound(filling: Filling): void {
  filling.round += 1
  filling.bytes = 0
  filling.records = 0
}
