import { hash } from 'node:crypto'
import type { EventLog } from '../../event-log/event-log.ts'
import { newTraceparent, toLogRecord } from '../../model/cloud-event.ts'
import { TOPICS } from '../../model/topics.ts'
import type { CollectionDefinition, Store, StoreDocument } from '../collection.ts'

/** Where a dead letter came from: a record of a topic, or the body of a webhook that was never published. */
export type DeadLetterOrigin =
  | { readonly kind: 'record'; readonly topic: string; readonly partition: number; readonly offset: number }
  | { readonly kind: 'notification'; readonly request_id: string }

export interface DeadLetterRow extends StoreDocument {
  /** Null where no tenant can be known: nobody but the operator may see those. */
  readonly tenant_id: string | null
  readonly facebook_page_id: string | null
  /** One of the error table's codes. */
  readonly code: string
  /** Why, for people. Holds no payload. */
  readonly reason: string
  readonly attempts: number
  readonly origin: DeadLetterOrigin
  readonly key: string
  readonly headers: Readonly<Record<string, string>>
  /** The payload in base64, at most PAYLOAD_BYTES_MAX of it. */
  readonly payload: string
  readonly payload_bytes: number
  readonly payload_cut: boolean
  readonly created_ms: number
}

export const DEAD_LETTERS: CollectionDefinition<DeadLetterRow> = {
  name: 'dead_letters',
  indexes: { byTenant: ['tenant_id', 'created_ms'], byCreated: ['created_ms'] },
}

const PAYLOAD_BYTES_MAX = 1_000_000

export interface NewDeadLetter {
  readonly tenantId: string | null
  readonly facebookPageId: string | null
  readonly code: string
  readonly reason: string
  readonly attempts: number
  readonly origin: DeadLetterOrigin
  readonly key: string
  readonly headers?: Readonly<Record<string, string>>
  readonly payload: Buffer
  readonly nowMs: number
}

export interface DeadLetters {
  /**
   * Keeps what was given up on: the payload in the store, a reference on the dead letter topic. The id comes from the
   * origin (a notification's from its bytes), so giving up on the same thing twice makes one entry.
   *
   * @throws AppError STORE_UNAVAILABLE or EVENT_LOG_UNAVAILABLE: then nothing may be dropped yet
   */
  bury(letter: NewDeadLetter): Promise<string>
}

export function createDeadLetters(store: Store, log: EventLog, source: string): DeadLetters {
  const collection = store.collection(DEAD_LETTERS)
  return {
    async bury(letter) {
      const row = toRow(letter)
      await collection.insertMany([row])
      await log.publish(TOPICS.deadLetters, [
        toLogRecord({
          id: row._id,
          type: 'pagesync.dead_letter',
          source,
          timeMs: letter.nowMs,
          subject: letter.facebookPageId ?? '',
          key: letter.key,
          value: JSON.stringify({
            id: row._id,
            code: row.code,
            reason: row.reason,
            origin: row.origin,
            attempts: row.attempts,
            payload_bytes: row.payload_bytes,
          }),
          traceparent: letter.headers?.traceparent ?? newTraceparent(),
        }),
      ])
      return row._id
    },
  }
}

function toRow(letter: NewDeadLetter): Omit<DeadLetterRow, 'rev'> {
  return {
    _id: deadLetterId(letter),
    tenant_id: letter.tenantId,
    facebook_page_id: letter.facebookPageId,
    code: letter.code,
    reason: letter.reason.slice(0, 1000),
    attempts: letter.attempts,
    origin: letter.origin,
    key: letter.key,
    headers: letter.headers ?? {},
    payload: letter.payload.subarray(0, PAYLOAD_BYTES_MAX).toString('base64'),
    payload_bytes: letter.payload.length,
    payload_cut: letter.payload.length > PAYLOAD_BYTES_MAX,
    created_ms: letter.nowMs,
  }
}

function deadLetterId({ origin, payload }: NewDeadLetter): string {
  const seed =
    origin.kind === 'record' ? Buffer.from(`${origin.topic}\n${origin.partition}\n${origin.offset}`) : payload
  return `dl_${hash('sha256', seed, 'base64url')}`
}
