import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { SyncedReader } from '@pagesync/shared/store/repositories/synced.ts'

/** Our numbers of the conversations that commands are about, by the conversation's key. One look-up however many. */
export async function conversationIdsOf(
  reader: Pick<SyncedReader, 'conversationsByKey'>,
  commands: readonly CommandRow[],
): Promise<ReadonlyMap<string | null, number>> {
  return conversationIdsOfKeys(
    reader,
    commands.map(({ conversation_key }) => conversation_key),
  )
}

/** The same of keys. */
export async function conversationIdsOfKeys(
  reader: Pick<SyncedReader, 'conversationsByKey'>,
  keys: readonly (string | null)[],
): Promise<ReadonlyMap<string | null, number>> {
  const known = new Set(keys.filter((key) => key !== null))
  if (known.size === 0) return new Map()
  const rows = await reader.conversationsByKey([...known])
  return new Map(rows.map(({ _id, id }) => [_id, id]))
}
