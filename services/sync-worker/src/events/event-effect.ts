import type { LabelStep, LogPosition } from '@pagesync/shared/model/merge-conversation.ts'
import type { MessageIdentity, MessageKnowledge } from '@pagesync/shared/model/merge-message.ts'
import { canonicalMid } from '@pagesync/shared/model/message-id.ts'
import type { MessageItem, PageEvent } from '@pagesync/shared/model/page-event.ts'
import { webhookStamp } from '@pagesync/shared/model/stamp.ts'
import {
  type Attachment,
  type CommandRow,
  conversationKey,
  messageKey,
  type PageRow,
} from '@pagesync/shared/store/repositories/rows.ts'
import { labelMeaning } from './label-meaning.ts'

/** An event of a connected page, and where it stands in the topic. */
export interface PlacedEvent {
  readonly event: PageEvent
  readonly page: PageRow
  readonly position: LogPosition
}

/** What an event means for our rows. Pure: read off the event alone. */
export interface EventEffect extends PlacedEvent {
  /** `_id` of the person's conversation, null where the event names no person. */
  readonly conversationKey: string | null
  readonly message: { readonly identity: MessageIdentity; readonly knowledge: MessageKnowledge } | null
  /** The person did something that opens the reply window without being a message. */
  readonly customerAction: boolean
  readonly watermark: { readonly kind: 'delivered' | 'read'; readonly up_to_ms: number } | null
  /** A custom label that was put on the person or taken off. */
  readonly label: Omit<LabelStep, 'kind' | 'stamp'> | null
  /** Kept as it came, since no row of ours holds all of it. */
  readonly keepRaw: boolean
  /** The send of ours that this is the echo of: see `recogniseOwnSends`. */
  readonly send?: CommandRow
}

export function effectOf(placed: PlacedEvent): EventEffect {
  const { event, page } = placed
  const none = {
    ...placed,
    conversationKey: event.psid === null ? null : conversationKey(page.id, event.psid),
    message: null,
    customerAction: false,
    watermark: null,
    label: null,
    keepRaw: false,
  }
  const aboutMessage = (knowledge: MessageKnowledge, rest: Partial<EventEffect> = {}): EventEffect => {
    const identity = identityOf(event, page)
    return identity ? { ...none, ...rest, message: { identity, knowledge } } : { ...none, ...rest, keepRaw: true }
  }
  const stamp = webhookStamp(event.time_ms)
  switch (event.type) {
    case 'facebook.message.received':
    case 'facebook.message.echo':
      return aboutMessage(messageDetail(placed, event.raw, event.type === 'facebook.message.echo'))
    case 'facebook.message.edited':
      return aboutMessage({ kind: 'edit', stamp, text: event.raw.message_edit.text ?? '', at_ms: event.time_ms })
    case 'facebook.message.deleted':
      return aboutMessage({ kind: 'delete', stamp, at_ms: event.time_ms })
    case 'facebook.message.reaction': {
      const { action, reaction, emoji } = event.raw.reaction
      const taken = action === 'unreact'
      const from = event.raw.sender?.id === undefined ? (event.psid ?? '') : String(event.raw.sender.id)
      const value = {
        from_id: from,
        reaction: taken ? null : (reaction ?? 'other'),
        emoji: taken ? null : (emoji ?? null),
        stamp,
      }
      return aboutMessage(
        { kind: 'reaction', stamp, at_ms: event.time_ms, reaction: value },
        { customerAction: from === event.psid },
      )
    }
    case 'facebook.delivery':
      return { ...none, watermark: { kind: 'delivered', up_to_ms: watermarkMs(event.raw.delivery.watermark) } }
    case 'facebook.read':
      return { ...none, watermark: { kind: 'read', up_to_ms: watermarkMs(event.raw.read.watermark) } }
    case 'facebook.postback':
      if (event.mid === null) return { ...none, customerAction: true, keepRaw: true }
      return aboutMessage(postbackDetail(placed, event.raw.postback.title ?? null), { keepRaw: true })
    case 'facebook.optin':
    case 'facebook.referral':
      return { ...none, customerAction: true, keepRaw: true }
    case 'facebook.labels.changed':
      return { ...none, label: labelOf(event.raw.value, page), keepRaw: true }
    default:
      return { ...none, keepRaw: true }
  }
}

/** People put labels on in Facebook's inbox, too; some of them stand for states that Facebook does not know. */
function labelOf(value: unknown, page: PageRow): EventEffect['label'] {
  const { action, label } = (value ?? {}) as { action?: unknown; label?: { page_label_name?: unknown } }
  const name = label?.page_label_name
  if (typeof name !== 'string' || (action !== 'add' && action !== 'remove')) return null
  return { name, on: action === 'add', means: labelMeaning(name, page) }
}

function identityOf(event: PageEvent, page: PageRow): MessageIdentity | null {
  if (event.mid === null || event.psid === null) return null
  return {
    _id: messageKey(page.id, canonicalMid(event.mid)),
    tenant_id: page.tenant_id,
    page_id: page.id,
    conversation_key: conversationKey(page.id, event.psid),
    mid: event.mid,
  }
}

function messageDetail({ event, position }: PlacedEvent, { message }: MessageItem, echo: boolean): MessageKnowledge {
  const attachments = (message.attachments ?? []).map(webhookAttachment)
  return {
    kind: 'detail',
    stamp: webhookStamp(event.time_ms),
    origin: echo ? 'echo' : 'webhook',
    direction: echo ? 'out' : 'in',
    from_id: echo ? event.facebook_page_id : event.psid,
    text: message.text ?? null,
    created_ms: event.time_ms,
    event_id: event.id,
    log_partition: position.partition,
    log_offset: position.offset,
    ...(attachments.length > 0 ? { attachments } : {}),
    ...(message.reply_to?.mid ? { reply_to: message.reply_to.mid } : {}),
    ...(message.app_id !== undefined ? { app_id: String(message.app_id) } : {}),
    ...(message.metadata !== undefined ? { metadata: message.metadata } : {}),
  }
}

/** A pressed button shows in Messenger as a message of the person with the button's title. */
function postbackDetail({ event, position }: PlacedEvent, title: string | null): MessageKnowledge {
  return {
    kind: 'detail',
    stamp: webhookStamp(event.time_ms),
    origin: 'webhook',
    direction: 'in',
    from_id: event.psid,
    text: title,
    created_ms: event.time_ms,
    event_id: event.id,
    log_partition: position.partition,
    log_offset: position.offset,
  }
}

function webhookAttachment(item: { type?: string; payload?: unknown; title?: unknown }): Attachment {
  const payload = (typeof item.payload === 'object' && item.payload !== null ? item.payload : {}) as Record<
    string,
    unknown
  >
  const text = (value: unknown): string | undefined =>
    typeof value === 'string' ? value : typeof value === 'number' ? String(value) : undefined
  const url = text(payload.url)
  const title = text(item.title) ?? text(payload.title)
  const sticker = text(payload.sticker_id)
  const known = url !== undefined || sticker !== undefined
  return {
    type: item.type ?? 'unknown',
    ...(url === undefined ? {} : { url }),
    ...(title === undefined ? {} : { title }),
    ...(sticker === undefined ? {} : { sticker_id: sticker }),
    ...(known ? {} : { raw: item }),
  }
}

/** Milliseconds; a few senders write seconds or quote the number. */
function watermarkMs(watermark: number | string): number {
  const value = Number(watermark)
  return value < 100_000_000_000 ? value * 1000 : value
}
