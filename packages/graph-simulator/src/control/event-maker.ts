import { messageOfId, personOfPsid } from '../graph/people.ts'
import type { Notice } from '../webhooks/notice.ts'
import { fromCustomer, messagingNotice } from '../webhooks/page-events.ts'
import type { SimulatedPage, World } from '../world.ts'
import { ControlError } from './control-request.ts'
import type { EventKind, EventOf } from './event-schemas.ts'

/** Changes Facebook's side as the event says and makes what the webhook tells of it. */
export type Maker<Kind extends EventKind> = (
  world: World,
  page: SimulatedPage,
  given: EventOf<Kind>,
  at: number,
) => Notice | undefined

export function placeOf(page: SimulatedPage, psid: string) {
  const person = personOfPsid(page, psid)
  if (person === undefined) throw new ControlError(404, `Page ${page.id} knows nobody with PSID ${psid}`)
  return { page, person, conversation: page.store.conversationsOf(person)[0]?.number }
}

export function messageNamed(page: SimulatedPage, mid: string) {
  const found = messageOfId(page, mid)
  if (found === undefined) throw new ControlError(404, `Page ${page.id} has no message ${mid}`)
  const person = found.message.author ?? page.store.view(found.conversation)?.people[0]
  if (person === undefined) throw new ControlError(404, `The conversation of message ${mid} has no customer`)
  return { ...found, place: { page, person, conversation: found.conversation } }
}

export const openWindow = (page: SimulatedPage, conversation: number | undefined, at: number) => {
  if (conversation !== undefined) page.store.openWindow(conversation, at)
}

/** An event of a customer that changes nothing but the window. */
export const simple = (
  world: World,
  page: SimulatedPage,
  psid: string,
  at: number | undefined,
  field: string,
  content: Record<string, unknown>,
) => {
  const place = placeOf(page, psid)
  return messagingNotice(world, place, field, fromCustomer(world, place, at, content))
}
