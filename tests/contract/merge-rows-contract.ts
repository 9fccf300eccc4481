import type { CollectionDefinition, Store, StoreDocument } from '@pagesync/shared/store/collection.ts'
import { type Draft, mergeRows } from '@pagesync/shared/store/merge-rows.ts'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { rowsDefinition, shuffled } from './collection/rows.ts'

interface Tally extends StoreDocument {
  readonly id?: number
  readonly hits: number
  readonly tags: readonly string[]
}
interface Seen {
  readonly hits: number
  readonly tag: string
}

/** A counter, which shows what is merged twice or not at all, and a set. */
function fold(row: Draft<Tally> | null, knowledge: readonly Seen[], key: string): Draft<Tally> | null {
  const hits = knowledge.reduce((sum, seen) => sum + seen.hits, 0)
  if (row !== null && hits === 0) return row
  if (row === null && key === 'never') return null
  const tags = [...(row?.tags ?? []), ...knowledge.map((seen) => seen.tag)]
  return { ...row, _id: key, hits: (row?.hits ?? 0) + hits, tags: [...new Set(tags)] }
}

/** The way of writing synced rows, on a real engine: what two writers know ends up in the rows, once. */
export function describeMergeRowsContract(name: string, open: () => Promise<Store>): void {
  describe(`mergeRows on ${name}`, () => {
    let store: Store | undefined
    beforeAll(async () => {
      store = await open()
    })
    afterAll(() => store?.close())
    const tallies = async () => {
      const definition: CollectionDefinition<Tally> = { name: rowsDefinition().name, indexes: {} }
      await store?.ensure([definition])
      return (store as Store).collection(definition)
    }

    for (const expectation of ['new', 'existing'] as const) {
      test(`tells rows that it made, changed and left alone, expecting ${expectation} ones`, async () => {
        const collection = await tallies()
        await collection.insertMany([
          { _id: 'old', hits: 1, tags: ['a'] },
          { _id: 'same', hits: 1, tags: ['a'] },
        ])
        const merged = await mergeRows({
          collection,
          fold,
          expect: expectation,
          incoming: new Map<string, Seen[]>([
            ['old', [{ hits: 2, tag: 'b' }]],
            [
              'new',
              [
                { hits: 1, tag: 'x' },
                { hits: 4, tag: 'y' },
              ],
            ],
            ['same', [{ hits: 0, tag: 'b' }]],
            ['never', [{ hits: 0, tag: 'b' }]],
          ]),
        })
        const same = { _id: 'same', rev: 1, hits: 1, tags: ['a'] }
        expect(Object.fromEntries(merged)).toEqual({
          old: {
            before: { _id: 'old', rev: 1, hits: 1, tags: ['a'] },
            after: { _id: 'old', rev: 2, hits: 3, tags: ['a', 'b'] },
          },
          new: { before: null, after: { _id: 'new', rev: 1, hits: 5, tags: ['x', 'y'] } },
          same: { before: same, after: same },
        })
        const stored = await collection.getMany(['old', 'new', 'same', 'never'])
        expect(stored).toHaveLength(3)
        for (const row of stored) expect(row).toEqual(merged.get(row._id)?.after)
      })
    }

    test('loses nothing when three writers merge 500 overlapping rows at the same time', {
      timeout: 120_000,
    }, async () => {
      const collection = await tallies()
      const keys = Array.from({ length: 500 }, (_, i) => `k${i}`)
      const write = async (writer: string, expectation: 'new' | 'existing'): Promise<void> => {
        for (let round = 0; round < 3; round++) {
          const incoming = new Map(shuffled(keys).map((key) => [key, [{ hits: 1, tag: `${writer}${round}` }]]))
          await mergeRows({ collection, fold, expect: expectation, incoming })
        }
      }
      await Promise.all([write('a', 'new'), write('b', 'existing'), write('c', 'new')])
      const rows = await collection.getMany(keys)
      expect(rows).toHaveLength(500)
      const tags = ['a0', 'a1', 'a2', 'b0', 'b1', 'b2', 'c0', 'c1', 'c2']
      for (const row of rows) {
        expect(row.hits).toBe(9)
        expect(row.tags.toSorted()).toEqual(tags)
        expect(row.rev).toBe(9)
      }
    })

    test('reads a row that knowledge concerns without making one, also where new rows are expected', async () => {
      const collection = await tallies()
      await collection.insertMany([{ _id: 'there', hits: 1, tags: [] }])
      const merged = await mergeRows<Tally, Seen>({
        collection,
        expect: 'new',
        incoming: new Map(['there', 'not there'].map((key) => [key, [{ hits: 2, tag: 't' }]])),
        fold: (row) => row && { ...row, hits: row.hits + 2 },
      })
      expect([...merged.keys()]).toEqual(['there'])
      expect(await collection.getMany(['there', 'not there'])).toMatchObject([{ _id: 'there', hits: 3 }])
    })

    test('makes a row again that was deleted in between', async () => {
      const collection = await tallies()
      await collection.insertMany([{ _id: 'a', hits: 1, tags: [] }])
      let deleted: Promise<unknown> | undefined
      const merged = await mergeRows<Tally, Seen>({
        collection: {
          ...collection,
          async replaceMany(rows) {
            deleted ??= collection.deleteMany(['a'])
            await deleted
            return collection.replaceMany(rows)
          },
        },
        fold,
        expect: 'existing',
        incoming: new Map([['a', [{ hits: 2, tag: 't' }]]]),
      })
      expect(merged.get('a')).toEqual({ before: null, after: { _id: 'a', rev: 1, hits: 2, tags: ['t'] } })
    })
  })
}
