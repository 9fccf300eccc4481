import type { SimulatedAttachment, SimulatedMessage } from '../data/message.ts'
import { messageId } from '../graph/message-fields.ts'
import type { SimulatedPage, World } from '../world.ts'
import type { Channel, Notice } from './notice.ts'

/** The customer's side of an event: who, and in which conversation (for the thread's owner). */
export interface EventPlace {
  readonly page: SimulatedPage
  readonly person: number
  readonly conversation?: number
}

const psidOf = ({ page, person }: EventPlace) => page.store.ids.people.encode(person)

/** `mid` as webhooks write it: with `m_` today, without in the historical form. */
export function midOf(world: World, page: SimulatedPage, conversation: number, message: SimulatedMessage): string {
  const id = messageId({ page, conversation, message })
  return world.switches.webhookMidPrefix ? id : id.slice(2)
}

const stamp = (world: World, at: number) => (world.switches.webhookTimestamps === 'ms' ? at : Math.floor(at / 1000))

/** Something that the customer did: sender is the person. */
export function fromCustomer(
  world: World,
  place: EventPlace,
  at: number | undefined,
  content: Record<string, unknown>,
) {
  return {
    sender: { id: psidOf(place) },
    recipient: { id: place.page.id },
    ...(at === undefined ? {} : { timestamp: stamp(world, at) }),
    ...content,
  }
}

/** Something that the page did: sender is the page. */
export function fromPage(world: World, place: EventPlace, at: number, content: Record<string, unknown>) {
  return { sender: { id: place.page.id }, recipient: { id: psidOf(place) }, timestamp: stamp(world, at), ...content }
}

/** An item of `messaging`, or of `standby` while another app controls the conversation. */
export function messagingNotice(world: World, place: EventPlace, field: string, item: unknown): Notice {
  const owner = place.conversation === undefined ? undefined : place.page.store.view(place.conversation)?.owner
  const elsewhere = owner !== undefined && owner.appId !== world.app.id && owner.expiresAt > world.clock.now()
  const channel: Channel = elsewhere ? 'standby' : 'messaging'
  return {
    page: place.page,
    entryId: place.page.id,
    field: elsewhere ? 'standby' : field,
    channel,
    item,
    key: `${place.page.id}:${place.person}`,
  }
}

export function changesNotice(
  page: SimulatedPage,
  field: string,
  value: unknown,
  channel: Channel = 'changes',
): Notice {
  const item = channel === 'changed_fields' ? field : { field, ...(value === undefined ? {} : { value }) }
  return { page, entryId: page.id, field, channel, item, key: page.id }
}

const THUMB = 'https://scontent.xx.example/v/t39.1997-6/sticker.png'

function shownAttachments(world: World, message: SimulatedMessage): unknown[] | undefined {
  const shown = (message.attachments ?? []).map((attachment: SimulatedAttachment) => ({
    type: attachment.type,
    payload: attachment.payload ?? { url: attachment.url, ...(attachment.title ? { title: attachment.title } : {}) },
  }))
  if (message.stickerId !== undefined) {
    const payload = { url: THUMB, sticker_id: Number(message.stickerId) }
    if (world.switches.stickerAttachment === 'both') shown.push({ type: 'image', payload } as never)
    shown.push({ type: 'sticker', payload } as never)
  }
  if (message.shareLink !== undefined)
    shown.push({ type: 'fallback', payload: { url: message.shareLink, title: 'Riverside' } } as never)
  return shown.length === 0 ? undefined : shown
}

/** The `message` member of a received message or an echo. */
export function messageContent(world: World, page: SimulatedPage, conversation: number, message: SimulatedMessage) {
  const attachments = shownAttachments(world, message)
  return {
    mid: midOf(world, page, conversation, message),
    ...(message.text === undefined ? {} : { text: message.text }),
    ...(message.quickReplyPayload === undefined ? {} : { quick_reply: { payload: message.quickReplyPayload } }),
    ...(message.replyTo === undefined ? {} : { reply_to: { mid: message.replyTo } }),
    ...(attachments === undefined ? {} : { attachments }),
    ...(message.unsupported ? { is_unsupported: true } : {}),
  }
}

export function receivedNotice(
  world: World,
  page: SimulatedPage,
  conversation: number,
  message: SimulatedMessage,
): Notice {
  const place = { page, person: message.author!, conversation }
  const content = { message: messageContent(world, page, conversation, message) }
  return messagingNotice(world, place, 'messages', fromCustomer(world, place, message.createdAt, content))
}

export function echoNotice(
  world: World,
  page: SimulatedPage,
  conversation: number,
  person: number,
  message: SimulatedMessage,
): Notice {
  const place = { page, person, conversation }
  const echo = {
    is_echo: true,
    app_id: Number(message.appId ?? world.app.id),
    ...(message.metadata === undefined ? {} : { metadata: message.metadata }),
    ...messageContent(world, page, conversation, message),
  }
  return messagingNotice(world, place, 'message_echoes', fromPage(world, place, message.createdAt, { message: echo }))
}
