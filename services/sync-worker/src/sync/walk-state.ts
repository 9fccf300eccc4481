import type { ListingState } from '@pagesync/shared/graph/read-listing-page.ts'
import { kindOf } from './changes-of-pull.ts'
import type { FolderPass } from './folder-pass.ts'
import type { PulledRows } from './write-pulled.ts'

/** A conversation with more messages than came with the listing. */
export interface Deeper {
  readonly thread_id: string
  readonly key: string
  /** Where in its messages it is: at the first for a conversation that failed in an earlier sync. */
  readonly listing: ListingState
  /** Everything created up to here is stored already: no need to look further back; null: to the end. */
  readonly known_up_to_ms: number | null
  /** The newest message that was found: complete up to there, once this is done. */
  readonly newest_ms: number | null
}

/** A conversation that the walk found, and whether it, or its person, is new here. */
export interface Listed {
  readonly key: string
  readonly messages: number
  readonly conversation_created: boolean
  readonly contact_created: boolean
}

export interface WalkError {
  readonly thread_id: string
  readonly key: string
  readonly code: string
  readonly message: string
}

export interface WalkCounts {
  readonly conversations: number
  readonly conversations_created: number
  readonly conversations_updated: number
  readonly contacts: number
  readonly contacts_created: number
  readonly contacts_updated: number
  readonly messages: number
}

/** Where the walk is, and what it has found: JSON, kept in the ledger after every page of results. */
export interface WalkState {
  readonly began_ms: number
  /** Index of the folder; past the last one when all are done. */
  readonly folder: number
  readonly pass: FolderPass
  readonly deeper: readonly Deeper[]
  /** What was reached in the folders that are done. */
  readonly watermarks: Readonly<Record<string, number>>
  readonly counts: WalkCounts
  /** The first 1,000. */
  readonly listed: readonly Listed[]
  /** The first 1,000. */
  readonly errors: readonly WalkError[]
}

const LISTED_MAX = 1_000
export const ERRORS_MAX = 1_000

export const NOTHING_FOUND: WalkCounts = {
  conversations: 0,
  conversations_created: 0,
  conversations_updated: 0,
  contacts: 0,
  contacts_created: 0,
  contacts_updated: 0,
  messages: 0,
}

/** A conversation that moved up while the walk was paging is found twice: it is listed once. */
export function addListed(listed: readonly Listed[], rows: PulledRows, commandId: string): readonly Listed[] {
  if (listed.length >= LISTED_MAX) return listed
  const known = new Set(listed.map(({ key }) => key))
  const messages = new Map<string, number>()
  for (const { after } of rows.messages.values())
    messages.set(after.conversation_key, (messages.get(after.conversation_key) ?? 0) + 1)
  const more = [...rows.conversations].flatMap(([key, merged]) => {
    if (known.has(key)) return []
    const contact = rows.contacts.get(key)
    const created = {
      conversation_created: kindOf(merged, commandId) === 'created',
      contact_created: contact !== undefined && kindOf(contact, commandId) === 'created',
    }
    return [{ key, messages: messages.get(key) ?? 0, ...created }]
  })
  return [...listed, ...more].slice(0, LISTED_MAX)
}

/**
 * @param again whether these conversations may have been counted by an earlier pass of this walk: what the walk has
 * seen since `beganMs` is not counted twice then
 */
export function addCounts(
  counts: WalkCounts,
  rows: PulledRows,
  commandId: string,
  again: boolean,
  beganMs: number,
): WalkCounts {
  const seen = (key: string): boolean => again && (rows.conversations.get(key)?.before?.last_synced_ms ?? 0) >= beganMs
  const conversations = [...rows.conversations].filter(([key]) => !seen(key)).map(([, row]) => row)
  const contacts = [...rows.contacts].filter(([key]) => !seen(key)).map(([, row]) => row)
  const messages = [...rows.messages.values()].filter((row) => !seen(row.after.conversation_key) || row.before === null)
  const count = (found: readonly Parameters<typeof kindOf>[0][], kind: 'created' | 'updated'): number =>
    found.filter((row) => kindOf(row, commandId) === kind).length
  return {
    conversations: counts.conversations + conversations.length,
    conversations_created: counts.conversations_created + count(conversations, 'created'),
    conversations_updated: counts.conversations_updated + count(conversations, 'updated'),
    contacts: counts.contacts + contacts.length,
    contacts_created: counts.contacts_created + count(contacts, 'created'),
    contacts_updated: counts.contacts_updated + count(contacts, 'updated'),
    messages: counts.messages + messages.length,
  }
}
