import type { Collection } from '../store/collection.ts'
import type { SyncedCollections } from '../store/repositories/synced.ts'
import type { DeltaSink } from './counts.ts'
import type { CountedKind, IdRange } from './id-ranges.ts'
import { type CountedRow, countRow } from './row-counts.ts'

const ROWS_AT_ONCE = 1_000

type ById = Pick<Collection<never>, 'find'>

/** Counts the rows that have ids in these ranges, but for those known already; answers their ids. */
export async function countFoundRows(
  { kind, ranges, known }: { kind: CountedKind; ranges: readonly IdRange[]; known: ReadonlySet<number> },
  synced: SyncedCollections,
  sink: DeltaSink,
  nowMs: number,
): Promise<number[]> {
  const collection = { message: synced.messages, conversation: synced.conversations, contact: synced.contacts }[kind]
  const found: number[] = []
  for (const range of ranges) {
    for await (const row of rowsById(collection as unknown as ById, range)) {
      if (known.has(row.id)) continue
      countRow(sink, kind, row, nowMs)
      found.push(row.id)
    }
  }
  return found
}

async function* rowsById(collection: ById, [from, to]: IdRange): AsyncGenerator<CountedRow> {
  let after: (CountedRow & { readonly _id: string }) | undefined
  for (;;) {
    const rows: (CountedRow & { readonly _id: string })[] = await collection.find({
      index: 'byId',
      range: { gte: from, lte: to },
      limit: ROWS_AT_ONCE,
      ...(after ? { after: { id: after.id, _id: after._id } } : {}),
    })
    yield* rows
    after = rows.at(-1)
    if (rows.length < ROWS_AT_ONCE) return
  }
}
