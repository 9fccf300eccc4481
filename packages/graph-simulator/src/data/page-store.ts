import { createConversationListing, type ListingQuery } from './conversation-listing.ts'
import { type ConversationState, compareKeys, generatedState, newState } from './conversation-state.ts'
import { createDigitIds } from './digit-ids.ts'
import { createGeneratedConversations, type Folder } from './generated-conversation.ts'
import { hash } from './hash.ts'
import type { SimulatedMessage } from './message.ts'
import { createMessageIds } from './message-ids.ts'
import { createMessageReader } from './message-reader.ts'
import { createPagePeople } from './page-people.ts'
import type { PagePlan } from './page-plan.ts'

/** What the Graph API shows of a conversation, whether it was ever touched or not. */
export interface ConversationView {
  readonly number: number
  readonly updatedAt: number
  readonly folder: Folder
  readonly unread: number
  readonly messageCount: number
  readonly people: readonly number[]
  readonly lastCustomerAt: number
  readonly owner?: { appId: string; expiresAt: number }
}

/**
 * One page's conversations, people and messages: generated when asked for, and only what changed is kept. Numbers are
 * internal (0..n-1 generated, later ones follow); `ids` turns them into Facebook's ids and back.
 */
export function createPageStore(plan: PagePlan) {
  const generated = createGeneratedConversations(plan)
  const listing = createConversationListing(generated)
  const { seed } = plan
  const ids = {
    people: createDigitIds(String(2_400_000 + (hash(seed, 31) % 599_999)), hash(seed, 32)),
    threads: createDigitIds(String(1_000_000 + (hash(seed, 33) % 8_999_999)), hash(seed, 34)),
    messages: createMessageIds(hash(seed, 35)),
  }
  const messages = createMessageReader(plan, generated, listing.state)
  const people = createPagePeople(seed, generated.count)
  const laterConversations = new Map<number, number[]>()
  let conversationCount = generated.count
  let unreadChange = 0

  const exists = (conversation: number): boolean =>
    conversation >= 0 && conversation < conversationCount && listing.state(conversation)?.removed !== true

  const view = (conversation: number): ConversationView | undefined => {
    if (!exists(conversation)) return undefined
    const state = listing.state(conversation)
    if (state !== undefined) return { ...state, messageCount: messages.total(conversation) - state.deletedMessages }
    return {
      number: conversation,
      updatedAt: generated.updatedAt(conversation),
      folder: generated.folder(conversation),
      unread: generated.unreadCount(conversation),
      messageCount: generated.messageCount(conversation),
      people: [conversation],
      lastCustomerAt: generated.lastCustomerTime(conversation),
    }
  }

  /** The state of a conversation that is about to change. */
  const touch = (conversation: number): ConversationState => {
    const known = listing.state(conversation)
    if (known !== undefined) return known
    const state = generatedState(generated, conversation)
    listing.adopt(state)
    return state
  }

  const message = (conversation: number, serial: number): SimulatedMessage | undefined =>
    exists(conversation) ? messages.message(conversation, serial) : undefined

  return {
    plan,
    ids,
    view,
    message,
    readMessages: messages.read,
    exists,
    list: (query: ListingQuery) => listing.list(query),
    /** The second part of a conversation's place in the listing. */
    tieOf: (conversation: number) => listing.state(conversation)?.tie ?? -conversation,
    conversationCount: () => conversationCount,
    touchedCount: () => listing.touchedCount(),
    unreadTotal: () => generated.totalUnread() + unreadChange,

    /** Takes the next serial for a message that may be added later. */
    nextSerial: (conversation: number): number => touch(conversation).nextSerial++,

    /** A message arrives: the conversation moves up, and the counters follow. */
    addMessage(
      conversation: number,
      added: SimulatedMessage,
      effect: { unread: 'more' | 'none' | 'keep'; window: boolean },
    ) {
      const state = touch(conversation)
      messages.insertByTime(state, added)
      if (added.createdAt >= state.updatedAt) listing.moveTo(state, added.createdAt)
      if (effect.unread !== 'keep') this.setUnread(conversation, effect.unread === 'more' ? state.unread + 1 : 0)
      if (effect.window) state.lastCustomerAt = Math.max(state.lastCustomerAt, added.createdAt)
    },

    /** Puts another message in the place of one that is there. */
    replaceMessage(conversation: number, serial: number, changed: SimulatedMessage) {
      const old = message(conversation, serial)
      if (old === undefined) return
      const state = touch(conversation)
      const place = state.added.findIndex((one) => one.serial === serial)
      if (place >= 0) state.added[place] = changed
      else state.patches.set(serial, changed)
      if (changed.deleted && !old.deleted) state.deletedMessages++
    },

    setUnread(conversation: number, unread: number) {
      const state = touch(conversation)
      unreadChange += unread - state.unread
      state.unread = unread
    },
    setFolder(conversation: number, folder: Folder) {
      touch(conversation).folder = folder
    },
    setOwner(conversation: number, owner: { appId: string; expiresAt: number } | undefined) {
      const state = touch(conversation)
      if (owner === undefined) delete state.owner
      else state.owner = owner
    },
    openWindow(conversation: number, at: number) {
      const state = touch(conversation)
      state.lastCustomerAt = Math.max(state.lastCustomerAt, at)
    },
    /** Moves the customer's last action, back too. */
    setWindow(conversation: number, at: number) {
      touch(conversation).lastCustomerAt = at
    },
    /** Deletes the conversation on Facebook's side; its cursors go stale. */
    remove(conversation: number) {
      this.setUnread(conversation, 0)
      touch(conversation).removed = true
    },

    addPerson: people.add,
    personCount: people.count,
    person: people.person,

    /** A conversation that begins now, empty, with these people. */
    addConversation(members: number[], folder: Folder, at: number): number {
      const number = conversationCount++
      const state = newState(number, members, folder, at)
      listing.adopt(state)
      listing.moveTo(state, at)
      for (const person of members) laterConversations.set(person, [...(laterConversations.get(person) ?? []), number])
      return number
    },

    /** Conversations that the person is in, the newest first. */
    conversationsOf(person: number): ConversationView[] {
      const numbers = [...(person < generated.count ? [person] : []), ...(laterConversations.get(person) ?? [])]
      const views = numbers.map(view).filter((one) => one !== undefined)
      return views.sort((a, b) => compareKeys({ ...b, tie: b.number }, { ...a, tie: a.number }))
    },
  }
}

export type PageStore = ReturnType<typeof createPageStore>

/** Everything that changes a store; the rest reads. */
export const STORE_CHANGES = [
  'nextSerial',
  'addMessage',
  'replaceMessage',
  'setUnread',
  'setFolder',
  'setOwner',
  'openWindow',
  'setWindow',
  'remove',
  'addPerson',
  'addConversation',
] as const satisfies readonly (keyof PageStore)[]
