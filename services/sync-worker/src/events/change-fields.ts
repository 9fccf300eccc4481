import { changedFields } from '@pagesync/shared/model/merge-conversation.ts'
import type { ConversationRow, MessageRow } from '@pagesync/shared/store/repositories/rows.ts'

/** A message in a change: as callers know it from the API. */
export function messageFields(row: MessageRow, conversationId: number | null): Record<string, unknown> {
  return {
    facebook_message_id: row.mid,
    conversation_id: conversationId,
    direction: row.direction,
    from: { facebook_id: row.from_id, name: row.from_name ?? null },
    text: row.text,
    attachments: row.attachments ?? [],
    created_time: toTime(row.created_ms),
    ...(row.edited_ms === undefined ? {} : { edited_at: toTime(row.edited_ms) }),
    ...(row.deleted_ms === undefined ? {} : { deleted_at: toTime(row.deleted_ms) }),
    ...(row.reactions === undefined ? {} : { reactions: row.reactions.filter(({ reaction }) => reaction !== null) }),
  }
}

/** The fields of a conversation that differ from `before` (null: all), times as RFC 3339, threads as Facebook's newest. */
export function conversationFields(before: ConversationRow | null, after: ConversationRow): Record<string, unknown> {
  const fields: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(changedFields(before, after))) {
    if (name === 'thread_ids') fields.facebook_conversation_id = after.thread_ids[0] ?? null
    else if (name.endsWith('_ms')) fields[name.replace(/_ms$/, '_at')] = value === null ? null : toTime(value as number)
    else fields[name] = value
  }
  return fields
}

function toTime(ms: number): string {
  return new Date(ms).toISOString()
}
