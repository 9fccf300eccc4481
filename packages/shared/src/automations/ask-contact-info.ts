import { type Answerer, type Given, isCoolingDown, reason, wordsOf } from './answerer.ts'
import type { AutomationRule } from './automation.ts'
import { CONTACT_INFO_COOLDOWN_MINUTES, type ContactInfoConfig } from './contact-info.ts'
import type { DecisionEffect, Reason, ReplyAction } from './decision.ts'
import { type ContactInfo, findContactInfo, looksLikeEmail, looksLikePhone } from './find-contact-info.ts'

/** What is written so long after the question is taken for its answer. */
const ANSWER_MINUTES = 1_440
const KINDS = ['email', 'phone'] as const
type InfoKind = (typeof KINDS)[number]

/**
 * Asks for what the contact lacks, and takes the answer: it fills the contact, whoever answers meanwhile. What it says
 * to an answer goes before all other rules, since the person answers it.
 */
export function createContactInfoAnswerer(rule: AutomationRule, config: ContactInfoConfig): Answerer {
  const wanted = config.ask_for ?? KINDS
  const cooldown = config.cooldown_minutes ?? CONTACT_INFO_COOLDOWN_MINUTES
  const missing = ({ context }: Given): InfoKind[] => wanted.filter((kind) => !context.contact[kind])

  const taken = (given: Given): Partial<ContactInfo> => {
    const { message, context } = given
    const isAsked = isCoolingDown(context, rule.id, null, ANSWER_MINUTES)
    if (!isAsked || message.text === null) return {}
    const found = findContactInfo(message.text, config.default_country)
    return Object.fromEntries(
      missing(given)
        .map((kind) => [kind, found[kind]])
        .filter(([, value]) => value !== null),
    )
  }

  const comment = (given: Given): string | undefined => {
    if (Object.keys(taken(given)).length > 0) return config.thanks_message
    return isWrongAnswer(given) ? config.invalid_message : undefined
  }
  const isWrongAnswer = (given: Given): boolean => {
    const { text } = given.message
    if (text === null || !isCoolingDown(given.context, rule.id, null, ANSWER_MINUTES)) return false
    return missing(given).some((kind) => (kind === 'email' ? looksLikeEmail(text) : looksLikePhone(text)))
  }

  const why = (given: Given): Reason => {
    const { context } = given
    const say = (code: Reason['code'], text: string): Reason => reason(rule.id, null, code, text)
    if (comment(given) !== undefined) return say('answers', 'the person answered what it asked')
    const lacks = missing(given).filter((kind) => !(kind in taken(given)))
    if (lacks.length === 0) return say('contact_known', `${wanted.join(' and ')} are known`)
    if (config.trigger === 'new_conversation' && !context.conversation.isNew)
      return say('not_new_conversation', 'the person wrote before')
    if (isCoolingDown(context, rule.id, null, cooldown))
      return say('cooldown', `it asked less than ${cooldown} minutes ago`)
    return say('answers', `it asks for ${lacks.join(' and ')}`)
  }

  const reply = (given: Given, template: string, asked: readonly InfoKind[]): ReplyAction => ({
    automation_id: rule.id,
    part_id: null,
    kind: rule.type,
    ...wordsOf(template, given.context),
    delay_seconds: config.delay_seconds ?? 0,
    quick_replies: asked.map((kind) => ({ content_type: kind === 'email' ? 'user_email' : 'user_phone_number' })),
  })

  return {
    rule,
    answerFirst(given) {
      const template = comment(given)
      return template === undefined ? null : reply(given, template, [])
    },
    answer: (given) => (why(given).code === 'answers' ? reply(given, config.message, missing(given)) : null),
    effects(given): DecisionEffect[] {
      const info = taken(given)
      return Object.keys(info).length === 0
        ? []
        : [{ kind: 'fill_contact', automation_id: rule.id, ...info } as DecisionEffect]
    },
    explain: (given) => [why(given)],
  }
}
