import { type Answerer, type Given, isCoolingDown, reason, wordsOf } from './answerer.ts'
import type { AutomationRule } from './automation.ts'
import type { CompiledFaq } from './compiled-faq.ts'
import type { Reason, ReplyAction } from './decision.ts'
import { FAQ_COOLDOWN_MINUTES, FAQ_THRESHOLD, type FaqConfig, type FaqRule } from './faq.ts'
import { faqFeedbackButtons } from './faq-feedback.ts'
import type { FaqSimilarity } from './faq-similarity.ts'

/** `faqs` are the page's, in order of preference, and the first of them, those that can answer, what `likeness` knows. */
export function createFaqAnswerer(
  rule: AutomationRule,
  config: FaqConfig,
  faqs: readonly CompiledFaq[],
  likeness: FaqSimilarity,
): Answerer {
  const threshold = config.threshold ?? FAQ_THRESHOLD
  const cooldown = config.cooldown_minutes ?? FAQ_COOLDOWN_MINUTES
  const categories = config.categories && config.categories.length > 0 ? new Set(config.categories) : null
  const isOwn = ({ category }: FaqRule): boolean => categories === null || categories.has(category ?? '')
  const isCooling = (given: Given, id: number): boolean => isCoolingDown(given.context, rule.id, id, cooldown)

  /** The one that fits best; while that one cools down none is given instead. */
  const best = (given: Given): FaqRule | undefined => {
    const byKeyword = given.found.faqs.find((place) => isOwn(faqs[place]!.rule))
    if (byKeyword !== undefined) return faqs[byKeyword]!.rule
    const near = given.text && likeness.best(given.text.folded, threshold, (place) => isOwn(faqs[place]!.rule))
    return near ? faqs[near.faq]!.rule : undefined
  }

  const explainOne = (given: Given, place: number, chosen: FaqRule | undefined, similarity: number): Reason => {
    const { rule: faq, problem } = faqs[place]!
    const say = (code: Reason['code'], text: string): Reason => reason(rule.id, faq.id, code, text)
    if (faq.is_active === false) return say('inactive', 'the FAQ is turned off')
    if (problem !== null) return say('unusable', problem)
    if (!isOwn(faq)) return say('other_category', 'this automation does not answer from its category')
    if (given.text === null) return say('no_text', 'the message has no text')
    const isKeyword = given.found.faqs.includes(place)
    const how = isKeyword
      ? 'one of its keywords is in the message'
      : `${percent(similarity)} alike, ${percent(threshold)} needed`
    if (!isKeyword && similarity < threshold) return say('too_different', how)
    if (faq !== chosen) return say('outranked', `${how}, but FAQ ${chosen?.id} fits better`)
    if (isCooling(given, faq.id)) return say('cooldown', `it answered here less than ${cooldown} minutes ago`)
    return say('answers', how)
  }

  return {
    rule,
    answer(given): ReplyAction | null {
      const faq = best(given)
      if (!faq || isCooling(given, faq.id)) return null
      return {
        automation_id: rule.id,
        part_id: faq.id,
        kind: rule.type,
        ...wordsOf(faq.answer, given.context),
        delay_seconds: config.delay_seconds ?? 0,
        quick_replies: config.ask_feedback === false ? [] : faqFeedbackButtons(faq.id, config),
      }
    },
    explain(given) {
      const chosen = best(given)
      const similarities = new Map<number, number>()
      if (given.text) likeness.each(given.text.folded, (place, similarity) => similarities.set(place, similarity))
      return [...faqs.keys()].map((place) => explainOne(given, place, chosen, similarities.get(place) ?? 0))
    },
  }
}

/** Rounded down, so that what is below the threshold looks so. */
function percent(share: number): string {
  return `${Math.floor(share * 100)} %`
}
