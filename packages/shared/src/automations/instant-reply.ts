import { type Static, Type } from '@sinclair/typebox'
import { closedObject, cooldownMinutes, DelaySeconds, ReplyText, TimeZone } from './limits.ts'
import { WeekHours } from './week-hours.ts'

/** So that a customer who writes three lines gets one greeting. */
export const INSTANT_REPLY_COOLDOWN_MINUTES = 10

export const InstantReplyConfig = closedObject({
  cooldown_minutes: Type.Optional(cooldownMinutes(INSTANT_REPLY_COOLDOWN_MINUTES)),
})
export type InstantReplyConfig = Readonly<Static<typeof InstantReplyConfig>>

export const InstantReplyTrigger = Type.Union([
  Type.Literal('new_message'),
  Type.Literal('new_conversation'),
  Type.Literal('specific_time'),
])

export const InstantReplyBody = closedObject({
  trigger: InstantReplyTrigger,
  message: ReplyText,
  delay_seconds: Type.Optional(DelaySeconds),
  include_name: Type.Optional(
    Type.Boolean({
      description: "Begins with the person's first name where the message does not name it; default false",
    }),
  ),
  is_active: Type.Optional(Type.Boolean({ description: 'Default true' })),
  hours: Type.Optional(
    Type.Union([WeekHours, Type.Null()], { description: 'When it answers; for specific_time, where it is needed' }),
  ),
  timezone: Type.Optional(Type.Union([TimeZone, Type.Null()], { description: "Of `hours`; default the page's" })),
})
export type InstantReplyBody = Readonly<Static<typeof InstantReplyBody>>

export interface InstantReplyRule extends InstantReplyBody {
  readonly id: number
  readonly automation_id: number
}
