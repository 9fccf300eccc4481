import { type Answerer, type Given, isCoolingDown, reason, wordsOf } from './answerer.ts'
import type { AutomationRule } from './automation.ts'
import type { Reason } from './decision.ts'
import { mentionsPerson } from './fill-template.ts'
import { INSTANT_REPLY_COOLDOWN_MINUTES, type InstantReplyConfig, type InstantReplyRule } from './instant-reply.ts'
import { createOpenHours } from './open-hours.ts'
import { storedPartProblem } from './rule-problems.ts'
import type { WallClocks } from './wall-clock.ts'

/** The narrower occasion first. */
const TRIGGERS = ['new_conversation', 'specific_time', 'new_message'] as const

/** The first of its replies whose occasion it is; one cool-down for all of them. */
export function createInstantAnswerer(
  rule: AutomationRule,
  config: InstantReplyConfig,
  replies: readonly InstantReplyRule[],
  clocks: WallClocks,
): Answerer {
  const cooldown = config.cooldown_minutes ?? INSTANT_REPLY_COOLDOWN_MINUTES
  const parts = replies
    .filter((each) => each.automation_id === rule.id)
    .sort((a, b) => TRIGGERS.indexOf(a.trigger) - TRIGGERS.indexOf(b.trigger) || a.id - b.id)
    .map((reply) => ({
      reply,
      problem: storedPartProblem('instant_reply', reply),
      template:
        reply.include_name && !mentionsPerson(reply.message) ? `{{first_name}}, ${reply.message}` : reply.message,
      isWithin: reply.hours ? createOpenHours(reply.hours, []) : null,
    }))

  const why = (given: Given, { reply, problem, isWithin }: (typeof parts)[number]): Reason => {
    const { context } = given
    const zone = reply.timezone ?? context.page.timeZone
    const say = (code: Reason['code'], text: string): Reason => reason(rule.id, reply.id, code, text)
    if (reply.is_active === false) return say('inactive', 'the reply is turned off')
    if (problem !== null) return say('unusable', problem)
    if (reply.trigger === 'new_conversation' && !context.conversation.isNew)
      return say('not_new_conversation', 'the person wrote before')
    if (isWithin && !isWithin(clocks.at(context.nowMs, zone)))
      return say('outside_hours', `it is not its time (${zone})`)
    if (isCoolingDown(context, rule.id, undefined, cooldown))
      return say('cooldown', `this automation answered here less than ${cooldown} minutes ago`)
    return say('answers', `its trigger is ${reply.trigger}`)
  }

  return {
    rule,
    answer(given) {
      const chosen = parts.find((part) => why(given, part).code === 'answers')
      if (!chosen) return null
      return {
        automation_id: rule.id,
        part_id: chosen.reply.id,
        kind: rule.type,
        ...wordsOf(chosen.template, given.context),
        delay_seconds: chosen.reply.delay_seconds ?? 0,
        quick_replies: [],
      }
    },
    explain: (given) => parts.map((part) => why(given, part)),
  }
}
