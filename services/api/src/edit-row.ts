import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { Change, ChangeType } from '@pagesync/shared/model/change.ts'
import { entityChange } from '@pagesync/shared/model/entity-change.ts'
import type { Collection, StoreDocument } from '@pagesync/shared/store/collection.ts'

export type Announce = (changes: readonly Change[]) => Promise<void>

interface EditableRow extends StoreDocument {
  readonly id: number
  readonly tenant_id: string
  readonly page_id: number
  readonly unannounced?: readonly string[]
}

export interface RowEdit<T extends EditableRow> {
  readonly collection: Collection<T>
  /** As it was read to check who owns it. */
  readonly row: T
  /** Pure; the very same object where nothing is to be changed. */
  readonly edit: (row: T) => T
  /** Those of its members that callers know and that an edit may change, by the names that callers know. */
  readonly fieldsOf: (row: T) => Readonly<Record<string, unknown>>
  readonly change: { readonly type: ChangeType; readonly facebookPageId: string; readonly requestId: string }
  readonly announce: Announce
  readonly nowMs: number
}

const CAS_ROUNDS_MAX = 20

/**
 * What a person changes here: written by compare-and-set, then announced. The row keeps what is not announced yet, so
 * that a request repeated after a failure in between announces it.
 *
 * @throws AppError WRITE_CONFLICT, STORE_UNAVAILABLE, EVENT_LOG_UNAVAILABLE (the row is written by then)
 */
export async function editRow<T extends EditableRow>(options: RowEdit<T>): Promise<T> {
  const { collection, edit, fieldsOf } = options
  let row: T | undefined = options.row
  for (let round = 0; round < CAS_ROUNDS_MAX && row; round++) {
    const edited = edit(row)
    const fields = [...new Set([...(row.unannounced ?? []), ...changedNames(fieldsOf(row), fieldsOf(edited))])]
    if (edited === row) {
      if (fields.length > 0) await tell(row, fields, options)
      return row
    }
    const { lost } = await collection.replaceMany([{ ...edited, unannounced: fields }])
    if (lost.length === 0) {
      const stored = { ...edited, unannounced: fields, rev: edited.rev + 1 }
      await tell(stored, fields, options)
      return stored
    }
    row = (await collection.getMany([row._id]))[0]
  }
  throw new AppError('WRITE_CONFLICT', 'It is being changed by somebody else')
}

async function tell<T extends EditableRow>(row: T, fields: readonly string[], options: RowEdit<T>): Promise<void> {
  const { change, announce, fieldsOf, collection, nowMs } = options
  const values = fieldsOf(row)
  const page = { tenant_id: row.tenant_id, id: row.page_id, facebook_page_id: change.facebookPageId }
  await announce([
    entityChange(row, page, {
      type: change.type,
      cause: { request_id: change.requestId },
      fields: Object.fromEntries(fields.map((name) => [name, values[name]])),
      atMs: nowMs,
    }),
  ])
  const { unannounced: _announced, ...rest } = row
  // A lost race leaves it there: then the next edit announces it once more.
  await collection.replaceMany([rest as unknown as T])
}

function changedNames(before: Readonly<Record<string, unknown>>, after: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(after).filter((name) => JSON.stringify(before[name]) !== JSON.stringify(after[name]))
}
