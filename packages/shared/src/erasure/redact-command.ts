import { isFinal } from '../model/command.ts'
import { withState } from '../model/command-row.ts'
import type { CommandRow } from '../store/repositories/rows.ts'
import { ERASED, type PersonMarks, withoutPerson } from './without-person.ts'

export interface AboutPerson extends PersonMarks {
  /** `_id` of the person's conversation. */
  readonly key: string
  readonly psid: string
  readonly contactId: number | null
}

/** Is the command itself about the person, so that nothing of what was asked for and found is anybody else's? */
export function isAboutPerson(row: CommandRow, person: AboutPerson): boolean {
  const { contact_id, recipient_id } = row.arguments
  return (
    row.conversation_key === person.key ||
    recipient_id === person.psid ||
    (person.contactId !== null && contact_id === person.contactId)
  )
}

/**
 * The ledger's row as a trace without the person: who asked for what kind of thing, when, and how it ended. What is
 * still open is given up, wherever it is. The same object where nothing names them.
 */
export function redactCommand(row: CommandRow, person: AboutPerson, nowMs: number): CommandRow {
  if (isAboutPerson(row, person)) return emptied(row, nowMs)
  const before = { arguments: row.arguments, result: row.result, checkpoint: row.checkpoint, failure: row.failure }
  const after = withoutPerson(before, person)
  return after === before ? row : { ...row, ...after }
}

function emptied(row: CommandRow, nowMs: number): CommandRow {
  if (row.arguments.erased === true && row.conversation_key === null) return row
  const ended = isFinal(row.state)
    ? row
    : withState(row, { state: 'cancelled', nowMs, worker: null, reason: 'person_erased' })
  return {
    ...ended,
    conversation_key: null,
    arguments: { erased: true },
    checkpoint: null,
    progress: null,
    result: null,
    failure: ended.failure && { code: ended.failure.code, message: ERASED, status: ended.failure.status },
  }
}
