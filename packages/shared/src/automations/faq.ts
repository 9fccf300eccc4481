import { type Static, Type } from '@sinclair/typebox'
import { closedObject, cooldownMinutes, DelaySeconds, KEYWORD_LENGTH_MAX, ReplyText } from './limits.ts'

export const FAQ_COOLDOWN_MINUTES = 1
/** See `faq-similarity` for what the number means. */
export const FAQ_THRESHOLD = 0.5

const ButtonTitle = Type.String({ minLength: 1, maxLength: 20 })
const Category = Type.String({ minLength: 1, maxLength: 100 })

/** FAQs belong to the page; an active automation of type `faq` is what makes them answer. */
export const FaqConfig = closedObject({
  threshold: Type.Optional(
    Type.Number({
      minimum: 0.05,
      maximum: 1,
      description: `How alike message and question must be, 0 nothing in common, 1 the same words; default ${FAQ_THRESHOLD}`,
    }),
  ),
  categories: Type.Optional(
    Type.Array(Category, { maxItems: 100, uniqueItems: true, description: 'Answers only from these; default all' }),
  ),
  ask_feedback: Type.Optional(Type.Boolean({ description: 'Two buttons below the answer; default true' })),
  helpful_title: Type.Optional(ButtonTitle),
  unhelpful_title: Type.Optional(ButtonTitle),
  cooldown_minutes: Type.Optional(cooldownMinutes(FAQ_COOLDOWN_MINUTES)),
  delay_seconds: Type.Optional(DelaySeconds),
})
export type FaqConfig = Readonly<Static<typeof FaqConfig>>

export const FaqBody = closedObject({
  question: Type.String({ minLength: 1, maxLength: 500 }),
  answer: ReplyText,
  keywords: Type.Optional(
    Type.Array(Type.String({ minLength: 1, maxLength: KEYWORD_LENGTH_MAX }), {
      maxItems: 20,
      description: 'A message that contains one of them asks this question',
    }),
  ),
  category: Type.Optional(Type.Union([Category, Type.Null()])),
  order: Type.Optional(
    Type.Integer({ minimum: 0, maximum: 1_000_000, description: 'Lower first where FAQs fit alike; default 0' }),
  ),
  is_active: Type.Optional(Type.Boolean({ description: 'Default true' })),
})
export type FaqBody = Readonly<Static<typeof FaqBody>>

export interface FaqRule extends FaqBody {
  readonly id: number
}
