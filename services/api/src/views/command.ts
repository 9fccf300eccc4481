import { COMMAND_STATES, COMMAND_TYPES } from '@pagesync/shared/model/command.ts'
import type { CommandProgress, CommandRow } from '@pagesync/shared/store/repositories/rows.ts'
import { type Static, Type } from '@sinclair/typebox'
import { Id, nullable, rfc3339, rfc3339OrNull, Time, wordOf } from './shapes.ts'

const Progress = Type.Object({
  phase: Type.String({ examples: ['conversations'] }),
  done: Type.Integer(),
  total: nullable(Type.Integer()),
  percent: nullable(Type.Integer({ description: 'Null while the total is not known' })),
})
type Progress = Static<typeof Progress>

export const CommandError = Type.Object({
  code: Type.String({ examples: ['FACEBOOK_RATE_LIMITED'] }),
  message: Type.String(),
  facebook: Type.Optional(
    Type.Object({
      code: Type.Integer(),
      subcode: Type.Optional(Type.Integer()),
      type: Type.Optional(Type.String()),
      fbtrace_id: Type.Optional(Type.String()),
    }),
  ),
})

const Transition = Type.Object({
  state: wordOf(COMMAND_STATES),
  at: Time,
  attempt: Type.Integer(),
  worker: nullable(Type.String()),
  reason: nullable(Type.String()),
})

export const Command = Type.Object(
  {
    id: Type.String({ examples: ['cmd_01JGZ6V7W8X9Y0Z1A2B3C4D5E6'] }),
    type: wordOf(COMMAND_TYPES),
    state: wordOf(COMMAND_STATES),
    page_id: Id,
    conversation_id: nullable(Id),
    trigger: wordOf(['api', 'schedule', 'webhook', 'reconnect']),
    requested_at: Time,
    started_at: nullable(Time),
    finished_at: nullable(Time),
    attempts: Type.Integer(),
    next_attempt_at: nullable(Time),
    expires_at: Time,
    progress: nullable(Progress),
    result: Type.Optional(
      Type.Unknown({ description: 'What the request answers beside `success`, once finished; not in lists' }),
    ),
    error: Type.Optional(CommandError),
    graph_calls: Type.Integer({ description: "How many of Facebook's calls it has used" }),
    transitions: Type.Optional(
      Type.Array(Transition, { description: 'Every state with its time; in GET /commands/:id alone' }),
    ),
  },
  { $id: 'Command', description: 'One request to do something, as the ledger knows it' },
)
export type Command = Static<typeof Command>

export function presentCommand(row: CommandRow, conversationId: number | null): Command {
  return {
    id: row.command_id,
    type: row.type,
    state: row.state,
    page_id: row.page_id,
    conversation_id: conversationId,
    trigger: row.trigger,
    requested_at: rfc3339(row.accepted_ms),
    started_at: rfc3339OrNull(row.started_ms),
    finished_at: rfc3339OrNull(row.finished_ms),
    attempts: row.attempts,
    next_attempt_at: row.state === 'waiting' ? rfc3339OrNull(row.due_ms) : null,
    expires_at: rfc3339(row.expires_ms),
    progress: presentProgress(row.progress),
    ...(row.result === null ? {} : { result: row.result }),
    ...(row.failure === null ? {} : { error: presentFailure(row.failure) }),
    graph_calls: row.graph_calls,
  }
}

export function presentTransitions(row: CommandRow): Command['transitions'] {
  return row.transitions.map(({ state, at_ms, attempt, worker, reason }) => ({
    state,
    at: rfc3339(at_ms),
    attempt,
    worker,
    reason,
  }))
}

export function presentFailure(failure: NonNullable<CommandRow['failure']>): Static<typeof CommandError> {
  const { code, message, facebook } = failure
  return { code, message, ...(facebook ? { facebook } : {}) }
}

function presentProgress(progress: CommandProgress | null): Progress | null {
  return progress === null ? null : { ...progress, percent: percentOf(progress) }
}

export function percentOf({ done, total }: Pick<CommandProgress, 'done' | 'total'>): number | null {
  if (total === null) return null
  return total === 0 ? 100 : Math.max(0, Math.min(100, Math.floor((done / total) * 100)))
}
