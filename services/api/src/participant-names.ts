import type { ConversationRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { SyncedReader } from '@pagesync/shared/store/repositories/synced.ts'

/**
 * The names of people whose conversation names nobody (a webhook does not), from their contacts, by the conversation's
 * key. One look-up however many.
 */
export async function findParticipantNames(
  reader: Pick<SyncedReader, 'contactsByKey'>,
  conversations: readonly ConversationRow[],
): Promise<ReadonlyMap<string, string>> {
  const nameless = conversations.filter((row) => row.participant_name === null && row.psid !== null)
  if (nameless.length === 0) return new Map()
  const contacts = await reader.contactsByKey(nameless.map((row) => row._id))
  return new Map(contacts.flatMap(({ _id, name }) => (name === null ? [] : [[_id, name] as const])))
}
