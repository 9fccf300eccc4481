import { type Static, Type } from '@sinclair/typebox'
import { closedObject, cooldownMinutes, DelaySeconds, ReplyText, TimeZone } from './limits.ts'
import { WeekHours } from './week-hours.ts'

export const AWAY_COOLDOWN_MINUTES = 60
const HOLIDAYS_MAX = 366

export const AwayMessageConfig = closedObject({
  message: ReplyText,
  timezone: Type.Optional(Type.Union([TimeZone, Type.Null()], { description: "Default the page's" })),
  business_hours: WeekHours,
  holidays: Type.Optional(
    Type.Array(Type.String({ pattern: '^[0-9]{4}-[0-9]{2}-[0-9]{2}$' }), {
      maxItems: HOLIDAYS_MAX,
      uniqueItems: true,
      description: 'Days, in that time zone, on which no business hours begin',
    }),
  ),
  cooldown_minutes: Type.Optional(cooldownMinutes(AWAY_COOLDOWN_MINUTES)),
  delay_seconds: Type.Optional(DelaySeconds),
})
export type AwayMessageConfig = Readonly<Static<typeof AwayMessageConfig>>
