import { type TProperties, Type } from '@sinclair/typebox'
import { TEXT_LENGTH_MAX } from '../model/command-arguments.ts'

/** Sizes that several rule shapes share. A page's numbers of rules are for the API to refuse beyond, and bound what a compiled page costs. */
export const RULES_PER_PAGE = {
  automations: 100,
  keywords: 2_000,
  instantReplies: 200,
  faqs: 10_000,
} as const

/** A day: Facebook's window for an automatic answer. */
export const DELAY_SECONDS_MAX = 86_400
export const COOLDOWN_MINUTES_MAX = 43_200
export const KEYWORD_LENGTH_MAX = 200

export const ReplyText = Type.String({
  minLength: 1,
  maxLength: TEXT_LENGTH_MAX,
  description: 'May name {{name}}, {{first_name}} and {{page_name}}',
})
export const DelaySeconds = Type.Integer({ minimum: 0, maximum: DELAY_SECONDS_MAX, description: 'Default 0' })
export const TimeZone = Type.String({
  minLength: 1,
  maxLength: 64,
  description: 'An IANA name, such as Asia/Phnom_Penh',
})

export function cooldownMinutes(standard: number) {
  return Type.Integer({
    minimum: 0,
    maximum: COOLDOWN_MINUTES_MAX,
    description: `The same answer is not given twice to one conversation within so many minutes; default ${standard}`,
  })
}

/** Rule shapes refuse what they do not know. */
export function closedObject<P extends TProperties>(properties: P) {
  return Type.Object(properties, { additionalProperties: false })
}
