import { type Static, Type } from '@sinclair/typebox'
import { closedObject } from './limits.ts'

export const WEEKDAYS = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const

const TIME_OF_DAY = '^([01][0-9]|2[0-3]):[0-5][0-9]$'
const END_OF_DAY = '^(([01][0-9]|2[0-3]):[0-5][0-9]|24:00)$'

/** From (included) to (excluded), wall clock time; an end at or before the start is on the next day: `["22:00","02:00"]`. */
const HoursRange = Type.Tuple([Type.String({ pattern: TIME_OF_DAY }), Type.String({ pattern: END_OF_DAY })])
export type HoursRange = Readonly<Static<typeof HoursRange>>

const DayHours = Type.Optional(Type.Array(HoursRange, { maxItems: 8 }))

/** A day that is missing or empty has no hours. */
export const WeekHours = closedObject({
  mon: DayHours,
  tue: DayHours,
  wed: DayHours,
  thu: DayHours,
  fri: DayHours,
  sat: DayHours,
  sun: DayHours,
})
export type WeekHours = Static<typeof WeekHours>
