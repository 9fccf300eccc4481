import type { Attachment, ConversationRow, MessageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { type Static, Type } from '@sinclair/typebox'
import { FacebookId, Id, nullable, rfc3339, rfc3339OrNull, Time, wordOf } from './shapes.ts'

const AttachmentView = Type.Object({
  type: Type.String({ examples: ['image'] }),
  id: nullable(Type.String()),
  name: nullable(Type.String()),
  mime_type: nullable(Type.String()),
  size: nullable(Type.Number()),
  url: nullable(Type.String()),
  preview_url: nullable(Type.String()),
  title: nullable(Type.String()),
  sticker_id: nullable(Type.String()),
})

const ReactionView = Type.Object({
  facebook_id: FacebookId,
  reaction: Type.String({ examples: ['love'] }),
  emoji: nullable(Type.String()),
})

export const Message = Type.Object(
  {
    id: Id,
    conversation_id: Id,
    facebook_message_id: Type.String({ description: 'As Facebook wrote it' }),
    direction: nullable(wordOf(['in', 'out'], 'in: from the person; null while only the id is known')),
    from: Type.Object({ facebook_id: nullable(FacebookId), name: nullable(Type.String()) }),
    text: nullable(Type.String({ description: 'Null without text, and once deleted' })),
    attachments: Type.Array(AttachmentView),
    created_time: Time,
    origin: wordOf(['webhook', 'echo', 'sync', 'send'], 'How the message became known first'),
    state: wordOf(
      ['sent', 'delivered', 'read', 'failed'],
      "How far one of the page's messages came; a person's message is always delivered",
    ),
    edited_at: nullable(Time),
    deleted_at: nullable(Time),
    reactions: Type.Array(ReactionView),
    reply_to: nullable(Type.String({ description: 'facebook_message_id of the message that it answers' })),
    automation_id: nullable(Type.Integer()),
  },
  { $id: 'Message', description: 'A message of a conversation' },
)
export type Message = Static<typeof Message>

/** What a message's answer takes from around it. */
export interface MessageSurroundings {
  readonly conversation: ConversationRow
  readonly participantName: string | null
  readonly pageName: string | null
}

export function presentMessage(row: MessageRow, around: MessageSurroundings): Message {
  const isDeleted = row.deleted_ms !== undefined
  return {
    id: row.id,
    conversation_id: around.conversation.id,
    facebook_message_id: row.mid,
    direction: row.direction,
    from: { facebook_id: row.from_id, name: senderName(row, around) },
    // Who takes a message back wants nobody to read it any more.
    text: isDeleted ? null : row.text,
    attachments: isDeleted ? [] : (row.attachments ?? []).map(presentAttachment),
    created_time: rfc3339(row.created_ms),
    origin: row.origin,
    state: messageState(row, around.conversation),
    edited_at: rfc3339OrNull(row.edited_ms),
    deleted_at: rfc3339OrNull(row.deleted_ms),
    reactions: (row.reactions ?? []).flatMap(({ from_id, reaction, emoji }) =>
      reaction === null ? [] : [{ facebook_id: from_id, reaction, emoji }],
    ),
    reply_to: row.reply_to ?? null,
    automation_id: row.automation_id ?? null,
  }
}

function senderName(row: MessageRow, { participantName, pageName }: MessageSurroundings): string | null {
  if (row.from_name !== undefined) return row.from_name
  if (row.direction === null) return null
  return row.direction === 'in' ? participantName : pageName
}

/** Facebook tells delivery and reading as times: everything up to then was delivered, or read. */
export function messageState(
  row: Pick<MessageRow, 'direction' | 'created_ms'>,
  { delivered_ms, read_ms }: Pick<ConversationRow, 'delivered_ms' | 'read_ms'>,
): Message['state'] {
  if (row.direction !== 'out') return 'delivered'
  if (read_ms !== null && row.created_ms <= read_ms) return 'read'
  if (delivered_ms !== null && row.created_ms <= delivered_ms) return 'delivered'
  return 'sent'
}

function presentAttachment(attachment: Attachment): Static<typeof AttachmentView> {
  return {
    type: attachment.type,
    id: attachment.id ?? null,
    name: attachment.name ?? null,
    mime_type: attachment.mime_type ?? null,
    size: attachment.size ?? null,
    url: attachment.url ?? null,
    preview_url: attachment.preview_url ?? null,
    title: attachment.title ?? null,
    sticker_id: attachment.sticker_id ?? null,
  }
}
