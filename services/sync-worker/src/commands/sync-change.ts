import type { Change } from '@pagesync/shared/model/change.ts'
import { changeOfCommand } from '@pagesync/shared/model/command-change.ts'
import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'

const SYNC_TYPES: ReadonlySet<string> = new Set(['page.full_sync', 'page.sync_conversations', 'page.sync_contacts'])

/** `sync.started`, `sync.progress` and `sync.finished` of the commands that walk a whole page; null for the others. */
export function syncChange(kind: 'started' | 'progress' | 'finished', row: CommandRow, atMs: number): Change | null {
  if (!SYNC_TYPES.has(row.type)) return null
  const fields =
    kind === 'progress'
      ? { command_id: row.command_id, ...row.progress }
      : { command_id: row.command_id, command_type: row.type, state: row.state }
  return changeOfCommand(`sync.${kind}`, row, atMs, fields)
}
