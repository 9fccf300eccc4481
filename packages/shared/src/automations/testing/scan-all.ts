import { isCoolingDown } from '../answerer.ts'
import { AUTOMATION_TYPES, type AutomationRule } from '../automation.ts'
import { AWAY_COOLDOWN_MINUTES, type AwayMessageConfig } from '../away-message.ts'
import { KEYWORD_COOLDOWN_MINUTES, type KeywordRule, MATCH_TYPES } from '../custom-keyword.ts'
import { FAQ_COOLDOWN_MINUTES, FAQ_THRESHOLD, type FaqConfig, type FaqRule } from '../faq.ts'
import { foldText } from '../fold-text.ts'
import type { DecisionContext, IncomingMessage } from '../incoming.ts'
import { INSTANT_REPLY_COOLDOWN_MINUTES } from '../instant-reply.ts'
import { isMatch, type JudgedText, judgeText } from '../judged-text.ts'
import { closedGate } from '../message-gates.ts'
import { createOpenHours } from '../open-hours.ts'
import type { PageRules } from '../page-rules.ts'
import { questionTerms, termWeight } from '../question-terms.ts'
import { createRegexSet } from '../regex-set.ts'
import { createWallClock } from '../wall-clock.ts'

type Part = readonly [automationId: number, partId: number | null]

/**
 * What `decide` must answer, written the plain way: rule by rule, each looked at on its own, nothing indexed. For rules
 * that are well; the reference of its tests and the peer of its benchmark.
 */
export function createScanAll(page: PageRules): (message: IncomingMessage, context: DecisionContext) => Part | null {
  const rank = ({ type }: AutomationRule): number => AUTOMATION_TYPES.indexOf(type)
  const automations = page.automations
    .filter(({ is_active }) => is_active)
    .sort((a, b) => a.order - b.order || rank(a) - rank(b) || a.id - b.id)
  const keywords = page.keywords
    .filter(({ is_active }) => is_active !== false)
    .map((rule) => ({ rule, matches: matcherOf(rule), folded: foldText(rule.keyword) }))
    .sort(
      (a, b) =>
        narrower(a.rule, b.rule) ||
        b.folded.length - a.folded.length ||
        (a.folded < b.folded ? -1 : a.folded > b.folded ? 1 : 0) ||
        a.rule.id - b.rule.id,
    )
  const faqs = page.faqs
    .filter(({ is_active }) => is_active !== false)
    .sort((a, b) => (a.order ?? 0) - (b.order ?? 0) || a.id - b.id)
  const alike = createLikeness(faqs)
  const words = faqs.map(({ keywords: each }) => (each ?? []).map((word) => phraseMatcher(word, 'contains')))

  const bestFaq = (text: JudgedText, config: FaqConfig): FaqRule | undefined => {
    const named = faqs.find((_, i) => words[i]!.some((matches) => matches(text)))
    if (named) return named
    const likeness = alike(text.folded)
    const best = Math.max(0, ...likeness)
    return best >= (config.threshold ?? FAQ_THRESHOLD) ? faqs[likeness.indexOf(best)] : undefined
  }
  const partOf = (rule: AutomationRule, text: JudgedText | null, context: DecisionContext): Part | null => {
    const config = (rule.config ?? {}) as { readonly cooldown_minutes?: number }
    const cools = (part: number | null | undefined, standard: number): boolean =>
      isCoolingDown(context, rule.id, part, config.cooldown_minutes ?? standard)
    const isWithin = (
      hours: AwayMessageConfig['business_hours'],
      holidays: readonly string[],
      zone?: string | null,
    ): boolean => createOpenHours(hours, holidays)(createWallClock(zone ?? context.page.timeZone)(context.nowMs))
    if (rule.type === 'custom_keyword') {
      const own = keywords.filter((each) => each.rule.automation_id === rule.id)
      const found = own.find(
        ({ rule: { id }, matches }) => text && matches(text) && !cools(id, KEYWORD_COOLDOWN_MINUTES),
      )
      return found ? [rule.id, found.rule.id] : null
    }
    if (rule.type === 'faq') {
      const found = text ? bestFaq(text, config as FaqConfig) : undefined
      return found && !cools(found.id, FAQ_COOLDOWN_MINUTES) ? [rule.id, found.id] : null
    }
    if (rule.type === 'away_message') {
      const { business_hours, holidays, timezone } = config as AwayMessageConfig
      const isAway = !isWithin(business_hours, holidays ?? [], timezone)
      return isAway && !cools(null, AWAY_COOLDOWN_MINUTES) ? [rule.id, null] : null
    }
    if (rule.type !== 'instant_reply' || cools(undefined, INSTANT_REPLY_COOLDOWN_MINUTES)) return null
    const own = page.instantReplies
      .filter(({ automation_id, is_active }) => automation_id === rule.id && is_active !== false)
      .filter(({ hours, timezone }) => !hours || isWithin(hours, [], timezone))
      .sort((a, b) => a.id - b.id)
    const occasion = (trigger: string) => own.find((each) => each.trigger === trigger)
    const found =
      (context.conversation.isNew ? occasion('new_conversation') : undefined) ??
      occasion('specific_time') ??
      occasion('new_message')
    return found ? [rule.id, found.id] : null
  }
  return (message, context) => {
    if (closedGate(message, context)) return null
    const text = message.text === null ? null : judgeText(message.text)
    for (const rule of automations) {
      const part = partOf(rule, text, context)
      if (part) return part
    }
    return null
  }
}

function narrower(a: KeywordRule, b: KeywordRule): number {
  return MATCH_TYPES.indexOf(a.match_type) - MATCH_TYPES.indexOf(b.match_type)
}

function matcherOf({ keyword, match_type }: KeywordRule): (text: JudgedText) => boolean {
  if (match_type !== 'regex') return phraseMatcher(keyword, match_type)
  const match = createRegexSet([keyword])
  return ({ folded }) => match(folded).length > 0
}

function phraseMatcher(phrase: string, type: 'exact' | 'starts_with' | 'ends_with' | 'contains') {
  const folded = foldText(phrase)
  return (text: JudgedText): boolean => {
    for (let at = text.folded.indexOf(folded); at !== -1; at = text.folded.indexOf(folded, at + 1))
      if (isMatch(type, text, at, at + folded.length)) return true
    return false
  }
}

/** The definition in `faq-similarity`, of each question in turn. */
function createLikeness(faqs: readonly FaqRule[]): (folded: string) => number[] {
  const questions = faqs.map(({ question }) => new Set(questionTerms(foldText(question))))
  const holders = new Map<string, number>()
  for (const question of questions) for (const term of question) holders.set(term, (holders.get(term) ?? 0) + 1)
  const weight = (term: string): number => {
    const count = holders.get(term) ?? 0
    return Math.log(1 + (questions.length - count + 0.5) / (count + 0.5)) * termWeight(term)
  }
  const total = (terms: Iterable<string>): number => [...terms].reduce((sum, term) => sum + weight(term), 0)
  return (folded) => {
    const said = questionTerms(folded)
    return questions.map((question) => {
      const own = total(question)
      const shared = total(said.filter((term) => question.has(term)))
      return Math.min(1, Math.round((shared / Math.min(own, (own + total(said)) / 2)) * 1e9) / 1e9 || 0)
    })
  }
}
