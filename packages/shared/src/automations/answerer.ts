import type { AutomationRule } from './automation.ts'
import type { DecisionEffect, Reason, ReasonCode, ReplyAction } from './decision.ts'
import { fillTemplate, mentionsPerson } from './fill-template.ts'
import type { DecisionContext, IncomingMessage } from './incoming.ts'
import type { JudgedText } from './judged-text.ts'

const MINUTE_MS = 60_000

/** What the rules of a page look at for one message; what costs something is worked out when it is first read. */
export interface Given {
  readonly message: IncomingMessage
  readonly context: DecisionContext
  /** Null where the message has no text. */
  readonly text: JudgedText | null
  /** What the page's phrases and patterns found in it. */
  readonly found: FoundRules
}

/** Indexes into the compiled page's keyword and FAQ lists, in order of preference, each once. */
export interface FoundRules {
  readonly keywords: readonly number[]
  readonly faqs: readonly number[]
}

/** One automation of a page, ready to be asked. */
export interface Answerer {
  readonly rule: AutomationRule
  /** A reply that goes before those of all other automations. */
  answerFirst?(given: Given): ReplyAction | null
  /** The reply, if this automation would give one were it asked first. */
  answer(given: Given): ReplyAction | null
  /** What follows beside a reply. */
  effects?(given: Given): readonly DecisionEffect[]
  /** One reason for the automation and one for each part; `answers` for each that would answer were it asked first. */
  explain(given: Given): Reason[]
}

export function reason(automationId: number, partId: number | null, code: ReasonCode, text: string): Reason {
  return { automation_id: automationId, part_id: partId, code, text }
}

/** The rule answered this conversation less than `minutes` ago. `partId` undefined: any part of the automation. */
export function isCoolingDown(
  { nowMs, conversation }: DecisionContext,
  automationId: number,
  partId: number | null | undefined,
  minutes: number,
): boolean {
  return conversation.automaticReplies.some(
    (reply) =>
      reply.automation_id === automationId &&
      (partId === undefined || reply.part_id === partId) &&
      reply.atMs + minutes * MINUTE_MS > nowMs,
  )
}

/** What a reply says; with the template where that names a person who is not known yet. */
export function wordsOf(
  template: string,
  { page, contact }: Pick<DecisionContext, 'page' | 'contact'>,
): Pick<ReplyAction, 'text' | 'template'> {
  const names = { name: contact.name, firstName: contact.first_name ?? null, pageName: page.name }
  const text = fillTemplate(template, names)
  const isNameless = names.name === null && names.firstName === null
  return isNameless && mentionsPerson(template) ? { text, template } : { text }
}
