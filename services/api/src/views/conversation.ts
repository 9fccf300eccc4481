import { replyWindowEndMs } from '@pagesync/shared/model/reply-window.ts'
import type { ConversationRow } from '@pagesync/shared/store/repositories/rows.ts'
import { type Static, Type } from '@sinclair/typebox'
import { FacebookId, Id, nullable, rfc3339, rfc3339OrNull, Time, wordOf } from './shapes.ts'

const ReplyWindow = Type.Object({
  kind: wordOf(
    ['standard', 'human_agent', 'closed'],
    'standard: any answer; human_agent: an answer by a person; closed: none',
  ),
  closes_at: nullable(Time),
})
type ReplyWindow = Static<typeof ReplyWindow>

export const Conversation = Type.Object(
  {
    id: Id,
    page_id: Id,
    facebook_conversation_id: nullable(Type.String({ description: 'Null until Facebook has named it' })),
    participant: Type.Object({ facebook_id: nullable(FacebookId), name: nullable(Type.String()) }),
    snippet: nullable(Type.String()),
    unread_count: Type.Integer(),
    message_count: Type.Integer(),
    status: wordOf(['open', 'closed', 'archived']),
    muted_until: nullable(Time),
    is_answered: Type.Boolean({ description: "The newest message is the page's and not automatic" }),
    can_reply: nullable(Type.Boolean()),
    folder: nullable(Type.String()),
    reply_window: ReplyWindow,
    labels: Type.Array(Type.String()),
    last_message_at: nullable(Time),
    last_synced_at: nullable(Time),
    created_at: Time,
  },
  { $id: 'Conversation', description: 'A conversation of the page with one person' },
)
export type Conversation = Static<typeof Conversation>

/** @param participantName where the conversation itself names nobody */
export function presentConversation(
  row: ConversationRow,
  nowMs: number,
  participantName: string | null = null,
): Conversation {
  return {
    id: row.id,
    page_id: row.page_id,
    facebook_conversation_id: row.thread_ids[0] ?? null,
    participant: { facebook_id: row.psid, name: row.participant_name ?? participantName },
    snippet: row.snippet,
    unread_count: row.unread_count,
    message_count: row.message_count,
    status: row.status,
    muted_until: rfc3339OrNull(row.muted_until_ms),
    is_answered: isAnswered(row),
    can_reply: row.can_reply,
    folder: row.folder,
    reply_window: replyWindow(row.last_customer_ms, nowMs),
    labels: [...row.labels],
    last_message_at: rfc3339OrNull(row.last_message_ms),
    last_synced_at: rfc3339OrNull(row.last_synced_ms),
    created_at: rfc3339(row.created_ms),
  }
}

export function isAnswered(row: Pick<ConversationRow, 'last_message_direction' | 'last_message_automatic'>): boolean {
  return row.last_message_direction === 'out' && !row.last_message_automatic
}

export function replyWindow(lastCustomerMs: number | null, nowMs: number): ReplyWindow {
  if (lastCustomerMs === null) return { kind: 'closed', closes_at: null }
  const standardEndMs = replyWindowEndMs(lastCustomerMs, false)
  if (nowMs < standardEndMs) return { kind: 'standard', closes_at: rfc3339(standardEndMs) }
  const humanEndMs = replyWindowEndMs(lastCustomerMs, true)
  if (nowMs < humanEndMs) return { kind: 'human_agent', closes_at: rfc3339(humanEndMs) }
  return { kind: 'closed', closes_at: null }
}
