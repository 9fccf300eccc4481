import { type Static, Type } from '@sinclair/typebox'
import { AutomationType } from './automation.ts'
import { closedObject } from './limits.ts'

const nullable = <S extends ReturnType<typeof Type.Integer>>(schema: S) => Type.Union([schema, Type.Null()])
const Id = Type.Integer({ minimum: 1 })

/** As the Send API takes them (`SendArguments.quick_replies`). */
const QuickReply = closedObject({
  content_type: Type.Union([Type.Literal('text'), Type.Literal('user_phone_number'), Type.Literal('user_email')]),
  title: Type.Optional(Type.String()),
  payload: Type.Optional(Type.String()),
})

/** The one reply. `part_id` is a keyword's, an FAQ's or an instant reply's, by `kind`. */
export const ReplyAction = closedObject({
  automation_id: Id,
  part_id: nullable(Id),
  kind: AutomationType,
  text: Type.String(),
  template: Type.Optional(
    Type.String({ description: 'Where it is to name a person who is not known yet: asked for when it is sent' }),
  ),
  delay_seconds: Type.Integer({ minimum: 0 }),
  quick_replies: Type.Array(QuickReply),
})
export type ReplyAction = Readonly<Static<typeof ReplyAction>>

/** What follows beside a reply, or without one. */
export const DecisionEffect = Type.Union([
  /** To be set where the contact has none: a decision never names what the contact has already. */
  closedObject({
    kind: Type.Literal('fill_contact'),
    automation_id: Id,
    email: Type.Optional(Type.String()),
    /** International, `+85512345678`, where the country is known; else as it was written, without blanks. */
    phone: Type.Optional(Type.String()),
  }),
  closedObject({
    kind: Type.Literal('faq_feedback'),
    faq_id: Id,
    feedback: Type.Union([Type.Literal('helpful'), Type.Literal('unhelpful')]),
  }),
])
export type DecisionEffect = Readonly<Static<typeof DecisionEffect>>

/** Why a rule answers or does not. */
export const REASON_CODES = [
  'answers',
  // Of the message: the same for every rule.
  'not_live',
  'echo',
  'standby',
  'deleted',
  'edited',
  'too_old',
  'feedback',
  'blocked',
  'muted',
  'window_closed',
  'paused',
  'loop_breaker',
  // Of the rule.
  'inactive',
  'unusable',
  'other_trigger',
  'outranked',
  'cooldown',
  'no_text',
  'no_match',
  'too_different',
  'within_business_hours',
  'outside_hours',
  'not_new_conversation',
  'contact_known',
  'other_category',
  'other_post',
  'author_unknown',
  'already_answered',
  'no_parts',
] as const
export const ReasonCode = Type.Union(REASON_CODES.map((code) => Type.Literal(code)))
export type ReasonCode = Static<typeof ReasonCode>

export const Reason = closedObject({
  automation_id: Id,
  part_id: nullable(Id),
  code: ReasonCode,
  text: Type.String({ description: 'The code in words, with what it depended on' }),
})
export type Reason = Readonly<Static<typeof Reason>>

/** `reasons` are worked out when they are read: one for each automation and one for each of its parts. */
export const Decision = closedObject({
  action: Type.Union([ReplyAction, Type.Null()]),
  effects: Type.Array(DecisionEffect),
  reasons: Type.Array(Reason),
})
export interface Decision {
  readonly action: ReplyAction | null
  readonly effects: readonly DecisionEffect[]
  readonly reasons: readonly Reason[]
}
