import { type Static, Type } from '@sinclair/typebox'
import { closedObject, cooldownMinutes, DelaySeconds, ReplyText } from './limits.ts'

/** Nobody likes to be asked for a phone number twice a day. */
export const CONTACT_INFO_COOLDOWN_MINUTES = 1_440

export const ContactInfoConfig = closedObject({
  message: ReplyText,
  ask_for: Type.Optional(
    Type.Array(Type.Union([Type.Literal('email'), Type.Literal('phone')]), {
      minItems: 1,
      maxItems: 2,
      uniqueItems: true,
      description: 'Default both. Nobody is asked for what is known already',
    }),
  ),
  trigger: Type.Optional(
    Type.Union([Type.Literal('new_message'), Type.Literal('new_conversation')], { description: 'Default new_message' }),
  ),
  /** Sent when the answer held what was asked for. */
  thanks_message: Type.Optional(ReplyText),
  /** Sent when the answer looked like an address or a number and was none. */
  invalid_message: Type.Optional(ReplyText),
  default_country: Type.Optional(
    Type.String({
      pattern: '^[A-Z]{2}$',
      description: 'Whose numbers are meant where none is international, such as KH',
    }),
  ),
  cooldown_minutes: Type.Optional(cooldownMinutes(CONTACT_INFO_COOLDOWN_MINUTES)),
  delay_seconds: Type.Optional(DelaySeconds),
})
export type ContactInfoConfig = Readonly<Static<typeof ContactInfoConfig>>
