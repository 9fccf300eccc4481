import { withoutContent } from '../data/message.ts'
import { fromCustomer, fromPage, messagingNotice, midOf } from '../webhooks/page-events.ts'
import { type Maker, messageNamed, openWindow } from './event-maker.ts'

export const message_edit: Maker<'message_edit'> = (world, page, given, at) => {
  const { conversation, serial, message, place } = messageNamed(page, given.mid)
  const edits = (message.edits ?? 0) + 1
  page.store.replaceMessage(conversation, serial, { ...message, text: given.text, edits })
  const content = {
    mid: midOf(world, page, conversation, message),
    text: given.text,
    num_edit: given.quoted_num_edit ? String(edits) : edits,
  }
  return messagingNotice(world, place, 'message_edits', fromCustomer(world, place, at, { message_edit: content }))
}

export const message_delete: Maker<'message_delete'> = (world, page, given, at) => {
  const { conversation, serial, message, place } = messageNamed(page, given.mid)
  page.store.replaceMessage(conversation, serial, withoutContent(message))
  const content = { mid: midOf(world, page, conversation, message), is_deleted: true }
  const own = message.author === undefined
  const item = own
    ? fromPage(world, place, at, { message: { is_echo: true, ...content } })
    : fromCustomer(world, place, at, { message: content })
  return messagingNotice(world, place, own ? 'message_echoes' : 'messages', item)
}

export const message_reaction: Maker<'message_reaction'> = (world, page, given, at) => {
  const { conversation, serial, message, place } = messageNamed(page, given.mid)
  const { action = 'react', reaction = 'love', emoji = '❤️' } = given
  const others = (message.reactions ?? []).filter(({ author }) => author !== place.person)
  const reactions = action === 'react' ? [...others, { author: place.person, emoji, reaction }] : others
  page.store.replaceMessage(conversation, serial, { ...message, reactions })
  openWindow(page, conversation, at)
  const mid = midOf(world, page, conversation, message)
  const content = action === 'react' ? { mid, action, emoji, reaction } : { mid, action }
  return messagingNotice(world, place, 'message_reactions', fromCustomer(world, place, at, { reaction: content }))
}
