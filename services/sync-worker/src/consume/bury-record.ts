import type { StoredRecord } from '@pagesync/shared/event-log/event-log.ts'
import type { DeadLetters } from '@pagesync/shared/store/repositories/dead-letters.ts'

export interface RecordFailure {
  readonly code: string
  readonly reason: string
  readonly attempts: number
  readonly tenantId?: string | null
}

/** Gives up on a record of a topic: it is kept as a dead letter with its origin, and its partition goes on. */
export function buryRecord(
  deadLetters: DeadLetters,
  record: StoredRecord,
  failure: RecordFailure,
  nowMs: number,
): Promise<string> {
  return deadLetters.bury({
    tenantId: failure.tenantId ?? null,
    facebookPageId: record.key.split(':')[0] || null,
    code: failure.code,
    reason: failure.reason,
    attempts: failure.attempts,
    origin: { kind: 'record', topic: record.topic, partition: record.partition, offset: record.offset },
    key: record.key,
    headers: record.headers,
    payload: record.value,
    nowMs,
  })
}
