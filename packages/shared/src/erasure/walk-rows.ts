import type { Collection, IndexSelection, Scalar, StoreDocument } from '../store/collection.ts'
import type { StepOutcome } from './erasure-step.ts'

type Position = Readonly<Record<string, Scalar>> & { readonly _id: string }

export interface Walk<T extends StoreDocument> {
  readonly collection: Collection<T>
  readonly selection: IndexSelection
  /** The fields of the index that the selection leaves open: where one piece ended, the next begins. */
  readonly open: readonly (keyof T & string)[]
  readonly limit: number
}

/** One piece of a walk over an index: hands its rows to `visit`, which answers how many of them it removed or changed. */
export async function walkRows<T extends StoreDocument>(
  { collection, selection, open, limit }: Walk<T>,
  cursor: string | null,
  visit: (rows: readonly T[]) => Promise<number>,
): Promise<StepOutcome> {
  const after = cursor === null ? {} : { after: JSON.parse(cursor) as Position }
  const rows = await collection.find({ ...selection, limit, ...after })
  const removed = rows.length === 0 ? 0 : await visit(rows)
  const last = rows.at(-1)
  if (!last || rows.length < limit) return { removed, next: null }
  return {
    removed,
    next: JSON.stringify(Object.fromEntries([...open, '_id'].map((name) => [name, last[name as keyof T] ?? null]))),
  }
}

/** Removes what a selection finds, piece by piece: the next piece is what is left. */
export async function removeRows<T extends StoreDocument>(
  collection: Collection<T>,
  selection: IndexSelection,
  limit: number,
): Promise<StepOutcome> {
  const rows = await collection.find({ ...selection, limit })
  const removed = rows.length === 0 ? 0 : await collection.deleteMany(rows.map(({ _id }) => _id))
  return { removed, next: rows.length < limit ? null : 'more' }
}
