import { type Static, Type } from '@sinclair/typebox'
import { closedObject } from './limits.ts'

export const UnansweredAlertConfig = closedObject({
  hours: Type.Number({
    minimum: 0.25,
    maximum: 168,
    description: 'How long the last message of the customer may stand without an answer of a person',
  }),
})
export type UnansweredAlertConfig = Readonly<Static<typeof UnansweredAlertConfig>>
