import { attachmentUrl } from '../data/generated-message.ts'
import type { SimulatedAttachment, SimulatedMessage } from '../data/message.ts'
import type { SimulatedPage } from '../world.ts'
import type { GraphContext } from './graph-request.ts'
import { authorAsUser, pageAsUser, personAsUser } from './people.ts'
import { graphTime, type NodeType, narrow, plain } from './select-fields.ts'

export interface MessageSource {
  readonly page: SimulatedPage
  readonly conversation: number
  readonly message: SimulatedMessage
}

export const messageId = ({ page, conversation, message }: MessageSource): string =>
  page.store.ids.messages.encode(conversation, message.serial)

const MIME = { image: 'image/jpeg', audio: 'audio/mpeg', video: 'video/mp4', file: 'application/pdf' }

function shownAttachment(attachment: SimulatedAttachment): Record<string, unknown> {
  const { id, type, url, title, payload } = attachment
  const mime = MIME[type as keyof typeof MIME]
  if (mime === undefined) {
    return {
      id,
      name: title ?? type,
      ...(type === 'template' ? { generic_template: payload ?? {} } : { file_url: url }),
    }
  }
  const base = { id, mime_type: mime, name: title ?? `${type}-${id}`, size: 40_000 + (Number(id.slice(-5)) % 900_000) }
  if (type === 'image') {
    const picture = { width: 1080, height: 720, max_width: 1080, max_height: 720, url, preview_url: `${url}&p=1` }
    return { ...base, image_data: { ...picture, image_type: 1, render_as_sticker: false } }
  }
  if (type === 'video')
    return {
      ...base,
      video_data: { width: 720, height: 1280, length: 12, video_type: 1, url, preview_url: `${url}&p=1` },
    }
  return { ...base, file_url: url }
}

const PLACEHOLDER =
  'Media not available due to new privacy rules in Europe. Open the conversation in the Inbox to view it.'

function attachments(context: GraphContext, { message }: MessageSource): unknown {
  if (message.attachments === undefined || message.attachments.length === 0) return undefined
  if (context.world.switches.privacyPlaceholders) {
    return { data: message.attachments.map(({ id }) => ({ id, name: PLACEHOLDER })) }
  }
  return { data: message.attachments.map(shownAttachment), paging: { cursors: { before: 'MAZDZD', after: 'MAZDZD' } } }
}

/** What a message is tagged with: folder, direction and where it was written. */
const tags = ({ message }: MessageSource) => ({
  data: [
    { name: 'inbox' },
    { name: message.author === undefined ? 'sent' : 'read' },
    { name: `source:${message.author === undefined ? 'web' : 'mobile'}` },
  ],
})

/** Without details: stubs of deleted messages and of those behind the detail limit. */
const isBare = ({ message }: MessageSource, bare: boolean) => bare || message.deleted === true

type Getter = (source: MessageSource, context: GraphContext) => unknown

const GETTERS: Record<string, Getter> = {
  message: ({ message }) => message.text ?? (message.unsupported ? undefined : ''),
  from: ({ page, message }) => authorAsUser(page, message.author),
  to: ({ page, conversation, message }) => {
    const people = page.store.view(conversation)?.people ?? []
    const others = people.filter((person) => person !== message.author).map((person) => personAsUser(page, person))
    return { data: message.author === undefined ? others : [pageAsUser(page), ...others] }
  },
  attachments: (source, context) => attachments(context, source),
  sticker: ({ message }) => (message.stickerId === undefined ? undefined : attachmentUrl(message.stickerId, 'image')),
  shares: ({ message }) =>
    message.shareLink === undefined
      ? undefined
      : { data: [{ link: message.shareLink, name: 'Riverside', id: 'share' }] },
  tags,
  reply_to: ({ message }) =>
    message.replyTo === undefined ? undefined : { mid: message.replyTo, is_self_reply: false },
  reactions: ({ page, message }) =>
    message.reactions === undefined || message.reactions.length === 0
      ? undefined
      : {
          data: message.reactions.map(({ author, emoji, reaction }) => ({
            reaction,
            emoji,
            users: [authorAsUser(page, author)],
          })),
        },
  is_unsupported: ({ message }) => message.unsupported,
  story: () => undefined,
  thread_id: ({ page, conversation }) => `t_${page.store.ids.threads.encode(conversation)}`,
}

export interface MessageContext {
  readonly graph: GraphContext
  /** Only id and time (the 20-message rule). */
  readonly bare: boolean
}

/** Shares tell nothing but their id unless their sub-fields are asked for. */
const SHARE_DEFAULT = plain('id')

export const MESSAGE_NODE: NodeType<MessageSource, MessageContext> = {
  name: 'Message',
  defaults: plain('id', 'created_time'),
  fields: {
    id: (source) => messageId(source),
    created_time: ({ message }) => graphTime(message.createdAt),
    ...Object.fromEntries(
      Object.entries(GETTERS).map(([name, getter]) => [
        name,
        (source: MessageSource, wanted, { graph, bare }: MessageContext) =>
          isBare(source, bare)
            ? undefined
            : narrow(getter(source, graph), wanted.fields ?? (name === 'shares' ? SHARE_DEFAULT : undefined)),
      ]) as [string, NodeType<MessageSource, MessageContext>['fields'][string]][],
    ),
  },
}
