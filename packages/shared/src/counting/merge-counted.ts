import { type MergedRow, type MergeRowsOptions, mergeRows } from '../store/merge-rows.ts'
import type { ContactRow, ConversationRow, MessageRow } from '../store/repositories/rows.ts'
import type { Counting } from './counting.ts'
import type { CountedKind } from './id-ranges.ts'
import { countDirection, countRow } from './row-counts.ts'

/**
 * `mergeRows` for messages, conversations and contacts, which are counted. A row is this call's if it bears one of its
 * ids: that holds also where the store's answer to the insert was lost and a second attempt found the row there.
 */
export async function mergeCounted<T extends MessageRow | ConversationRow | ContactRow, K>(
  counting: Counting,
  kind: CountedKind,
  options: Omit<MergeRowsOptions<T, K>, 'takeIds'>,
): Promise<Map<string, MergedRow<T>>> {
  const taking = counting.take(kind)
  try {
    const merged = await mergeRows<T, K>({ ...options, takeIds: taking.takeIds })
    taking.settle((sink, isMine, nowMs) => {
      for (const { before, after } of merged.values()) {
        if (isMine(after.id)) countRow(sink, kind, after, nowMs)
        else if (kind === 'message' && (before as MessageRow | null)?.direction === null)
          countDirection(sink, after as MessageRow, nowMs)
      }
    })
    return merged
  } catch (error) {
    taking.doubt()
    throw error
  }
}
