import { randomBytes } from 'node:crypto'
import type { Collection, CollectionDefinition, Store, StoreDocument } from '@pagesync/shared/store/collection.ts'

/** What the contract's tests store. */
export interface Row extends StoreDocument {
  readonly page?: string | null
  readonly at?: number | null
  readonly flag?: boolean | null
  readonly hits?: number
  readonly data?: unknown
}

export type NewRow = Omit<Row, 'rev'>

export function rowsDefinition(): CollectionDefinition<Row> {
  return {
    name: `rows_${randomBytes(6).toString('hex')}`,
    indexes: { byPage: ['page', 'at'], byAt: ['at'], byFlag: ['flag', 'at', 'page'] },
  }
}

/** A collection of its own for one test. */
export async function freshRows(store: Store): Promise<Collection<Row>> {
  const definition = rowsDefinition()
  await store.ensure([definition])
  return store.collection(definition)
}

export const idsOf = (rows: readonly { readonly _id: string }[]): string[] => rows.map((row) => row._id)

export const byId = <T extends { readonly _id: string }>(rows: readonly T[]): T[] =>
  rows.toSorted((a, b) => Buffer.compare(Buffer.from(a._id), Buffer.from(b._id)))

export function shuffled<T>(items: readonly T[]): T[] {
  return items
    .map((item) => [Math.random(), item] as const)
    .toSorted(([a], [b]) => a - b)
    .map(([, item]) => item)
}

/** Every page of a listing, one after the other. */
export async function allPages(
  rows: Collection<Row>,
  query: Omit<Parameters<Collection<Row>['find']>[0], 'after'>,
  between: () => Promise<unknown> = async () => undefined,
): Promise<Row[]> {
  const all: Row[] = []
  for (;;) {
    const last = all.at(-1)
    const after = last && { page: last.page ?? null, at: last.at ?? null, flag: last.flag ?? null, _id: last._id }
    const page = await rows.find({ ...query, ...(after ? { after } : {}) })
    all.push(...page)
    if (page.length < query.limit) return all
    await between()
  }
}
