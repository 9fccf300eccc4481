import type { ConversationRow } from '../store/repositories/rows.ts'
import { PERMANENTLY_MS } from './command-arguments.ts'
import { type Stamp, stampTimeMs, webhookStamp } from './stamp.ts'

export type ConversationDraft = Omit<ConversationRow, 'rev' | 'id'> & { readonly id?: number; readonly rev?: number }

/** A place in the page events topic. */
export interface LogPosition {
  readonly partition: number
  readonly offset: number
}

export interface ConversationIdentity {
  readonly _id: string
  readonly tenant_id: string
  readonly page_id: number
  readonly psid: string | null
}

/** A message of the conversation, told live (with the place where it was first told) or by a pull. */
export interface MessageStep {
  readonly kind: 'message'
  readonly stamp: Stamp
  readonly mid: string
  readonly direction: 'in' | 'out'
  readonly snippet: string | null
  readonly created_ms: number
  readonly automatic: boolean
  /** A person at the page wrote it, here or at Facebook. Absent: not known, or nobody did. */
  readonly by_person?: boolean
  /** The message row's own place, which may be an earlier one than that of the event at hand; null after a pull. */
  readonly first_told: LogPosition | null
}

/** What Facebook's listing says of the thread. Absent members were not told. */
export interface ThreadStep {
  readonly kind: 'thread'
  readonly stamp: Stamp
  readonly thread_id: string
  readonly participant_name: string | null
  readonly updated_ms: number | null
  readonly unread_count?: number
  readonly message_count?: number
  readonly can_reply?: boolean
  readonly folder?: string
  readonly snippet?: string
}

/** A custom label was put on the person, or taken off. Saying so again is no news, whoever says it. */
export interface LabelStep {
  readonly kind: 'label'
  readonly name: string
  readonly on: boolean
  readonly stamp: Stamp
  /** What the label stands for, where the page shows such states as labels. */
  readonly means: 'archived' | 'muted' | null
  /** Read from Facebook, which does not show yet what our own call is about to change. */
  readonly pulled?: true
}

/** A call of ours that puts a label on or takes it off begins, or has ended. */
export interface LabelCallStep {
  readonly kind: 'label-call'
  readonly name: string
  readonly isUnderWay: boolean
  readonly stamp: Stamp
}

export type ConversationStep =
  | MessageStep
  | ThreadStep
  /** The person did something that is no message: it opens the reply window. */
  | { readonly kind: 'customer-action'; readonly at_ms: number }
  /** All messages created up to here are stored. */
  | { readonly kind: 'complete'; readonly up_to_ms: number }
  /** Facebook lists the thread no more. */
  | { readonly kind: 'not-listed'; readonly at_ms: number }
  /** Somebody set the status, here or by a label at Facebook. */
  | { readonly kind: 'status'; readonly status: ConversationRow['status']; readonly stamp: Stamp }
  /** Null: not muted any more. */
  | { readonly kind: 'mute'; readonly until_ms: number | null; readonly stamp: Stamp }
  | LabelStep
  | LabelCallStep
  | { readonly kind: 'delivered'; readonly up_to_ms: number }
  | { readonly kind: 'read'; readonly up_to_ms: number }

export function newConversation(
  identity: ConversationIdentity,
  eventId: string | null,
  nowMs: number,
): ConversationDraft {
  return {
    ...identity,
    thread_ids: [],
    participant_name: null,
    event_id: eventId,
    snippet: null,
    last_message_mid: null,
    last_message_ms: null,
    last_message_direction: null,
    last_message_automatic: false,
    first_customer: null,
    last_customer_ms: null,
    unread_count: 0,
    unread_stamp: 0,
    unread_pull_stamp: 0,
    message_count: 0,
    message_count_pull_stamp: 0,
    can_reply: null,
    folder: null,
    state_stamp: 0,
    status: 'open',
    status_stamp: 0,
    muted_until_ms: null,
    labels: [],
    delivered_ms: null,
    read_ms: null,
    applied_partition: null,
    applied_offset: -1,
    thread_updated_ms: null,
    messages_complete_ms: null,
    not_listed_since_ms: null,
    last_synced_ms: null,
    created_ms: nowMs,
  }
}

/**
 * One step on a conversation. What is not counted (newest message, watermarks, names) depends on the steps' own times
 * alone, never on their order; counts (unread, messages) move once per message, by the place at which the message was
 * first told: see `isCountedBy`. Answers the same object when nothing changes.
 */
export function mergeConversation(row: ConversationDraft, step: ConversationStep): ConversationDraft {
  switch (step.kind) {
    case 'message':
      return mergeMessageStep(row, step)
    case 'thread':
      return mergeThread(row, step)
    case 'customer-action':
      return step.at_ms > (row.last_customer_ms ?? 0) ? { ...row, last_customer_ms: step.at_ms } : row
    case 'complete':
      return step.up_to_ms > (row.messages_complete_ms ?? -1) ? { ...row, messages_complete_ms: step.up_to_ms } : row
    case 'not-listed':
      return row.not_listed_since_ms === null ? { ...row, not_listed_since_ms: step.at_ms } : row
    case 'status':
      return mergeStatus(row, step.status, step.stamp)
    case 'mute':
      return mergeMute(row, step.until_ms, step.stamp)
    case 'label':
      return mergeLabel(row, step)
    case 'label-call':
      return mergeLabelCall(row, step)
    case 'delivered':
      return step.up_to_ms > (row.delivered_ms ?? 0) ? { ...row, delivered_ms: step.up_to_ms } : row
    case 'read':
      return step.up_to_ms > (row.read_ms ?? 0) ? { ...row, read_ms: step.up_to_ms } : row
  }
}

/** Marks the live events up to `position` as counted. Records of one conversation lie in one partition, in order. */
export function markApplied(row: ConversationDraft, position: LogPosition): ConversationDraft {
  if (row.applied_partition === position.partition && row.applied_offset >= position.offset) return row
  return { ...row, applied_partition: position.partition, applied_offset: position.offset }
}

/**
 * Was the message told at this place already counted? A batch that comes again after a crash finds the place at or
 * before `applied_offset`. A webhook that Facebook repeats lies at a later place, but the message row keeps the place
 * where it was told first, and that one is asked.
 */
export function isCountedBy(row: ConversationDraft, place: LogPosition): boolean {
  return row.applied_partition === place.partition && row.applied_offset >= place.offset
}

function mergeMessageStep(row: ConversationDraft, step: MessageStep): ConversationDraft {
  const next: { -readonly [K in keyof ConversationDraft]: ConversationDraft[K] } = { ...row }
  let changed = false
  if (
    step.created_ms > (row.last_message_ms ?? -1) ||
    (step.mid === row.last_message_mid && step.snippet !== row.snippet)
  ) {
    next.last_message_mid = step.mid
    next.last_message_ms = step.created_ms
    next.last_message_direction = step.direction
    next.last_message_automatic = step.automatic
    next.snippet = step.snippet
    changed = true
  }
  if (step.direction === 'in' && step.created_ms > (row.last_customer_ms ?? 0)) {
    next.last_customer_ms = step.created_ms
    changed = true
  }
  if (step.direction === 'in' && isEarlier(step, row.first_customer)) {
    next.first_customer = { mid: step.mid, ms: step.created_ms }
    changed = true
  }
  if (step.by_person && step.created_ms > (row.last_person_reply_ms ?? 0)) {
    next.last_person_reply_ms = step.created_ms
    changed = true
  }
  if (step.direction === 'in' && openingStamp(step) > row.status_stamp) {
    // Noted of an open one, too: who asked to archive it before that, and is served after it, is late.
    next.status = 'open'
    next.status_stamp = openingStamp(step)
    changed = true
  }
  const live = step.first_told !== null && !isCountedBy(row, step.first_told)
  if (live) {
    countLive(next, step)
    changed = true
  }
  return changed ? next : row
}

/** When the person wrote, whoever told of it. */
const openingStamp = ({ created_ms }: MessageStep): Stamp => webhookStamp(created_ms)

/** Rows from before this was kept never learn it: what they begin with is not known. */
function isEarlier({ created_ms, mid }: MessageStep, first: ConversationDraft['first_customer']): boolean {
  if (first === undefined || first?.mid === mid) return false
  return first === null || created_ms < first.ms || (created_ms === first.ms && mid < first.mid)
}

function countLive(next: { -readonly [K in keyof ConversationDraft]: ConversationDraft[K] }, step: MessageStep): void {
  if (step.stamp > next.message_count_pull_stamp) next.message_count++
  if (step.direction === 'in') {
    // What is older than the newest pull is in its number already.
    if (step.stamp > next.unread_pull_stamp) next.unread_count++
  } else if (step.stamp >= next.unread_stamp) next.unread_count = 0
  next.unread_stamp = Math.max(next.unread_stamp, step.stamp)
}

function mergeStatus(row: ConversationDraft, status: ConversationRow['status'], stamp: Stamp): ConversationDraft {
  return stamp > row.status_stamp ? { ...row, status, status_stamp: stamp } : row
}

function mergeMute(row: ConversationDraft, untilMs: number | null, stamp: Stamp): ConversationDraft {
  return stamp > (row.muted_stamp ?? 0) ? { ...row, muted_until_ms: untilMs, muted_stamp: stamp } : row
}

/** Webhooks about labels tell whole seconds: of what else was in that second, what we heard last counts. */
function withinSecond(stamp: Stamp, known: Stamp): Stamp {
  const isWholeSecond = stamp === webhookStamp(Math.floor(stampTimeMs(stamp) / 1_000) * 1_000)
  return isWholeSecond && stampTimeMs(known) - stampTimeMs(stamp) < 1_000 ? Math.max(stamp, known + 1) : stamp
}

function mergeLabel(row: ConversationDraft, { name, on, stamp, means, pulled }: LabelStep): ConversationDraft {
  if (pulled && row.label_calls?.includes(name)) return row
  if (row.labels.includes(name) === on || stamp <= (row.label_stamps?.[name] ?? 0)) return row
  const labels = on ? [...row.labels, name] : row.labels.filter((other) => other !== name)
  const labelled = { ...row, labels, label_stamps: { ...row.label_stamps, [name]: stamp } }
  if (means === 'archived')
    return mergeStatus(labelled, on ? 'archived' : 'open', withinSecond(stamp, row.status_stamp))
  if (means === 'muted') return mergeMute(labelled, on ? PERMANENTLY_MS : null, stamp)
  return labelled
}

/** What was read before our call ended says nothing of it. */
function mergeLabelCall(row: ConversationDraft, { name, isUnderWay, stamp }: LabelCallStep): ConversationDraft {
  const others = row.label_calls?.filter((other) => other !== name) ?? []
  if (isUnderWay) return { ...row, label_calls: [...others, name] }
  const known = row.label_stamps?.[name] ?? 0
  return { ...row, label_calls: others, label_stamps: { ...row.label_stamps, [name]: Math.max(known, stamp) } }
}

function mergeThread(row: ConversationDraft, step: ThreadStep): ConversationDraft {
  const next: { -readonly [K in keyof ConversationDraft]: ConversationDraft[K] } = { ...row }
  if (row.thread_ids[0] !== step.thread_id) {
    const newest = step.updated_ms !== null && step.updated_ms >= (row.thread_updated_ms ?? 0)
    const others = row.thread_ids.filter((id) => id !== step.thread_id)
    next.thread_ids = newest
      ? [step.thread_id, ...others]
      : row.thread_ids.includes(step.thread_id)
        ? row.thread_ids
        : [...row.thread_ids, step.thread_id]
  }
  if (step.participant_name !== null) next.participant_name = step.participant_name
  if (step.updated_ms !== null && step.updated_ms > (row.thread_updated_ms ?? 0))
    next.thread_updated_ms = step.updated_ms
  if (step.stamp > row.unread_stamp && step.unread_count !== undefined && next.thread_ids[0] === step.thread_id) {
    if (step.unread_count !== row.unread_count) next.unread_count = step.unread_count
    next.unread_stamp = step.stamp
    next.unread_pull_stamp = step.stamp
  }
  if (
    step.stamp > row.unread_stamp &&
    step.message_count !== undefined &&
    step.stamp > row.message_count_pull_stamp &&
    next.thread_ids[0] === step.thread_id
  ) {
    next.message_count = step.message_count
    next.message_count_pull_stamp = step.stamp
  }
  if (step.stamp > row.state_stamp) {
    if (step.can_reply !== undefined) next.can_reply = step.can_reply
    if (step.folder !== undefined) next.folder = step.folder
    next.state_stamp = step.stamp
  }
  if (step.snippet !== undefined && row.last_message_mid === null) next.snippet = step.snippet
  if (step.updated_ms !== null && step.updated_ms > (row.last_message_ms ?? -1) && row.last_message_mid === null)
    next.last_message_ms = step.updated_ms
  next.not_listed_since_ms = null
  next.last_synced_ms = Math.max(row.last_synced_ms ?? 0, stampTimeMs(step.stamp))
  return next
}

/** What callers see of a conversation: when none of these differ, a change is not worth announcing. */
const ANNOUNCED = [
  'participant_name',
  'snippet',
  'last_message_ms',
  'last_message_direction',
  'unread_count',
  'message_count',
  'can_reply',
  'folder',
  'status',
  'muted_until_ms',
  'labels',
  'thread_ids',
  'delivered_ms',
  'read_ms',
  'last_customer_ms',
  'not_listed_since_ms',
] as const

/** The fields that callers see and that differ, with their new values. Empty when nothing of note changed. */
export function changedFields(before: ConversationDraft | null, after: ConversationDraft): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  for (const name of ANNOUNCED) {
    const old = before === null ? undefined : before[name]
    const value = after[name]
    const same = Array.isArray(value) ? JSON.stringify(value) === JSON.stringify(old) : value === old
    if (!same) fields[name] = value
  }
  return fields
}
