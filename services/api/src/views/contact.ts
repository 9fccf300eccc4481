import type { ContactRow } from '@pagesync/shared/store/repositories/rows.ts'
import { type Static, Type } from '@sinclair/typebox'
import { FacebookId, Id, nullable, rfc3339, rfc3339OrNull, Time } from './shapes.ts'

export const Contact = Type.Object(
  {
    id: Id,
    page_id: Id,
    facebook_id: FacebookId,
    name: nullable(Type.String()),
    email: nullable(Type.String()),
    phone: nullable(Type.String()),
    custom_fields: Type.Record(Type.String(), Type.Unknown()),
    tags: Type.Array(Type.String()),
    notes: nullable(Type.String()),
    last_synced_at: nullable(Time),
    created_at: Time,
  },
  { $id: 'Contact', description: 'A person who wrote to the page' },
)
export type Contact = Static<typeof Contact>

export function presentContact(row: ContactRow): Contact {
  return {
    id: row.id,
    page_id: row.page_id,
    facebook_id: row.psid,
    name: row.name,
    email: row.email,
    phone: row.phone,
    custom_fields: { ...row.custom_fields },
    tags: [...row.tags],
    notes: row.notes,
    last_synced_at: rfc3339OrNull(row.last_synced_ms),
    created_at: rfc3339(row.created_ms),
  }
}
