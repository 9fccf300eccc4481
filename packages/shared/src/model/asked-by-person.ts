import type { CommandRow } from '../store/repositories/rows.ts'

/**
 * Did a person write what the send carries? A bearer token with a subject is a person; of API keys, those with the
 * scope `push:human` say that people write through them. Automations, schedules and services are no persons.
 */
export function askedByPerson(command: Pick<CommandRow, 'requested_by' | 'arguments'>): boolean {
  return command.requested_by.kind === 'person' || command.arguments.human === true
}
