import type { ConversationRow } from '@pagesync/shared/store/repositories/rows.ts'
import { Type } from '@sinclair/typebox'

/** Where a list of conversations goes on, in either of its orders. */
export const ConversationPosition = Type.Object({
  _id: Type.String(),
  id: Type.Integer(),
  last_message_ms: Type.Union([Type.Integer(), Type.Null()]),
})

export function conversationPosition(row: ConversationRow): {
  _id: string
  id: number
  last_message_ms: number | null
} {
  return { _id: row._id, id: row.id, last_message_ms: row.last_message_ms }
}
