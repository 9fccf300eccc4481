import type { SimulatedPage } from '../world.ts'

/** Somebody as conversations and messages show them. */
export interface ShownUser {
  readonly name: string
  readonly email: string
  readonly id: string
}

const shown = (name: string, id: string): ShownUser => ({ name, email: `${id}@facebook.com`, id })

export const pageAsUser = (page: SimulatedPage): ShownUser => shown(String(page.details.name), page.id)

export const personAsUser = (page: SimulatedPage, person: number): ShownUser =>
  shown(page.store.person(person).name, page.store.ids.people.encode(person))

export const authorAsUser = (page: SimulatedPage, author: number | undefined): ShownUser =>
  author === undefined ? pageAsUser(page) : personAsUser(page, author)

/** Number of the person behind a PSID of this page; undefined when there is none. */
export function personOfPsid(page: SimulatedPage, psid: string): number | undefined {
  const person = page.store.ids.people.decode(psid)
  return person !== undefined && person < page.store.personCount() ? person : undefined
}

/** Number of the conversation behind a thread id of this page; undefined when there is none. */
export function conversationOfThread(page: SimulatedPage, thread: string): number | undefined {
  if (!thread.startsWith('t_')) return undefined
  const conversation = page.store.ids.threads.decode(thread.slice(2))
  return conversation !== undefined && page.store.exists(conversation) ? conversation : undefined
}

export const threadOf = (page: SimulatedPage, conversation: number): string =>
  `t_${page.store.ids.threads.encode(conversation)}`

/** The page's message with this id (with or without `m_`), and where it stands. */
export function messageOfId(page: SimulatedPage, id: string) {
  const place = page.store.ids.messages.decode(id)
  if (place === undefined) return undefined
  const message = page.store.message(place.conversation, place.serial)
  return message === undefined ? undefined : { ...place, message }
}
