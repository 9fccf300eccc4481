import { type ConversationDraft, isCountedBy, type MessageStep } from './merge-conversation.ts'

/** An answer to a customer who waited. */
export interface Answer {
  readonly waitedMs: number
  readonly atMs: number
  /** Whether it ends the wait for a person, or for anything at all (an automatic reply ends only that one). */
  readonly to: 'anything' | 'person'
}

/**
 * Follows who waits for whom, by the messages' own times. Only live messages count, and each once: by the place at which
 * it was first told, like unread counts. Must be asked before the step is merged.
 */
export function followWaiting(
  row: ConversationDraft,
  step: MessageStep,
): { readonly row: ConversationDraft; readonly answers: readonly Answer[] } {
  if (step.first_told === null || isCountedBy(row, step.first_told)) return { row, answers: [] }
  return step.direction === 'in' ? { row: beginWaiting(row, step), answers: [] } : endWaiting(row, step)
}

/** From the first message that nobody answered; one that comes late, and was answered by what came before it, waits for nothing. */
function beginWaiting(row: ConversationDraft, { created_ms }: MessageStep): ConversationDraft {
  const answered = row.last_message_direction === 'out' && created_ms <= (row.last_message_ms ?? 0)
  if (answered) return row
  return {
    ...row,
    waiting_since_ms: row.waiting_since_ms ?? created_ms,
    waiting_person_since_ms: row.waiting_person_since_ms ?? created_ms,
  }
}

function endWaiting(row: ConversationDraft, { created_ms, automatic, by_person }: MessageStep) {
  const answers: Answer[] = []
  const next: { -readonly [K in keyof ConversationDraft]: ConversationDraft[K] } = { ...row }
  const since = row.waiting_since_ms ?? null
  if (since !== null && created_ms >= since) {
    answers.push({ waitedMs: created_ms - since, atMs: created_ms, to: 'anything' })
    next.waiting_since_ms = null
  }
  const personSince = row.waiting_person_since_ms ?? null
  if (!automatic && by_person !== false && personSince !== null && created_ms >= personSince) {
    answers.push({ waitedMs: created_ms - personSince, atMs: created_ms, to: 'person' })
    next.waiting_person_since_ms = null
  }
  return answers.length === 0 ? { row, answers } : { row: next, answers }
}
