import type { IHeaders, KafkaMessage } from 'kafkajs'
import type { StoredRecord } from '../event-log.ts'

const NO_BYTES = Buffer.alloc(0)

export function toStoredRecord(topic: string, partition: number, message: KafkaMessage): StoredRecord {
  return {
    topic,
    partition,
    offset: Number(message.offset),
    timestampMs: Number(message.timestamp),
    key: message.key === null ? '' : message.key.toString(),
    value: message.value ?? NO_BYTES,
    headers: message.headers === undefined ? {} : toText(message.headers),
  }
}

/** Header values as text. Of a name that comes several times (others may write so) the first counts. */
function toText(headers: IHeaders): Record<string, string> {
  const text: Record<string, string> = {}
  for (const name in headers) {
    const given = headers[name]
    const value = Array.isArray(given) ? given[0] : given
    if (value != null) text[name] = value.toString()
  }
  return text
}
