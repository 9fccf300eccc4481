import { hash } from 'node:crypto'
import { AppError } from '../../errors/app-error.ts'
import type { EventLog } from '../../event-log/event-log.ts'
import { newTraceparent, toLogRecord } from '../../model/cloud-event.ts'
import { TOPICS } from '../../model/topics.ts'
import type { Collection, CollectionDefinition, Store, StoreDocument } from '../collection.ts'

/** Where a dead letter came from: a record of a topic, or the body of a webhook that was never published. */
export type DeadLetterOrigin =
  | ({ readonly kind: 'record' } & RecordPlace)
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
  /** Absent counts as `open`. Replaying: somebody is publishing it again since `replayed_ms`. */
  readonly state?: 'open' | 'replaying' | 'replayed'
  readonly replays?: number
  readonly replayed_ms?: number
  /** When it was given up on last, where that was a replay. */
  readonly failed_ms?: number
  /** The replayed record that failed last: the same one again adds no attempts. */
  readonly last_replay?: RecordPlace
}

export interface RecordPlace {
  readonly topic: string
  readonly partition: number
  readonly offset: number
}

export const DEAD_LETTERS: CollectionDefinition<DeadLetterRow> = {
  name: 'dead_letters',
  indexes: { byTenant: ['tenant_id', 'created_ms'], byCreated: ['created_ms'] },
}

const PAYLOAD_BYTES_MAX = 1_000_000
const CAS_ROUNDS_MAX = 20
/** Headers of a replayed record: the dead letter that it was, and how often it had been tried by then. */
export const REPLAY_OF_HEADER = 'pagesync_replay_of'
export const REPLAY_ATTEMPTS_HEADER = 'pagesync_attempts'

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
   * origin (a notification's from its bytes), so giving up on the same thing twice makes one entry. A replayed record
   * that fails again comes back as the entry that it was, open again, its attempts added.
   *
   * @throws AppError STORE_UNAVAILABLE or EVENT_LOG_UNAVAILABLE: then nothing may be dropped yet
   */
  bury(letter: NewDeadLetter): Promise<string>
}

export function createDeadLetters(store: Store, log: EventLog, source: string): DeadLetters {
  const collection = store.collection(DEAD_LETTERS)
  return {
    async bury(letter) {
      const row = (await reopen(collection, letter)) ?? (await insert(collection, toRow(letter)))
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

type LetterCollection = Collection<DeadLetterRow>

async function insert(collection: LetterCollection, row: Omit<DeadLetterRow, 'rev'>) {
  await collection.insertMany([row])
  return row
}

/** The entry that this record is a replay of; undefined where it is none, or its entry is gone. */
async function reopen(collection: LetterCollection, letter: NewDeadLetter): Promise<DeadLetterRow | undefined> {
  const { origin } = letter
  const id = letter.headers?.[REPLAY_OF_HEADER]
  if (id === undefined || !DEAD_LETTER_ID.test(id) || origin.kind !== 'record') return undefined
  const { topic, partition, offset } = origin
  for (let round = 0; round < CAS_ROUNDS_MAX; round++) {
    const [row] = await collection.getMany([id])
    // Anybody may write to a topic: a record that names another's entry does not touch it.
    if (!row || row.key !== letter.key || (row.origin.kind === 'record' && row.origin.topic !== topic)) return undefined
    const last = row.last_replay
    if (last && last.topic === topic && last.partition === partition && last.offset === offset) return row
    const next: DeadLetterRow = {
      ...row,
      tenant_id: row.tenant_id ?? letter.tenantId,
      code: letter.code,
      reason: letter.reason.slice(0, REASON_LENGTH_MAX),
      attempts: row.attempts + letter.attempts,
      state: 'open',
      failed_ms: letter.nowMs,
      last_replay: { topic, partition, offset },
    }
    const { lost } = await collection.replaceMany([next])
    if (lost.length === 0) return next
  }
  throw new AppError('WRITE_CONFLICT', 'The dead letter is being changed by somebody else')
}

const DEAD_LETTER_ID = /^dl_[A-Za-z0-9_-]{43}$/
const REASON_LENGTH_MAX = 1000

function toRow(letter: NewDeadLetter): Omit<DeadLetterRow, 'rev'> {
  return {
    _id: deadLetterId(letter),
    tenant_id: letter.tenantId,
    facebook_page_id: letter.facebookPageId,
    code: letter.code,
    reason: letter.reason.slice(0, REASON_LENGTH_MAX),
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
