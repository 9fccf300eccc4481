import type { CommandFailure, CommandRow, CommandTransition } from '../store/repositories/rows.ts'
import { type CommandState, type CommandType, isFinal, type Requester } from './command.ts'

const HOUR_MS = 3_600_000
const DAY_MS = 24 * HOUR_MS

/** What is fixed per type: its lane, and how long it may wait when the caller says nothing. */
interface CommandTraits {
  readonly lane: CommandRow['lane']
  readonly expiresAfterMs: number
  /** Two equal ones that are still open share one command. */
  readonly shared: boolean
}

const pull = (lane: 'pull' | 'sync' | 'name'): CommandTraits => ({ lane, expiresAfterMs: HOUR_MS, shared: true })
const push = (expiresAfterMs = 7 * DAY_MS): CommandTraits => ({ lane: 'push', expiresAfterMs, shared: false })

export const COMMAND_TRAITS: Readonly<Record<CommandType, CommandTraits>> = {
  'page.sync_details': pull('pull'),
  'page.sync_contacts': pull('sync'),
  'page.sync_conversations': pull('sync'),
  'page.full_sync': pull('sync'),
  'page.update': push(),
  'page.subscribe_webhooks': push(),
  'page.check_token': pull('pull'),
  'conversation.sync_messages': pull('pull'),
  'conversation.sync_status': pull('pull'),
  'conversation.archive': push(),
  'conversation.unarchive': push(),
  'conversation.mute': push(),
  'conversation.unmute': push(),
  'conversation.mark_read': push(),
  'conversation.thread_control': push(),
  'message.send': push(DAY_MS),
  'comment.private_reply': push(),
  // Behind what people ask for; a full sync brings the names as well.
  'contact.resolve_profile': pull('name'),
}

export interface NewCommand {
  readonly commandId: string
  readonly tenantId: string
  readonly pageId: number
  readonly facebookPageId: string
  readonly conversationKey: string | null
  readonly type: CommandType
  readonly arguments: Readonly<Record<string, unknown>>
  readonly requestedBy: Requester
  readonly trigger: CommandRow['trigger']
  readonly notBeforeMs?: number | null
  readonly expiresMs?: number | null
}

/** An `accepted` row nobody took up is looked at by any worker after this. */
export const ACCEPTED_GRACE_MS = 5_000

const TRANSITIONS_MAX = 50

export function newCommandRow(input: NewCommand, nowMs: number): Omit<CommandRow, 'rev'> {
  const traits = COMMAND_TRAITS[input.type]
  return {
    _id: `${input.tenantId}/${input.commandId}`,
    command_id: input.commandId,
    tenant_id: input.tenantId,
    page_id: input.pageId,
    facebook_page_id: input.facebookPageId,
    conversation_key: input.conversationKey,
    type: input.type,
    arguments: input.arguments,
    requested_by: input.requestedBy,
    trigger: input.trigger,
    state: 'accepted',
    lane: traits.lane,
    due_ms: Math.max(nowMs + ACCEPTED_GRACE_MS, input.notBeforeMs ?? 0),
    accepted_ms: nowMs,
    started_ms: null,
    finished_ms: null,
    expires_ms: input.expiresMs ?? nowMs + traits.expiresAfterMs,
    attempts: 0,
    worker: null,
    graph_calls: 0,
    checkpoint: null,
    progress: null,
    result: null,
    failure: null,
    transitions: [{ state: 'accepted', at_ms: nowMs, attempt: 0, worker: null, reason: null }],
  }
}

export interface StateChange {
  readonly state: CommandState
  readonly nowMs: number
  readonly worker: string | null
  readonly reason?: string | null
  /** When it is to be looked at again; ignored for final states. */
  readonly dueMs?: number
  readonly result?: Readonly<Record<string, unknown>>
  readonly failure?: CommandFailure
}

/** A push that waits is looked at when it expires, at the latest. */
function dueMs({ lane, expires_ms }: CommandRow, { state, dueMs: wanted, nowMs }: StateChange): number {
  const due = wanted ?? nowMs
  return state === 'waiting' && lane === 'push' ? Math.min(due, expires_ms) : due
}

/** What of a message in parts has arrived is told also where the rest has not. */
function withArrived({ checkpoint, result }: CommandRow, change: StateChange, final: boolean): CommandRow['result'] {
  const told = change.result ?? result
  if (!final || change.state === 'succeeded' || typeof checkpoint !== 'object' || checkpoint === null) return told
  const mids = 'sent' in checkpoint && Array.isArray(checkpoint.sent) ? checkpoint.sent.map(({ mid }) => mid) : []
  return mids.length === 0 ? told : { ...told, facebook_message_ids: mids }
}

/** The row in another state, with the transition noted. */
export function withState(row: CommandRow, change: StateChange): CommandRow {
  const final = isFinal(change.state)
  const starting = change.state === 'running'
  const transition: CommandTransition = {
    state: change.state,
    at_ms: change.nowMs,
    attempt: starting ? row.attempts + 1 : row.attempts,
    worker: change.worker,
    reason: change.reason ?? null,
  }
  return {
    ...row,
    state: change.state,
    due_ms: final ? null : dueMs(row, change),
    attempts: transition.attempt,
    worker: change.worker,
    started_ms: starting ? (row.started_ms ?? change.nowMs) : row.started_ms,
    finished_ms: final ? change.nowMs : null,
    result: withArrived(row, change, final),
    failure: change.failure ?? (final ? row.failure : null),
    progress: final ? null : row.progress,
    // What did not succeed may be retried, and then goes on where it was.
    checkpoint: change.state === 'succeeded' || change.state === 'partially_succeeded' ? null : row.checkpoint,
    transitions: [...row.transitions, transition].slice(-TRANSITIONS_MAX),
  }
}
