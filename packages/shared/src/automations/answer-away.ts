import { type Answerer, type Given, isCoolingDown, reason, wordsOf } from './answerer.ts'
import type { AutomationRule } from './automation.ts'
import { AWAY_COOLDOWN_MINUTES, type AwayMessageConfig } from './away-message.ts'
import type { Reason } from './decision.ts'
import { createOpenHours } from './open-hours.ts'
import type { WallClocks } from './wall-clock.ts'

/** Answers whatever is written outside business hours. */
export function createAwayAnswerer(rule: AutomationRule, config: AwayMessageConfig, clocks: WallClocks): Answerer {
  const isOpen = createOpenHours(config.business_hours, config.holidays ?? [])
  const cooldown = config.cooldown_minutes ?? AWAY_COOLDOWN_MINUTES
  const why = (given: Given): Reason => {
    const { context } = given
    const zone = config.timezone ?? context.page.timeZone
    const say = (code: Reason['code'], text: string): Reason => reason(rule.id, null, code, text)
    if (isOpen(clocks.at(context.nowMs, zone))) return say('within_business_hours', `the page is open (${zone})`)
    if (isCoolingDown(context, rule.id, null, cooldown))
      return say('cooldown', `it answered here less than ${cooldown} minutes ago`)
    return say('answers', `outside business hours (${zone})`)
  }
  return {
    rule,
    answer: (given) =>
      why(given).code === 'answers'
        ? {
            automation_id: rule.id,
            part_id: null,
            kind: rule.type,
            ...wordsOf(config.message, given.context),
            delay_seconds: config.delay_seconds ?? 0,
            quick_replies: [],
          }
        : null,
    explain: (given) => [why(given)],
  }
}
