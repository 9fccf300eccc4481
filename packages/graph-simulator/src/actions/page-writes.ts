import type { SimulatedAttachment, SimulatedMessage } from '../data/message.ts'
import { messageId } from '../graph/message-fields.ts'
import { threadOf } from '../graph/people.ts'
import { echoNotice } from '../webhooks/page-events.ts'
import type { SimulatedPage, World } from '../world.ts'

export interface PageMessage {
  readonly text?: string
  readonly attachments?: readonly SimulatedAttachment[]
  readonly replyTo?: string
  readonly metadata?: string
  readonly quickReplies?: unknown
  readonly tag?: string
  readonly commentId?: string
  /** The app that sends; ours unless given. */
  readonly appId?: string
  readonly createdAt?: number
}

/** The page writes to a person, by whichever app: the customer gets it, and the echo is made (not sent). */
export function pageWrites(world: World, page: SimulatedPage, person: number, written: PageMessage) {
  const { store } = page
  const now = world.clock.now()
  const { createdAt = now, text, attachments, replyTo, metadata } = written
  const conversation = store.conversationsOf(person)[0]?.number ?? store.addConversation([person], 'inbox', createdAt)
  const message: SimulatedMessage = {
    serial: store.nextSerial(conversation),
    createdAt,
    author: undefined,
    appId: written.appId ?? world.app.id,
    ...(text === undefined ? {} : { text }),
    ...(attachments === undefined ? {} : { attachments }),
    ...(replyTo === undefined ? {} : { replyTo }),
    ...(metadata === undefined ? {} : { metadata }),
  }
  const unread = world.switches.sendLowersUnread ? 'none' : 'keep'
  const arrive = () => {
    if (store.exists(conversation)) store.addMessage(conversation, message, { unread, window: false })
  }
  const delay = world.switches.readDelayMs
  if (delay > 0) world.clock.at(now + delay, arrive)
  else arrive()

  const mid = messageId({ page, conversation, message })
  world.sent.add({
    facebook_page_id: page.id,
    psid: store.ids.people.encode(person),
    conversation_id: threadOf(page, conversation),
    mid,
    ...(text === undefined ? {} : { text }),
    ...(attachments === undefined ? {} : { attachments: attachments.map(({ type, url }) => ({ type, url })) }),
    ...(written.quickReplies === undefined ? {} : { quick_replies: written.quickReplies }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(written.tag === undefined ? {} : { tag: written.tag }),
    ...(written.commentId === undefined ? {} : { comment_id: written.commentId }),
    app_id: message.appId!,
    time: new Date(createdAt).toISOString(),
  })
  return { conversation, message, mid, echo: echoNotice(world, page, conversation, person, message) }
}
