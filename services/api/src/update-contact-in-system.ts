import type { ContactRow, PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { SyncedCollections } from '@pagesync/shared/store/repositories/synced.ts'
import { type Announce, editRow } from './edit-row.ts'

/** What a person says of a contact: members that are absent stay, null clears. */
export interface ContactEdit {
  readonly name?: string | null
  readonly email?: string | null
  readonly phone?: string | null
  readonly custom_fields?: Readonly<Record<string, unknown>> | null
  readonly tags?: readonly string[] | null
  readonly notes?: string | null
}

export interface UpdateContactDeps {
  readonly contacts: SyncedCollections['contacts']
  readonly announce: Announce
  readonly nowMs: number
  readonly requestId: string
}

/**
 * Changes a contact in the system alone: Facebook has nothing to keep it in. What was set here, no pull and no webhook
 * overwrites from then on (`set_by_person`). Announced as `contact.updated` where something differs.
 *
 * @throws AppError WRITE_CONFLICT, STORE_UNAVAILABLE, EVENT_LOG_UNAVAILABLE
 */
export function updateContactInSystem(
  contact: ContactRow,
  page: Pick<PageRow, 'facebook_page_id'>,
  edit: ContactEdit,
  { contacts, announce, nowMs, requestId }: UpdateContactDeps,
): Promise<ContactRow> {
  return editRow({
    collection: contacts,
    row: contact,
    edit: (row) => editContact(row, edit),
    fieldsOf: contactFields,
    change: { type: 'contact.updated', facebookPageId: page.facebook_page_id, requestId },
    announce,
    nowMs,
  })
}

/** Pure. The same object when nothing differs, also not who set it. */
export function editContact(row: ContactRow, edit: ContactEdit): ContactRow {
  const named = Object.keys(edit).filter((name) => edit[name as keyof ContactEdit] !== undefined)
  const set = [...new Set([...row.set_by_person, ...named])]
  const next: ContactRow = {
    ...row,
    name: edit.name === undefined ? row.name : edit.name,
    email: edit.email === undefined ? row.email : edit.email,
    phone: edit.phone === undefined ? row.phone : edit.phone,
    notes: edit.notes === undefined ? row.notes : edit.notes,
    custom_fields: edit.custom_fields === undefined ? row.custom_fields : (edit.custom_fields ?? {}),
    tags: edit.tags === undefined ? row.tags : (edit.tags ?? []),
    set_by_person: set,
  }
  const same = JSON.stringify(contactFields(row)) === JSON.stringify(contactFields(next))
  return same && set.length === row.set_by_person.length ? row : next
}

function contactFields({ name, email, phone, custom_fields, tags, notes }: ContactRow): Record<string, unknown> {
  return { name, email, phone, custom_fields, tags, notes }
}
