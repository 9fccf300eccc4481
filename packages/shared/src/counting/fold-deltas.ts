import { AppError } from '../errors/app-error.ts'
import type { Collection } from '../store/collection.ts'
import { mergeRows } from '../store/merge-rows.ts'
import type { CountingSessionRow, StatisticsRow } from '../store/repositories/statistics-rows.ts'
import { type Counts, combine } from './counts.ts'

export interface FoldOptions {
  readonly statistics: Collection<StatisticsRow>
  /** Marks of sessions that are gone for long need not be kept. */
  readonly mayForget: (sessionId: string) => boolean
  /** Asked between reading and writing: whoever was held up too long must first find out whether it still counts. */
  readonly mayWrite?: () => boolean
}

/**
 * Adds a session's pending deltas to the statistics, each document by compare-and-set and marked with the fold's number:
 * however often it is repeated, and by whomever, they are added once.
 *
 * @throws AppError WRITE_CONFLICT when held up too long or contended; STORE_UNAVAILABLE
 */
export async function foldDeltas(
  session: Pick<CountingSessionRow, '_id' | 'fold' | 'pending'>,
  { statistics, mayForget, mayWrite = () => true }: FoldOptions,
): Promise<void> {
  await mergeRows<StatisticsRow, Counts>({
    collection: statistics,
    incoming: new Map(Object.entries(session.pending).map(([key, counts]) => [key, [counts]])),
    expect: 'existing',
    fold: (row, [delta = {}], key) => {
      if (!mayWrite()) throw new AppError('WRITE_CONFLICT', 'Counting was held up for too long')
      if (row && (row.folds[session._id] ?? 0) >= session.fold) return row
      const known = Object.entries(row?.folds ?? {}).filter(([id]) => !mayForget(id))
      return {
        ...(row ?? { _id: key, day_ms: dayMsOf(key) }),
        counts: combine(row?.counts ?? {}, delta),
        folds: { ...Object.fromEntries(known), [session._id]: session.fold },
      }
    },
  })
}

/** When the day of a day's document began; null for totals. */
function dayMsOf(key: string): number | null {
  const slash = key.lastIndexOf('/')
  return slash === -1 ? null : Date.parse(`${key.slice(slash + 1)}T00:00:00Z`)
}
