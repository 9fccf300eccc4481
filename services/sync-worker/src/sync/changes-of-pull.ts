import type { Change, ChangeType } from '@pagesync/shared/model/change.ts'
import { entityChange } from '@pagesync/shared/model/entity-change.ts'
import type { StoreDocument } from '@pagesync/shared/store/collection.ts'
import type { MergedRow } from '@pagesync/shared/store/merge-rows.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { conversationFields, messageFields } from '../events/change-fields.ts'
import type { PulledRows } from './write-pulled.ts'

/**
 * What a pull announces. A row counts as written by this command when its mark says so, not only when this very call
 * wrote it: a page of results that is repeated after a crash announces again what may not have been announced.
 */
export function changesOfPull(rows: PulledRows, page: PageRow, commandId: string, nowMs: number): Change[] {
  const cause = { command_id: commandId }
  const make = <T extends Written>(type: ChangeType, row: T, fields: Record<string, unknown>): Change =>
    entityChange(row, page, { type, cause, fields, origin: 'backfill', atMs: nowMs })
  const changes: Change[] = []
  for (const merged of rows.contacts.values()) {
    const kind = kindOf(merged, commandId)
    if (kind)
      changes.push(make(`contact.${kind}`, merged.after, { facebook_id: merged.after.psid, name: merged.after.name }))
  }
  for (const merged of rows.messages.values()) {
    const kind = kindOf(merged, commandId)
    const conversationId = rows.conversations.get(merged.after.conversation_key)?.after.id ?? null
    if (kind) changes.push(make(`message.${kind}`, merged.after, messageFields(merged.after, conversationId)))
  }
  for (const merged of rows.conversations.values()) {
    const kind = kindOf(merged, commandId)
    if (kind === null) continue
    const repeated = merged.before?.written_by === commandId
    changes.push(
      make(`conversation.${kind}`, merged.after, conversationFields(repeated ? null : merged.before, merged.after)),
    )
  }
  return changes
}

interface Written extends StoreDocument {
  readonly id: number
  readonly written_by?: string
}

/** Whether this command made the row, changed it in a way that callers see, or neither. */
export function kindOf<T extends Written>(
  { before, after }: MergedRow<T>,
  commandId: string,
): 'created' | 'updated' | null {
  if (after.written_by !== commandId) return null
  const made = before === null || (before.written_by === commandId && before.rev === 1)
  return made ? 'created' : 'updated'
}
