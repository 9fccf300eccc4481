import type { CompiledRules } from './compile-rules.ts'
import type { Decision, DecisionEffect, ReplyAction } from './decision.ts'
import { parseFaqFeedback } from './faq-feedback.ts'
import type { DecisionContext, IncomingMessage } from './incoming.ts'
import { closedGate } from './message-gates.ts'

/**
 * Which rule answers the message, and with what: at most one. Rules are asked by their automations' `order`, equal ones
 * by type (keyword, FAQ, away, instant reply, contact info) and id; in which order they were given does not matter.
 * The same arguments give the same decision. `reasons` are worked out when they are read.
 */
export function decide(rules: CompiledRules, message: IncomingMessage, context: DecisionContext): Decision {
  const gate = closedGate(message, context)
  const feedback = parseFaqFeedback(message.quickReplyPayload)
  const effects: DecisionEffect[] = []
  if (feedback && !gate?.stopsEffects)
    effects.push({ kind: 'faq_feedback', faq_id: feedback.faqId, feedback: feedback.feedback })
  const action = gate ? null : firstReply(rules, message)
  return {
    action,
    effects,
    get reasons() {
      return rules.page.automations.map((each) =>
        gate
          ? { automation_id: each.id, part_id: null, code: gate.code, text: gate.text }
          : each.id === action?.automation_id
            ? { automation_id: each.id, part_id: action.part_id, code: 'answers' as const, text: 'it answers' }
            : { automation_id: each.id, part_id: null, code: 'no_match' as const, text: 'nothing in it fits' },
      )
    },
  }
}

function firstReply({ page }: CompiledRules, { text }: IncomingMessage): ReplyAction | null {
  if (text === null) return null
  for (const keyword of page.keywords) {
    const parent = page.automations.find(({ id, is_active }) => is_active && id === keyword.automation_id)
    if (!parent || !text.toLowerCase().includes(keyword.keyword.toLowerCase())) continue
    return {
      automation_id: parent.id,
      part_id: keyword.id,
      kind: 'custom_keyword',
      text: keyword.response_message,
      delay_seconds: 0,
      quick_replies: [],
    }
  }
  return null
}
