import { type Change, type ChangeType, changeId } from '@pagesync/shared/model/change.ts'
import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'

/** What callers who wait, and the event stream, hear of a command. The ledger row is the truth. */
export function commandChange(row: CommandRow, atMs: number): Change {
  return ofCommand(`command.${row.state}`, row, atMs, {
    command_id: row.command_id,
    command_type: row.type,
    state: row.state,
    attempts: row.attempts,
    ...(row.failure ? { error: row.failure } : {}),
  })
}

const SYNC_TYPES: ReadonlySet<string> = new Set(['page.full_sync', 'page.sync_conversations', 'page.sync_contacts'])

/** `sync.started`, `sync.progress` and `sync.finished` of the commands that walk a whole page; null for the others. */
export function syncChange(kind: 'started' | 'progress' | 'finished', row: CommandRow, atMs: number): Change | null {
  if (!SYNC_TYPES.has(row.type)) return null
  const fields =
    kind === 'progress'
      ? { command_id: row.command_id, ...row.progress }
      : { command_id: row.command_id, command_type: row.type, state: row.state }
  return ofCommand(`sync.${kind}`, row, atMs, fields)
}

function ofCommand(type: ChangeType, row: CommandRow, atMs: number, fields: Readonly<Record<string, unknown>>): Change {
  return {
    id: changeId(type, row._id, row.rev),
    type,
    tenant_id: row.tenant_id,
    page_id: row.page_id,
    facebook_page_id: row.facebook_page_id,
    entity: row._id,
    entity_id: null,
    version: row.rev,
    cause: { command_id: row.command_id },
    origin: 'live',
    fields,
    at: new Date(atMs).toISOString(),
  }
}
