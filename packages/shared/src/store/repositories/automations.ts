import { RULES_PER_PAGE } from '../../automations/limits.ts'
import type { Store } from '../collection.ts'
import {
  AUTOMATIONS,
  type AutomationRow,
  FAQS,
  type FaqRow,
  INSTANT_REPLIES,
  type InstantReplyRow,
  KEYWORDS,
  type KeywordRow,
  RULES_VERSIONS,
} from './automation-rows.ts'
import { createRuleCollection, type RuleCollection } from './rule-collection.ts'
import type { Sequences } from './sequences.ts'

/** All rules of a page, as they stand: what `compileRules` takes. */
export interface RulesOfPage {
  readonly automations: readonly AutomationRow[]
  readonly instantReplies: readonly InstantReplyRow[]
  readonly keywords: readonly KeywordRow[]
  readonly faqs: readonly FaqRow[]
}

/** Several callers that make rules at one moment may pass the bound by a few: those are read all the same. */
const READ_MAX = 2 * RULES_PER_PAGE.faqs

/** What a tenant wants answered by itself. Whoever changes a page's rules says so by `changed`. */
export interface Automations {
  readonly automations: RuleCollection<AutomationRow>
  readonly instantReplies: RuleCollection<InstantReplyRow>
  readonly keywords: RuleCollection<KeywordRow>
  readonly faqs: RuleCollection<FaqRow>
  /** After every write: workers read the page's rules anew. */
  changed(pageId: number): Promise<void>
  /** True once for each page whose rules nobody ever changed: whoever is answered so may make the first. */
  begin(pageId: number): Promise<boolean>
  /** The version of each page's rules; 0 where there never were any. */
  versions(pageIds: readonly number[]): Promise<ReadonlyMap<number, number>>
  rulesOf(pageId: number): Promise<RulesOfPage>
  /** The automation with all its parts; repeatable after a failure in between. */
  removeAutomation(automation: AutomationRow): Promise<void>
}

export function createAutomations(store: Store, sequences: Sequences): Automations {
  const automations = createRuleCollection(store.collection(AUTOMATIONS), 'automation', sequences)
  const instantReplies = createRuleCollection(store.collection(INSTANT_REPLIES), 'instant_reply', sequences)
  const keywords = createRuleCollection(store.collection(KEYWORDS), 'keyword', sequences)
  const faqs = createRuleCollection(store.collection(FAQS), 'faq', sequences)
  const versions = store.collection(RULES_VERSIONS)
  return {
    automations,
    instantReplies,
    keywords,
    faqs,
    async changed(pageId) {
      await versions.increment(String(pageId), { version: 1 })
    },
    async begin(pageId) {
      const { existing } = await versions.insertMany([{ _id: String(pageId), version: 1 }])
      return existing.length === 0
    },
    async versions(pageIds) {
      const rows = await versions.getMany(pageIds.map(String))
      const known = new Map(rows.map(({ _id, version }) => [Number(_id), version]))
      return new Map(pageIds.map((id) => [id, known.get(id) ?? 0]))
    },
    async rulesOf(pageId) {
      const [rules, replies, words, questions] = await Promise.all([
        automations.findAll({ page_id: pageId }, READ_MAX),
        instantReplies.findAll({ page_id: pageId }, READ_MAX),
        keywords.findAll({ page_id: pageId }, READ_MAX),
        faqs.findAll({ page_id: pageId }, READ_MAX),
      ])
      return { automations: rules, instantReplies: replies, keywords: words, faqs: questions }
    },
    async removeAutomation(automation) {
      const ofAutomation = { automation_id: automation.id }
      // The parts first: the automation is still there to be asked for again.
      await instantReplies.remove(await instantReplies.findAll(ofAutomation, READ_MAX))
      await keywords.remove(await keywords.findAll(ofAutomation, READ_MAX))
      await automations.remove([automation])
    },
  }
}
