import { type Answerer, type Given, isCoolingDown, reason, wordsOf } from './answerer.ts'
import type { AutomationRule } from './automation.ts'
import type { CompiledKeyword } from './compiled-keyword.ts'
import { type CustomKeywordConfig, KEYWORD_COOLDOWN_MINUTES } from './custom-keyword.ts'
import type { Reason, ReplyAction } from './decision.ts'

/** `keywords` are the page's, in order of preference; the automation looks at its own. */
export function createKeywordAnswerer(
  rule: AutomationRule,
  config: CustomKeywordConfig,
  keywords: readonly CompiledKeyword[],
): Answerer {
  const cooldown = config.cooldown_minutes ?? KEYWORD_COOLDOWN_MINUTES
  const isOwn = (place: number): boolean => keywords[place]!.rule.automation_id === rule.id
  const isCooling = (given: Given, id: number): boolean => isCoolingDown(given.context, rule.id, id, cooldown)

  const explainOne = (given: Given, place: number): Reason => {
    const { rule: keyword, problem } = keywords[place]!
    const say = (code: Reason['code'], text: string): Reason => reason(rule.id, keyword.id, code, text)
    if (keyword.is_active === false) return say('inactive', 'the keyword is turned off')
    if (problem !== null) return say('unusable', problem)
    if (given.text === null) return say('no_text', 'the message has no text')
    if (!given.found.keywords.includes(place)) return say('no_match', `nothing in it matches (${keyword.match_type})`)
    if (isCooling(given, keyword.id)) return say('cooldown', `it answered here less than ${cooldown} minutes ago`)
    return say('answers', `the message matches (${keyword.match_type})`)
  }

  return {
    rule,
    answer(given): ReplyAction | null {
      for (const place of given.found.keywords) {
        const { rule: keyword } = keywords[place]!
        if (!isOwn(place) || isCooling(given, keyword.id)) continue
        return {
          automation_id: rule.id,
          part_id: keyword.id,
          kind: rule.type,
          ...wordsOf(keyword.response_message, given.context),
          delay_seconds: config.delay_seconds ?? 0,
          quick_replies: [],
        }
      }
      return null
    },
    explain: (given) => [...keywords.keys()].filter(isOwn).map((place) => explainOne(given, place)),
  }
}
