import type { Folder, GeneratedConversations } from './generated-conversation.ts'
import type { SimulatedMessage } from './message.ts'

/** A place in a listing: newest first, and among equal times the one touched last first. */
export interface ListingKey {
  readonly updatedAt: number
  readonly tie: number
}

/** Above zero when `a` is listed before `b`. */
export const compareKeys = (a: ListingKey, b: ListingKey): number => a.updatedAt - b.updatedAt || a.tie - b.tie

/** What became different from the generated conversation, or all of one that came later. */
export interface ConversationState extends ListingKey {
  readonly number: number
  updatedAt: number
  tie: number
  folder: Folder
  unread: number
  /** Numbers of the people in it; one but in group threads. */
  people: number[]
  /** Messages beyond the generated ones, by time. */
  readonly added: SimulatedMessage[]
  /** Generated messages that were edited, deleted or reacted to. */
  readonly patches: Map<number, SimulatedMessage>
  deletedMessages: number
  nextSerial: number
  /** When the customer last did something that opens the 24-hour window. */
  lastCustomerAt: number
  removed: boolean
  /** App that controls the thread, until when; undefined when idle. */
  owner?: { appId: string; expiresAt: number }
  /** Serials by time, made only where added messages lie between generated ones. */
  order?: number[]
}

/** The state of a generated conversation before its first change. */
export const generatedState = (generated: GeneratedConversations, conversation: number): ConversationState => ({
  number: conversation,
  updatedAt: generated.updatedAt(conversation),
  tie: -conversation,
  folder: generated.folder(conversation),
  unread: generated.unreadCount(conversation),
  people: [conversation],
  added: [],
  patches: new Map(),
  deletedMessages: 0,
  nextSerial: generated.messageCount(conversation),
  lastCustomerAt: generated.lastCustomerTime(conversation),
  removed: false,
})

/** A conversation that begins empty at `updatedAt`. */
export const newState = (number: number, people: number[], folder: Folder, updatedAt: number): ConversationState => ({
  number,
  updatedAt,
  tie: 0,
  folder,
  unread: 0,
  people,
  added: [],
  patches: new Map(),
  deletedMessages: 0,
  nextSerial: 0,
  lastCustomerAt: 0,
  removed: false,
})
