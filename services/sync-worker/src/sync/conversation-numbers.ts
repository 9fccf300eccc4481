import type { ConversationRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { OperationContext } from '../commands/operation.ts'

/** The rows behind natural keys, as they stand now: for answers that name them by number. */
export async function conversationNumbers(
  keys: readonly string[],
  { synced }: OperationContext,
): Promise<ReadonlyMap<string, ConversationRow>> {
  const rows = keys.length === 0 ? [] : await synced.conversations.getMany(keys)
  return new Map(rows.map((row) => [row._id, row]))
}
