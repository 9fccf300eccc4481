import type { CompiledRules } from './compile-rules.ts'
import type { UnansweredAlertConfig } from './unanswered-alert.ts'

const HOUR_MS = 3_600_000

export interface UnansweredConversation {
  /** The first message of the customer that no person answered yet; null: all are answered. Milliseconds since 1970. */
  readonly waitingSinceMs: number | null
  readonly status: 'open' | 'closed' | 'archived'
  readonly isBlocked: boolean
  readonly mutedUntilMs: number | null
}

export interface AlertDue {
  readonly automation_id: number
  readonly hours: number
  /** One alert for each automation and `waitingSinceMs`: that is its natural key. */
  readonly waitingSinceMs: number
  readonly dueMs: number
}

/** When each active `unanswered_alert` of the page is due for a conversation, earliest first; empty where none ever is. */
export function alertsDue(rules: CompiledRules, conversation: UnansweredConversation): AlertDue[] {
  const { waitingSinceMs } = conversation
  if (waitingSinceMs === null || conversation.status !== 'open' || conversation.isBlocked) return []
  return rules.automations
    .filter(({ rule, problem }) => rule.type === 'unanswered_alert' && rule.is_active && problem === null)
    .map(({ rule }) => {
      const { hours } = rule.config as UnansweredAlertConfig
      const dueMs = Math.max(waitingSinceMs + hours * HOUR_MS, conversation.mutedUntilMs ?? 0)
      return { automation_id: rule.id, hours, waitingSinceMs, dueMs }
    })
    .sort((a, b) => a.dueMs - b.dueMs || a.automation_id - b.automation_id)
}
