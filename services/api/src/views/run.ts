import { SYNC_TYPES } from '@pagesync/shared/model/sync-commands.ts'
import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'
import { type Static, Type } from '@sinclair/typebox'
import { CommandError, presentFailure } from './command.ts'
import { nullable, rfc3339OrNull, Time, wordOf } from './shapes.ts'

export const Run = Type.Object(
  {
    command_id: Type.String(),
    kind: wordOf([...SYNC_TYPES]),
    trigger: wordOf(['api', 'schedule', 'webhook', 'reconnect']),
    state: wordOf(['succeeded', 'partially_succeeded', 'failed', 'cancelled', 'expired']),
    started_at: nullable(Time),
    finished_at: nullable(Time),
    counts: Type.Record(Type.String(), Type.Integer(), {
      description: 'What the run says it counted, such as synced, created, updated, conversations',
    }),
    graph_calls: Type.Integer(),
    error: nullable(CommandError),
  },
  { $id: 'Run', description: 'A finished sync' },
)
export type Run = Static<typeof Run>

export function presentRun(row: CommandRow): Run {
  return {
    command_id: row.command_id,
    kind: row.type as Run['kind'],
    trigger: row.trigger,
    state: row.state as Run['state'],
    started_at: rfc3339OrNull(row.started_ms),
    finished_at: rfc3339OrNull(row.finished_ms),
    counts: runCounts(row.result),
    graph_calls: row.graph_calls,
    error: row.failure === null ? null : presentFailure(row.failure),
  }
}

/** `synced_count` and its like without their ending, and the numbers of a full sync's parts. */
export function runCounts(result: CommandRow['result']): Record<string, number> {
  const counts: Record<string, number> = {}
  for (const [name, value] of Object.entries(result ?? {}))
    if (name.endsWith('_count') && typeof value === 'number') counts[name.slice(0, -'_count'.length)] = value
  const parts = asObject(result?.sync_results)
  if (parts === null) return counts
  const contacts = asObject(parts.contacts)?.synced_count
  if (typeof contacts === 'number') counts.contacts = contacts
  if (typeof parts.conversations_total === 'number') counts.conversations = parts.conversations_total
  if (typeof parts.messages_total === 'number') counts.messages = parts.messages_total
  if (Array.isArray(parts.errors)) counts.errors = parts.errors.length
  return counts
}

function asObject(value: unknown): Readonly<Record<string, unknown>> | null {
  return typeof value === 'object' && value !== null ? (value as Record<string, unknown>) : null
}
