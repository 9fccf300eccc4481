import type { SimulatedPage, World } from '../world.ts'
import { invalidParameter } from './graph-error.ts'
import { asObject } from './graph-request.ts'
import { messageOfId } from './people.ts'

const ACTIONS = ['mark_seen', 'typing_on', 'typing_off', 'react', 'unreact']

/** `sender_action`: tells the person that the page has seen, types, or reacts. Answers the recipient alone. */
export function applySenderAction(world: World, page: SimulatedPage, person: number, given: string, payload: unknown) {
  const action = given.toLowerCase()
  if (!ACTIONS.includes(action)) throw invalidParameter(`Param sender_action must be one of {${ACTIONS.join(', ')}}`)
  if (page.people.get(person)?.available === false) throw invalidParameter('Sender action failed', 2018048)
  if (action === 'mark_seen' && world.switches.markSeenLowersUnread) {
    for (const { number, unread } of page.store.conversationsOf(person)) if (unread > 0) page.store.setUnread(number, 0)
  }
  if (action === 'react' || action === 'unreact') react(page, action, asObject(payload))
  return { recipient_id: page.store.ids.people.encode(person) }
}

function react(page: SimulatedPage, action: 'react' | 'unreact', payload: Record<string, unknown> | undefined) {
  const found = messageOfId(page, String(payload?.message_id ?? ''))
  if (found === undefined) throw invalidParameter('Sender action failed', 2018048)
  const { conversation, serial, message } = found
  const others = (message.reactions ?? []).filter(({ author }) => author !== undefined)
  const own = { author: undefined, emoji: '❤️', reaction: String(payload?.reaction ?? 'love') }
  const reactions = action === 'unreact' ? others : [...others, own]
  page.store.replaceMessage(conversation, serial, { ...message, reactions })
}
