import type { DeadLetterRow } from '@pagesync/shared/store/repositories/dead-letters.ts'
import { type Static, Type } from '@sinclair/typebox'
import { FacebookId, nullable, rfc3339, rfc3339OrNull, Time, wordOf } from './shapes.ts'

export const DeadLetter = Type.Object(
  {
    id: Type.String({ examples: ['dl_Zk9…'] }),
    state: wordOf(
      ['open', 'replayed'],
      'replayed: given back to its origin; it is open again as soon as it has failed there again',
    ),
    code: Type.String({ examples: ['COMMAND_REJECTED'] }),
    reason: Type.String(),
    attempts: Type.Integer({ description: 'All of them, those after replays too' }),
    replays: Type.Integer(),
    origin: Type.Object({
      kind: wordOf(['record', 'notification'], 'notification: the body of a webhook, never a record'),
      topic: Type.Optional(Type.String()),
      partition: Type.Optional(Type.Integer()),
      offset: Type.Optional(Type.Integer()),
      request_id: Type.Optional(Type.String()),
    }),
    tenant_id: nullable(Type.String()),
    facebook_page_id: nullable(FacebookId),
    key: Type.String(),
    headers: Type.Record(Type.String(), Type.String()),
    payload_bytes: Type.Integer(),
    payload_cut: Type.Boolean({ description: 'It was too large to be kept whole' }),
    payload: Type.Optional(Type.String({ description: 'In GET /dead-letters/:id alone' })),
    payload_encoding: Type.Optional(wordOf(['utf8', 'base64'], 'base64 where the payload is no text')),
    created_at: Time,
    failed_at: Time,
    replayed_at: nullable(Time),
  },
  { $id: 'DeadLetter', description: 'Something that was given up on' },
)
export type DeadLetter = Static<typeof DeadLetter>

/** Without its payload. */
export function presentDeadLetter(row: DeadLetterRow): DeadLetter {
  return {
    id: row._id,
    state: (row.state ?? 'open') === 'open' ? 'open' : 'replayed',
    code: row.code,
    reason: row.reason,
    attempts: row.attempts,
    replays: row.replays ?? 0,
    origin: { ...row.origin },
    tenant_id: row.tenant_id,
    facebook_page_id: row.facebook_page_id,
    key: row.key,
    headers: { ...row.headers },
    payload_bytes: row.payload_bytes,
    payload_cut: row.payload_cut,
    created_at: rfc3339(row.created_ms),
    failed_at: rfc3339(row.failed_ms ?? row.created_ms),
    replayed_at: rfc3339OrNull(row.replayed_ms),
  }
}

export function presentPayload(row: DeadLetterRow): Pick<DeadLetter, 'payload' | 'payload_encoding'> {
  const text = payloadText(row)
  return text === null
    ? { payload: row.payload, payload_encoding: 'base64' }
    : { payload: text, payload_encoding: 'utf8' }
}

/** Null where the payload is no UTF-8. */
export function payloadText(row: Pick<DeadLetterRow, 'payload'>): string | null {
  const bytes = Buffer.from(row.payload, 'base64')
  const text = bytes.toString('utf8')
  return Buffer.from(text, 'utf8').equals(bytes) ? text : null
}
