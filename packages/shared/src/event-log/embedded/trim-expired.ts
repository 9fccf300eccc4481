import type { DatabaseSync } from 'node:sqlite'
import { setImmediate as aTurn } from 'node:timers/promises'
import type { TopicCatalog } from './topic-catalog.ts'

/** Deleting blocks the event loop: so many records at once, then others have their turn. */
const DELETE_ROWS_MAX = 200

/** Deletes the records that are older than their topic's retention, oldest first, until none is left or it is told to stop. */
export async function trimExpired(
  database: DatabaseSync,
  catalog: TopicCatalog,
  nowMs: number,
  signal: AbortSignal,
): Promise<void> {
  const oldest = database.prepare(`
    SELECT "offset", timestamp_ms FROM records WHERE partition_id = ? ORDER BY "offset" LIMIT ${DELETE_ROWS_MAX}`)
  const remove = database.prepare('DELETE FROM records WHERE partition_id = ? AND "offset" <= ?')
  for (const { partitions, retentionMs } of catalog.all()) {
    for (const partition of partitions) {
      while (!signal.aborted) {
        const rows = oldest.all(partition.id) as unknown as { offset: number; timestamp_ms: number }[]
        const kept = rows.findIndex(({ timestamp_ms }) => timestamp_ms >= nowMs - retentionMs)
        const expired = kept < 0 ? rows.length : kept
        if (expired > 0) {
          const last = rows[expired - 1]!.offset
          remove.run(partition.id, last)
          partition.oldestOffset = last + 1
        }
        if (expired < DELETE_ROWS_MAX) break
        await aTurn()
      }
    }
  }
}
