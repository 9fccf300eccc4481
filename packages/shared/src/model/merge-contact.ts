import type { ContactRow } from '../store/repositories/rows.ts'
import type { Stamp } from './stamp.ts'

export type ContactDraft = Omit<ContactRow, 'rev' | 'id'> & { readonly id?: number; readonly rev?: number }

export interface ContactKnowledge {
  readonly _id: string
  readonly tenant_id: string
  readonly page_id: number
  readonly psid: string
  /** Null where the source names nobody: then a known name stays. */
  readonly name: string | null
  readonly stamp: Stamp
  /** The event that told of the person; null for a pull. */
  readonly event_id: string | null
  /** When a pull told it; null for an event. */
  readonly synced_ms: number | null
  readonly now_ms: number
}

/** Facebook's knowledge about a person. What a person here set (`set_by_person`) stays. The same object when nothing changes. */
export function mergeContact(row: ContactDraft | null, known: ContactKnowledge): ContactDraft {
  if (row === null) return newContact(known)
  const newer = known.name !== null && known.stamp > row.name_stamp && !row.set_by_person.includes('name')
  if (!newer || known.name === row.name) return row
  return {
    ...row,
    name: known.name,
    name_stamp: known.stamp,
    profile_due_ms: null,
    last_synced_ms: known.synced_ms ?? row.last_synced_ms,
  }
}

function newContact(known: ContactKnowledge): ContactDraft {
  return {
    _id: known._id,
    tenant_id: known.tenant_id,
    page_id: known.page_id,
    psid: known.psid,
    name: known.name,
    name_stamp: known.name === null ? 0 : known.stamp,
    email: null,
    phone: null,
    custom_fields: {},
    tags: [],
    notes: null,
    // A webhook names nobody.
    profile_due_ms: known.name === null ? known.now_ms : null,
    set_by_person: [],
    event_id: known.event_id,
    last_synced_ms: known.synced_ms,
    created_ms: known.now_ms,
  }
}
