import { type Static, Type } from '@sinclair/typebox'

/** In the order in which types are asked where automations have the same `order` (see `decide`). */
export const AUTOMATION_TYPES = [
  'custom_keyword',
  'faq',
  'away_message',
  'instant_reply',
  'contact_info',
  'comment_to_message',
  'unanswered_alert',
] as const

export const AutomationType = Type.Union(AUTOMATION_TYPES.map((type) => Type.Literal(type)))
export type AutomationType = Static<typeof AutomationType>

/** What a caller writes of any automation; `config` is checked by `automationProblems`, by its type. */
export const AutomationBody = Type.Object(
  {
    name: Type.String({ minLength: 1, maxLength: 200 }),
    type: AutomationType,
    is_active: Type.Optional(Type.Boolean({ description: 'Default true' })),
    config: Type.Optional(Type.Object({}, { additionalProperties: true })),
  },
  { additionalProperties: false },
)
export type AutomationBody = Readonly<Static<typeof AutomationBody>>

/** An automation as the decision sees it: a stored row fits. */
export interface AutomationRule {
  readonly id: number
  readonly type: AutomationType
  readonly is_active: boolean
  /** Lower is asked first. Equal ones (the default is 0 for all) are asked in the order of their types, then by id. */
  readonly order: number
  readonly config: Readonly<Record<string, unknown>> | null
}
