import type { Operation } from '../commands/operation.ts'
import { walkConversations } from './walk-conversations.ts'
import type { WalkState } from './walk-state.ts'

const LISTED_MAX = 200

/** All persons who have a conversation with the page: Facebook lists people only as participants. */
export const syncContactsFromFacebook: Operation = async (context) => {
  const walk = await walkConversations(context, {
    messages: false,
    phase: 'contacts',
    // People are found by their conversations alone, and those that are quiet count as well.
    scope: { mode: 'full', sinceMs: null },
    synced: { watermarks: {}, retry: [] },
    expected: null,
    start: context.command.checkpoint as WalkState | null,
    checkpoint: (state) => state,
  })
  const { contacts, contacts_created: created, contacts_updated: updated } = walk.counts
  const createdKeys = new Map(walk.listed.map(({ key, contact_created }) => [key, contact_created]))
  const rows = createdKeys.size === 0 ? [] : await context.synced.contacts.getMany([...createdKeys.keys()])
  return {
    result: {
      synced_count: contacts,
      created_count: created,
      updated_count: updated,
      unchanged_count: Math.max(0, contacts - created - updated),
      contacts: rows
        .slice(0, LISTED_MAX)
        .map(({ _id, id, name, psid }) => ({ id, name, facebook_id: psid, created: createdKeys.get(_id) ?? false })),
    },
  }
}
