import { createAwayAnswerer } from './answer-away.ts'
import { createFaqAnswerer } from './answer-by-faq.ts'
import { createKeywordAnswerer } from './answer-by-keyword.ts'
import { createInstantAnswerer } from './answer-instantly.ts'
import type { Answerer, FoundRules } from './answerer.ts'
import { createContactInfoAnswerer } from './ask-contact-info.ts'
import { AUTOMATION_TYPES, type AutomationRule } from './automation.ts'
import type { AwayMessageConfig } from './away-message.ts'
import { canAnswer, compileFaqs } from './compiled-faq.ts'
import { compileKeywords } from './compiled-keyword.ts'
import type { ContactInfoConfig } from './contact-info.ts'
import type { CustomKeywordConfig } from './custom-keyword.ts'
import type { FaqConfig } from './faq.ts'
import { createFaqSimilarity } from './faq-similarity.ts'
import { createFindRules } from './find-rules.ts'
import { foldText } from './fold-text.ts'
import type { InstantReplyConfig } from './instant-reply.ts'
import type { JudgedText } from './judged-text.ts'
import type { PageRules } from './page-rules.ts'
import { storedConfigProblem, withoutNulls } from './rule-problems.ts'
import { createWallClocks } from './wall-clock.ts'

/** An automation in its place; `problem` says why it cannot be used. */
export interface CompiledAutomation {
  readonly rule: AutomationRule
  readonly problem: string | null
  /** Null for what answers no messages, is turned off or cannot be used. */
  readonly answerer: Answerer | null
}

/** A page's rules, indexed. Immutable in what it answers: keep it while the rules' version stands. */
export interface CompiledRules {
  /** In the order in which they are asked. */
  readonly automations: readonly CompiledAutomation[]
  readonly find: (text: JudgedText) => FoundRules
}

/** Indexes the rules of a page. Never throws: a rule that cannot be used answers nothing, and its reason says why. */
export function compileRules(page: PageRules): CompiledRules {
  const keywords = compileKeywords(page.keywords)
  const faqs = compileFaqs(page.faqs)
  const answering = faqs.filter(canAnswer)
  const hasFaqs = page.automations.some(({ type, is_active }) => type === 'faq' && is_active)
  const likeness = createFaqSimilarity(hasFaqs ? answering.map(({ rule }) => foldText(rule.question)) : [])
  const clocks = createWallClocks()
  const create = (rule: AutomationRule): Answerer | null => {
    const config = withoutNulls(rule.config)
    switch (rule.type) {
      case 'custom_keyword':
        return createKeywordAnswerer(rule, config as CustomKeywordConfig, keywords)
      case 'faq':
        return createFaqAnswerer(rule, config as FaqConfig, faqs, likeness)
      case 'away_message':
        return createAwayAnswerer(rule, config as AwayMessageConfig, clocks)
      case 'instant_reply':
        return createInstantAnswerer(rule, config as InstantReplyConfig, page.instantReplies, clocks)
      case 'contact_info':
        return createContactInfoAnswerer(rule, config as ContactInfoConfig)
      default:
        return null
    }
  }
  const automations = inOrder(page.automations).map((rule) => {
    const problem = storedConfigProblem(rule.type, rule.config)
    return { rule, problem, answerer: rule.is_active && problem === null ? create(rule) : null }
  })
  const asked = new Set(automations.flatMap(({ rule, answerer }) => (answerer ? [rule.id] : [])))
  return {
    automations,
    find: createFindRules(
      keywords.map((each) =>
        asked.has(each.rule.automation_id) ? each : { ...each, problem: 'its automation is off' },
      ),
      hasFaqs ? answering.map(({ rule }) => rule.keywords ?? []) : [],
    ),
  }
}

/** By `order`, then by type, then by id: how they were given does not matter. */
function inOrder(automations: readonly AutomationRule[]): AutomationRule[] {
  const rank = ({ type }: AutomationRule): number => AUTOMATION_TYPES.indexOf(type)
  return [...automations].sort((a, b) => a.order - b.order || rank(a) - rank(b) || a.id - b.id)
}
