import type { AutomationType } from '../../automations/automation.ts'
import type { KeywordBody } from '../../automations/custom-keyword.ts'
import type { FaqBody } from '../../automations/faq.ts'
import type { Feedback } from '../../automations/faq-feedback.ts'
import type { InstantReplyBody } from '../../automations/instant-reply.ts'
import type { CollectionDefinition, StoreDocument } from '../collection.ts'

/**
 * What a tenant wants answered by itself, and what was. All of it belongs to one page; `_id` of a rule or a part is
 * `ruleKey(page, id)`, and members that callers know have the names that callers know.
 */

/** What every rule, and every part of one, has. */
export interface RuleRow extends StoreDocument {
  readonly id: number
  readonly tenant_id: string
  readonly page_id: number
  readonly is_active: boolean
  readonly created_ms: number
  readonly updated_ms: number
}

export interface AutomationRow extends RuleRow {
  readonly name: string
  readonly type: AutomationType
  readonly config: Readonly<Record<string, unknown>>
  /** Lower is asked first; see `AutomationRule`. */
  readonly order: number
}
export const AUTOMATIONS: CollectionDefinition<AutomationRow> = {
  name: 'automations',
  indexes: { byId: ['id'], byPage: ['page_id', 'id'] },
}

export interface InstantReplyRow extends RuleRow, Required<Omit<InstantReplyBody, 'is_active'>> {
  readonly automation_id: number
}
export const INSTANT_REPLIES: CollectionDefinition<InstantReplyRow> = {
  name: 'instant_replies',
  indexes: { byId: ['id'], byPage: ['page_id', 'id'], byAutomation: ['automation_id', 'id'] },
}

export interface KeywordRow extends RuleRow, Required<Omit<KeywordBody, 'is_active'>> {
  readonly automation_id: number
}
export const KEYWORDS: CollectionDefinition<KeywordRow> = {
  name: 'keywords',
  indexes: { byId: ['id'], byPage: ['page_id', 'id'], byAutomation: ['automation_id', 'id'] },
}

export interface FaqRow extends RuleRow, Required<Omit<FaqBody, 'is_active'>> {}
export const FAQS: CollectionDefinition<FaqRow> = {
  name: 'faqs',
  indexes: { byId: ['id'], byPage: ['page_id', 'id'], byCategory: ['page_id', 'category', 'id'] },
}

/** `_id` of a rule or a part of one. */
export const ruleKey = (pageId: number, id: number): string => `${pageId}:${id}`

/** Rises with every change of a page's rules: whoever keeps them compiled asks for this alone. `_id` is `String(page_id)`. */
export interface RulesVersionRow extends StoreDocument {
  readonly version: number
}
export const RULES_VERSIONS: CollectionDefinition<RulesVersionRow> = { name: 'rules_versions', indexes: {} }

/** Which part of an automation answered. */
export type ReplyPart = 'instant_reply' | 'keyword' | 'faq'

/**
 * One automatic reply: the truth behind every counter. `_id` is page and what was answered (`replyKey`), so a message
 * has at most one. Written after the reply's command stands in the ledger, from that command alone.
 */
export interface AutomaticReplyRow extends StoreDocument {
  readonly id: number
  readonly tenant_id: string
  readonly page_id: number
  readonly conversation_key: string | null
  /** Null where a person sent an FAQ's answer. */
  readonly automation_id: number | null
  readonly automation_type: AutomationType
  readonly part: ReplyPart | null
  readonly part_id: number | null
  /** Null where nothing was sent: an alert. */
  readonly command_id: string | null
  /** What was answered: Facebook's id of the message or the comment; null where a person asked for it. */
  readonly answered_id: string | null
  readonly at_ms: number
  /** The place in the page events topic at which it was first told what was answered: makes counting exactly once. */
  readonly log_partition: number | null
  readonly log_offset: number | null
  readonly feedback: Feedback | null
  readonly feedback_ms: number | null
  /** The FAQ, once there is feedback on its answer. */
  readonly rated_faq_id: number | null
  /** What is counted by index instead of by place: an FAQ whose answer a person sent, an alert. See `countedAs`. */
  readonly counted_as: string | null
}
export const AUTOMATIC_REPLIES: CollectionDefinition<AutomaticReplyRow> = {
  name: 'automatic_replies',
  indexes: {
    byId: ['id'],
    byPage: ['page_id', 'at_ms'],
    byPageId: ['page_id', 'id'],
    byConversation: ['conversation_key', 'at_ms'],
    byRating: ['rated_faq_id', 'feedback'],
    byPageRating: ['page_id', 'feedback'],
    byCounted: ['page_id', 'counted_as'],
  },
}

export const countedAs = (kind: 'faq' | 'automation', id: number): string => `${kind}/${id}`

/** `answered` is a canonical mid, or `comment/…`, `alert/…`, `command/…` where it is something else. */
export const replyKey = (pageId: number, answered: string): string => `${pageId}:${answered}`

/** What is counted: an automation, a part of one, all of a page, or all FAQs of a page (then the id is the page's). */
export type CountedKind = 'automation' | ReplyPart | 'page' | 'page_faqs'

/** `_id` is `countKey(…)`. What is missing counts as 0. */
export interface RuleCountRow extends StoreDocument {
  readonly tenant_id: string
  readonly page_id: number
  readonly kind: CountedKind
  readonly counted_id: number
  /** Replies to what the topic told of, by the places in `applied`. */
  readonly triggers: number
  /** What is counted by index: FAQs that a person sent, alerts. */
  readonly manual: number
  /** `triggers` + `manual`, to order by. */
  readonly uses: number
  readonly helpful: number
  readonly unhelpful: number
  readonly last_used_ms: number | null
  /** For each partition of the page events topic, up to which offset replies are counted here. */
  readonly applied: Readonly<Record<string, number>>
}
export const RULE_COUNTS: CollectionDefinition<RuleCountRow> = {
  name: 'rule_counts',
  indexes: { byUses: ['page_id', 'kind', 'uses'] },
}
export const countKey = (pageId: number, kind: CountedKind, id: number): string => `${pageId}:${kind}/${id}`

/**
 * What the next decision about a conversation rests on; without it every batch would have to look through the log.
 * `_id` is the conversation's. Derived: each reply in it is told apart by what it answered.
 */
export interface ConversationRepliesRow extends StoreDocument {
  readonly tenant_id: string
  readonly page_id: number
  /** The newest reply of each automation and part, and the newest 20 of all; oldest first. */
  readonly replies: readonly KnownReply[]
  /** Where the page has an `unanswered_alert`: since when the person waits, and which alerts told of which wait. */
  readonly waiting?: { readonly since_ms: number | null; readonly alerted: Readonly<Record<string, number>> }
  /** When the next alert is due. */
  readonly alert_due_ms?: number | null
}
export interface KnownReply {
  /** The reply's `_id` without the page. */
  readonly answered: string
  readonly automation_id: number
  readonly part_id: number | null
  readonly at_ms: number
}
export const CONVERSATION_REPLIES: CollectionDefinition<ConversationRepliesRow> = {
  name: 'conversation_replies',
  indexes: { byPage: ['page_id'], byAlertDue: ['alert_due_ms'] },
}
