import type { CompiledRules } from '@pagesync/shared/automations/compile-rules.ts'
import { type AlertDue, alertsDue } from '@pagesync/shared/automations/due-alert.ts'
import type { ConversationRepliesRow } from '@pagesync/shared/store/repositories/automation-rows.ts'
import type { ConversationRow } from '@pagesync/shared/store/repositories/rows.ts'

export type Waiting = NonNullable<ConversationRepliesRow['waiting']>

/**
 * Since when the person waits for an answer of a person, null where nobody waits. It begins with the message that
 * found the conversation answered, so it is kept from batch to batch; an automatic reply is no answer.
 */
export function waitingSince(known: Waiting | undefined, conversation: ConversationRow): number | null {
  const { last_message_direction, last_message_automatic, last_customer_ms, last_person_reply_ms } = conversation
  if (last_customer_ms === null || (last_message_direction === 'out' && !last_message_automatic)) return null
  const answeredMs = last_person_reply_ms ?? 0
  // What an automation said after the person's answer takes nothing of it away.
  if (answeredMs >= last_customer_ms) return null
  const since = known?.since_ms ?? null
  // Answered, and written again since, within one batch.
  if (since === null || answeredMs >= since) return last_customer_ms
  return since
}

/** The alerts that were not told of yet for this wait, earliest first. */
export function alertsToCome(
  rules: CompiledRules,
  conversation: ConversationRow,
  { since_ms, alerted }: Waiting,
  isBlocked: boolean,
): AlertDue[] {
  const { status, muted_until_ms } = conversation
  const state = { waitingSinceMs: since_ms, status, isBlocked, mutedUntilMs: muted_until_ms }
  return alertsDue(rules, state).filter(({ automation_id }) => alerted[automation_id] !== since_ms)
}
