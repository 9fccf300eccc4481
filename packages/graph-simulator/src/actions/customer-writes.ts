import type { SimulatedAttachment, SimulatedMessage } from '../data/message.ts'
import { receivedNotice } from '../webhooks/page-events.ts'
import type { SimulatedPage, World } from '../world.ts'

export interface CustomerMessage {
  readonly text?: string
  readonly attachments?: readonly SimulatedAttachment[]
  readonly stickerId?: string
  readonly shareLink?: string
  readonly replyTo?: string
  readonly quickReplyPayload?: string
  readonly unsupported?: boolean
  /** Written then; now unless given. */
  readonly createdAt?: number
}

/** A customer writes: the conversation moves up, becomes unread and is in the inbox again. Tells nobody yet. */
export function customerWrites(world: World, page: SimulatedPage, person: number, written: CustomerMessage) {
  const { store } = page
  const now = world.clock.now()
  const known = store.conversationsOf(person)[0]
  const conversation = known?.number ?? store.addConversation([person], 'inbox', written.createdAt ?? now)
  const { createdAt = now, ...content } = written
  const message: SimulatedMessage = { ...content, serial: store.nextSerial(conversation), createdAt, author: person }
  const arrive = () => {
    if (!store.exists(conversation)) return
    const { folder } = store.view(conversation)!
    if (folder === 'page_done' || folder === 'pending') store.setFolder(conversation, 'inbox')
    store.addMessage(conversation, message, { unread: 'more', window: true })
  }
  const delay = world.switches.customerReadDelayMs
  // The window opens at once, whenever reads show the message.
  if (delay > 0) {
    store.openWindow(conversation, createdAt)
    world.clock.at(now + delay, arrive)
  } else arrive()
  return { conversation, message, notice: receivedNotice(world, page, conversation, message) }
}
