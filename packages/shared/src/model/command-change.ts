import type { CommandRow } from '../store/repositories/rows.ts'
import type { Change, ChangeType } from './change.ts'
import { entityChange } from './entity-change.ts'

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
  const page = { tenant_id: row.tenant_id, id: row.page_id, facebook_page_id: row.facebook_page_id }
  const entity = { _id: row._id, id: null, rev: row.rev }
  return entityChange(entity, page, { type, cause: { command_id: row.command_id }, fields, atMs })
}
