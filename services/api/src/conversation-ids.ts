import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { SyncedReader } from '@pagesync/shared/store/repositories/synced.ts'

/** Our numbers of the conversations that commands are about, by the conversation's key. One look-up however many. */
export async function conversationIdsOf(
  reader: Pick<SyncedReader, 'conversationsByKey'>,
  commands: readonly CommandRow[],
): Promise<ReadonlyMap<string | null, number>> {
  const keys = new Set(
    commands.flatMap(({ conversation_key }) => (conversation_key === null ? [] : [conversation_key])),
  )
  if (keys.size === 0) return new Map()
  const rows = await reader.conversationsByKey([...keys])
  return new Map(rows.map(({ _id, id }) => [_id, id]))
}
