import type { Store } from '@pagesync/shared/store/collection.ts'
import { openSyncedCollections } from '@pagesync/shared/store/repositories/synced.ts'

/** How many rows of a page there really are: every one is counted. */
export async function countRows(
  store: Store,
  pageId: number,
): Promise<{ conversations: number; contacts: number; messages: number }> {
  const synced = openSyncedCollections(store)
  const keysOfPage = { index: '_id', range: { gte: `${pageId}:`, lt: `${pageId};` } }
  const [conversations, contacts, messages] = await Promise.all([
    synced.conversations.count(keysOfPage),
    synced.contacts.count(keysOfPage),
    synced.messages.count(keysOfPage),
  ])
  return { conversations, contacts, messages }
}
