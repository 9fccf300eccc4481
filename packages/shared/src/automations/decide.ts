import { type Given, reason } from './answerer.ts'
import type { CompiledAutomation, CompiledRules } from './compile-rules.ts'
import type { Decision, DecisionEffect, Reason, ReplyAction } from './decision.ts'
import { parseFaqFeedback } from './faq-feedback.ts'
import type { DecisionContext, IncomingMessage } from './incoming.ts'
import { type JudgedText, judgeText } from './judged-text.ts'
import { closedGate, type Gate } from './message-gates.ts'

/**
 * Which rule answers the message, and with what: at most one. Rules are asked by their automations' `order`, equal ones
 * by type (keyword, FAQ, away, instant reply, contact info) and id; in which order they were given does not matter.
 * The same arguments give the same decision. `reasons` are worked out when they are read.
 */
export function decide(rules: CompiledRules, message: IncomingMessage, context: DecisionContext): Decision {
  const gate = closedGate(message, context)
  const given = createGiven(rules, message, context)
  const action = gate ? null : firstReply(rules, given)
  let reasons: readonly Reason[] | undefined
  return {
    action,
    effects: gate?.stopsEffects ? [] : effectsOf(rules, given),
    get reasons() {
      reasons ??= explain(rules, given, gate, action)
      return reasons
    },
  }
}

function createGiven(rules: CompiledRules, message: IncomingMessage, context: DecisionContext): Given {
  let text: JudgedText | null | undefined
  let found: Given['found'] | undefined
  return {
    message,
    context,
    get text() {
      if (text === undefined) text = message.text === null ? null : judgeText(message.text)
      return text
    },
    get found() {
      found ??= this.text ? rules.find(this.text) : { keywords: [], faqs: [] }
      return found
    },
  }
}

function firstReply(rules: CompiledRules, given: Given): ReplyAction | null {
  for (const { answerer } of rules.automations) {
    const reply = answerer?.answerFirst?.(given)
    if (reply) return reply
  }
  for (const { answerer } of rules.automations) {
    const reply = answerer?.answer(given)
    if (reply) return reply
  }
  return null
}

function effectsOf(rules: CompiledRules, given: Given): readonly DecisionEffect[] {
  const feedback = parseFaqFeedback(given.message.quickReplyPayload)
  if (feedback) return [{ kind: 'faq_feedback', faq_id: feedback.faqId, feedback: feedback.feedback }]
  return rules.automations.flatMap(({ answerer }) => answerer?.effects?.(given) ?? [])
}

function explain(rules: CompiledRules, given: Given, gate: Gate | null, action: ReplyAction | null): Reason[] {
  return rules.automations.flatMap((automation) => {
    const { id } = automation.rule
    if (gate) return [reason(id, null, gate.code, gate.text)]
    const parts = explainAutomation(automation, given).map((each) => outranked(each, action))
    const isChosen = id === action?.automation_id
    const own = isChosen
      ? reason(id, null, 'answers', 'it is the first that can answer')
      : (parts.find(({ code }) => code === 'outranked') ??
        parts[0] ??
        reason(id, null, 'no_parts', 'it has nothing to say'))
    return [{ ...own, part_id: null }, ...parts.filter(({ part_id }) => part_id !== null)]
  })
}

function explainAutomation({ rule, problem, answerer }: CompiledAutomation, given: Given): Reason[] {
  const say = (code: Reason['code'], text: string): Reason[] => [reason(rule.id, null, code, text)]
  if (!rule.is_active) return say('inactive', 'the automation is turned off')
  if (problem !== null) return say('unusable', problem)
  return answerer ? answerer.explain(given) : say('other_trigger', `${rule.type} answers no messages`)
}

/** What would answer, but another was asked before it. */
function outranked(each: Reason, action: ReplyAction | null): Reason {
  const isChosen = action !== null && each.automation_id === action.automation_id && each.part_id === action.part_id
  if (each.code !== 'answers' || isChosen) return each
  return { ...each, code: 'outranked', text: `${each.text}, but automation ${action?.automation_id} goes before it` }
}
