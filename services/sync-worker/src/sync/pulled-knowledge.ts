import {
  type GraphAttachment,
  type GraphConversation,
  type GraphMessage,
  graphTimeMs,
} from '@pagesync/shared/graph/graph-shapes.ts'
import type { ThreadStep } from '@pagesync/shared/model/merge-conversation.ts'
import type { MessageKnowledge } from '@pagesync/shared/model/merge-message.ts'
import type { Stamp } from '@pagesync/shared/model/stamp.ts'
import type { Attachment, Reaction } from '@pagesync/shared/store/repositories/rows.ts'

export interface Participant {
  readonly psid: string
  readonly name: string | null
}

/** The one participant who is not the page; null where there is none or several. */
export function onlyParticipant(thread: GraphConversation, facebookPageId: string): Participant | null {
  const people = (thread.participants?.data ?? []).filter(({ id }) => id !== facebookPageId)
  const [person] = people
  return person && people.length === 1 ? { psid: person.id, name: person.name ?? null } : null
}

export function threadStep(
  thread: GraphConversation,
  folder: string | undefined,
  participant: Participant | null,
  stamp: Stamp,
  droppedFields: readonly string[],
): ThreadStep {
  return {
    kind: 'thread',
    stamp,
    thread_id: thread.id,
    participant_name: participant?.name ?? null,
    updated_ms: graphTimeMs(thread.updated_time),
    // "May be absent when 0"; unknown where Facebook does not let us see it.
    ...(droppedFields.includes('unread_count') ? {} : { unread_count: thread.unread_count ?? 0 }),
    ...(thread.message_count === undefined ? {} : { message_count: thread.message_count }),
    ...(thread.can_reply === undefined ? {} : { can_reply: thread.can_reply }),
    ...((thread.folder ?? folder) === undefined ? {} : { folder: thread.folder ?? folder }),
    ...(thread.snippet === undefined ? {} : { snippet: thread.snippet }),
  }
}

/** A message of which Facebook tells neither sender nor content is known by its id alone. */
export function messageKnowledge(message: GraphMessage, facebookPageId: string, stamp: Stamp): MessageKnowledge {
  const createdMs = graphTimeMs(message.created_time) ?? 0
  const attachments = pulledAttachments(message)
  if (!message.from && message.message === undefined && attachments.length === 0)
    return { kind: 'stub', stamp, origin: 'sync', created_ms: createdMs }
  return {
    kind: 'detail',
    stamp,
    origin: 'sync',
    direction: message.from ? (message.from.id === facebookPageId ? 'out' : 'in') : null,
    from_id: message.from?.id ?? null,
    text: message.message || null,
    created_ms: createdMs,
    attachments,
    reactions: pulledReactions(message),
    ...(message.from?.name ? { from_name: message.from.name } : {}),
    ...(message.reply_to?.mid ? { reply_to: message.reply_to.mid } : {}),
  }
}

function pulledAttachments(message: GraphMessage): Attachment[] {
  const files = (message.attachments?.data ?? []).map(pulledAttachment)
  const sticker = message.sticker ? [{ type: 'sticker', url: message.sticker }] : []
  const shares = (message.shares?.data ?? []).map(({ link, name }) => ({
    type: 'share',
    ...(link ? { url: link } : {}),
    ...(name ? { title: name } : {}),
  }))
  return [...files, ...sticker, ...shares]
}

function pulledAttachment(file: GraphAttachment): Attachment {
  const media = file.image_data ?? file.video_data
  const url = media?.url ?? file.file_url
  return {
    type: typeOf(file),
    ...(file.id ? { id: file.id } : {}),
    ...(file.name ? { name: file.name } : {}),
    ...(file.mime_type ? { mime_type: file.mime_type } : {}),
    ...(file.size === undefined ? {} : { size: file.size }),
    ...(url ? { url } : { raw: file }),
    ...(media?.preview_url ? { preview_url: media.preview_url } : {}),
  }
}

/** The words that webhooks use for the same things. */
function typeOf(file: GraphAttachment): string {
  if (file.image_data) return 'image'
  if (file.video_data) return 'video'
  const kind = file.mime_type?.split('/')[0]
  return kind === 'image' || kind === 'video' || kind === 'audio' ? kind : 'file'
}

function pulledReactions(message: GraphMessage): Omit<Reaction, 'stamp'>[] {
  return (message.reactions?.data ?? []).flatMap(({ reaction, emoji, users }) =>
    (users ?? []).map(({ id }) => ({ from_id: id, reaction: reaction ?? 'other', emoji: emoji ?? null })),
  )
}
