import type { AutomationRule, AutomationType } from '../automation.ts'
import type { KeywordRule } from '../custom-keyword.ts'
import type { FaqRule } from '../faq.ts'
import type { DecisionContext, IncomingMessage } from '../incoming.ts'
import type { InstantReplyRule } from '../instant-reply.ts'
import type { PageRules } from '../page-rules.ts'

/** A Thursday, 15:00 in Phnom Penh. */
export const NOW_MS = Date.UTC(2026, 10, 26, 8)
export const MINUTE_MS = 60_000

/** A message that every gate lets through. */
export function messageOf(text: string | null, more: Partial<IncomingMessage> = {}): IncomingMessage {
  return {
    origin: 'webhook',
    direction: 'in',
    channel: 'messaging',
    isDeleted: false,
    isEdited: false,
    createdMs: NOW_MS - 500,
    arrivedMs: NOW_MS - 100,
    text,
    quickReplyPayload: null,
    ...more,
  }
}

export function contextOf(
  more: {
    readonly nowMs?: number
    readonly timeZone?: string
    readonly pauseMinutes?: number
    readonly conversation?: Partial<DecisionContext['conversation']>
    readonly contact?: Partial<DecisionContext['contact']>
  } = {},
): DecisionContext {
  return {
    nowMs: more.nowMs ?? NOW_MS,
    page: { name: 'Angkor Coffee', timeZone: more.timeZone ?? 'Asia/Phnom_Penh' },
    conversation: {
      isNew: false,
      mutedUntilMs: null,
      isBlocked: false,
      windowClosesMs: NOW_MS + 86_400_000,
      lastPersonReplyMs: null,
      automaticReplies: [],
      ...more.conversation,
    },
    contact: { name: 'Sophea Chan', email: null, phone: null, ...more.contact },
    ...(more.pauseMinutes === undefined ? {} : { pauseMinutes: more.pauseMinutes }),
  }
}

export function automation(
  id: number,
  type: AutomationType,
  config: AutomationRule['config'] = null,
  more: Partial<AutomationRule> = {},
): AutomationRule {
  return { id, type, is_active: true, order: 0, config, ...more }
}

export function keyword(
  id: number,
  text: string,
  matchType: KeywordRule['match_type'] = 'contains',
  more: Partial<KeywordRule> = {},
): KeywordRule {
  return { id, automation_id: 1, keyword: text, match_type: matchType, response_message: `answer ${id}`, ...more }
}

export function faq(id: number, question: string, more: Partial<FaqRule> = {}): FaqRule {
  return { id, question, answer: `answer ${id}`, ...more }
}

export function instantReply(id: number, more: Partial<InstantReplyRule> = {}): InstantReplyRule {
  return { id, automation_id: 4, trigger: 'new_message', message: `greeting ${id}`, ...more }
}

export function pageRules(more: Partial<PageRules>): PageRules {
  return { automations: [], keywords: [], instantReplies: [], faqs: [], ...more }
}
