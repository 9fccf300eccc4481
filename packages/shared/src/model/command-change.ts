import type { CommandRow } from '../store/repositories/rows.ts'
import { type Change, type ChangeType, changeId } from './change.ts'

/**
 * What callers who wait, internal services and the event stream hear of a command. The ledger row is the truth. A push
 * that ended tells its outcome, as its HTTP answer does; a pull's result may be long and stands in the ledger alone.
 */
export function commandChange(row: CommandRow, atMs: number): Change {
  return changeOfCommand(`command.${row.state}`, row, atMs, {
    command_id: row.command_id,
    command_type: row.type,
    state: row.state,
    attempts: row.attempts,
    ...(row.failure ? { error: row.failure } : {}),
    ...(row.lane === 'push' && row.result ? { result: row.result } : {}),
  })
}

export function changeOfCommand(
  type: ChangeType,
  row: CommandRow,
  atMs: number,
  fields: Readonly<Record<string, unknown>>,
): Change {
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
