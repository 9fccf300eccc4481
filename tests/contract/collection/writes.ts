import type { Store } from '@pagesync/shared/store/collection.ts'
import { describe, expect, test } from 'vitest'
import { byId, freshRows, idsOf, type NewRow, type Row, shuffled } from './rows.ts'

const range = (count: number, from = 0): NewRow[] =>
  Array.from({ length: count }, (_, i) => ({ _id: `k${String(from + i).padStart(6, '0')}`, at: from + i, hits: 0 }))

export function describeWrites(store: () => Store): void {
  describe('getMany', () => {
    test('gives what is there and leaves out what is not', async () => {
      const rows = await freshRows(store())
      await rows.insertMany([{ _id: 'a', at: 1 }, { _id: 'b' }])
      expect(byId(await rows.getMany(['b', 'gone', 'a', 'a', '']))).toEqual([
        { _id: 'a', at: 1, rev: 1 },
        { _id: 'b', rev: 1 },
      ])
      expect(await rows.getMany([])).toEqual([])
    })
  })

  describe('insertMany', () => {
    test('writes rev 1 whatever the document says', async () => {
      const rows = await freshRows(store())
      expect(await rows.insertMany([{ _id: 'a', rev: 7 } as NewRow])).toEqual({ existing: [] })
      expect(await rows.getMany(['a'])).toEqual([{ _id: 'a', rev: 1 }])
    })

    test('says which keys existed, leaves those alone and writes the others', async () => {
      const rows = await freshRows(store())
      await rows.insertMany(range(10))
      await rows.replaceMany([{ _id: 'k000003', rev: 1, at: 33 }])
      const { existing } = await rows.insertMany(range(20).map((row) => ({ ...row, page: 'new' })))
      expect(existing.toSorted()).toEqual(idsOf(range(10)))
      const stored = byId(await rows.getMany(idsOf(range(20))))
      expect(stored.filter((row) => row.page === 'new').map((row) => row._id)).toEqual(idsOf(range(10, 10)))
      expect(stored[3]).toEqual({ _id: 'k000003', rev: 2, at: 33 })
    })

    test('lets each of many racers win some keys, and every key once', async () => {
      const rows = await freshRows(store())
      const wanted = range(300)
      const results = await Promise.all(
        Array.from({ length: 6 }, async (_, racer) => {
          const mine = shuffled(wanted).map((row) => ({ ...row, page: `racer ${racer}` }))
          const { existing } = await rows.insertMany(mine)
          const known = new Set(existing)
          return mine.filter((row) => !known.has(row._id))
        }),
      )
      const winners = byId(results.flat())
      expect(idsOf(winners)).toEqual(idsOf(wanted))
      const stored = byId(await rows.getMany(idsOf(wanted)))
      expect(stored.map((row) => row.page)).toEqual(winners.map((row) => row.page))
    })

    test('takes 5,000 documents in one call', async () => {
      const rows = await freshRows(store())
      expect(await rows.insertMany(range(5_000))).toEqual({ existing: [] })
      expect(await rows.count({ index: '_id' })).toBe(5_000)
      expect(await rows.getMany(idsOf(range(5_000)))).toHaveLength(5_000)
      expect((await rows.insertMany(range(5_000))).existing).toHaveLength(5_000)
    })
  })

  describe('replaceMany', () => {
    test('writes the whole document where the rev is the stored one, and raises it', async () => {
      const rows = await freshRows(store())
      await rows.insertMany([{ _id: 'a', at: 1, page: 'x' }])
      expect(await rows.replaceMany([{ _id: 'a', rev: 1, page: 'y' }])).toEqual({ lost: [] })
      expect(await rows.getMany(['a'])).toEqual([{ _id: 'a', rev: 2, page: 'y' }])
    })

    test('says which lost: another rev, or gone; and does not write those', async () => {
      const rows = await freshRows(store())
      await rows.insertMany(range(6))
      await rows.replaceMany([{ _id: 'k000001', rev: 1, page: 'first' }])
      await rows.deleteMany(['k000002'])
      const attempt = range(6).map((row) => ({ ...row, rev: 1, page: 'second' }))
      const { lost } = await rows.replaceMany(attempt)
      expect(lost.toSorted()).toEqual(['k000001', 'k000002'])
      const stored = byId(await rows.getMany(idsOf(attempt)))
      expect(stored.map((row) => [row._id, row.rev, row.page])).toEqual([
        ['k000000', 2, 'second'],
        ['k000001', 2, 'first'],
        ['k000003', 2, 'second'],
        ['k000004', 2, 'second'],
        ['k000005', 2, 'second'],
      ])
    })

    test('lets exactly one of 20 racers win each rev, even when all write the same', async () => {
      const rows = await freshRows(store())
      await rows.insertMany([{ _id: 'a', hits: 0 }])
      for (let rev = 1; rev <= 8; rev++) {
        const results = await Promise.all(
          Array.from({ length: 20 }, () => rows.replaceMany([{ _id: 'a', rev, hits: rev }])),
        )
        expect(results.filter(({ lost }) => lost.length === 0)).toHaveLength(1)
      }
      expect(await rows.getMany(['a'])).toEqual([{ _id: 'a', rev: 9, hits: 8 }])
    })

    test('settles racers over the same documents in different orders, each document having one winner', async () => {
      const rows = await freshRows(store())
      await rows.insertMany(range(300))
      const results = await Promise.all(
        Array.from({ length: 6 }, async (_, racer) => {
          const mine: Row[] = shuffled(range(300)).map((row) => ({ ...row, rev: 1, page: `racer ${racer}` }))
          const { lost } = await rows.replaceMany(mine)
          const gone = new Set(lost)
          return mine.filter((row) => !gone.has(row._id))
        }),
      )
      const winners = byId(results.flat())
      expect(idsOf(winners)).toEqual(idsOf(range(300)))
      const stored = byId(await rows.getMany(idsOf(range(300))))
      expect(stored).toEqual(winners.map((row) => ({ ...row, rev: 2 })))
    })

    test('takes 5,000 documents in one call', async () => {
      const rows = await freshRows(store())
      await rows.insertMany(range(5_000))
      await rows.replaceMany([{ ...range(1, 4_321)[0], rev: 1 } as Row])
      const { lost } = await rows.replaceMany(range(5_000).map((row) => ({ ...row, rev: 1, page: 'new' })))
      expect(lost).toEqual(['k004321'])
      expect(await rows.count({ index: 'byPage', equals: { page: 'new' } })).toBe(4_999)
    })
  })

  describe('increment', () => {
    test('makes a missing document, counts absent as 0, leaves other fields and raises rev', async () => {
      const rows = await freshRows(store())
      expect(await rows.increment('a', { hits: 5, at: -2 })).toEqual({ _id: 'a', rev: 1, hits: 5, at: -2 })
      await rows.replaceMany([{ _id: 'a', rev: 1, hits: 5, page: 'x' }])
      expect(await rows.increment('a', { hits: 1, at: 3 })).toEqual({ _id: 'a', rev: 3, hits: 6, at: 3, page: 'x' })
    })

    test('goes beyond 2^31 and takes fractions', async () => {
      const rows = await freshRows(store())
      await rows.increment('a', { hits: 2 ** 31 - 1, at: 0.5 })
      expect(await rows.increment('a', { hits: 2 ** 40, at: 0.25 })).toMatchObject({
        hits: 2 ** 31 - 1 + 2 ** 40,
        at: 0.75,
      })
    })

    test('loses nothing among 50 concurrent callers, and gives each another sum', async () => {
      const rows = await freshRows(store())
      const sums = await Promise.all(Array.from({ length: 50 }, () => rows.increment('a', { hits: 3 })))
      expect(sums.map((row) => row.hits as number).toSorted((a, b) => a - b)).toEqual(
        Array.from({ length: 50 }, (_, i) => 3 * (i + 1)),
      )
      expect(await rows.getMany(['a'])).toEqual([{ _id: 'a', rev: 50, hits: 150 }])
    })

    test('makes a replace of what was read before it lose', async () => {
      const rows = await freshRows(store())
      await rows.increment('a', { hits: 1 })
      await rows.increment('a', { hits: 1 })
      expect(await rows.replaceMany([{ _id: 'a', rev: 1, hits: 9 }])).toEqual({ lost: ['a'] })
    })

    test('refuses a field that holds no number, and adds to none of the others', async () => {
      const rows = await freshRows(store())
      await rows.insertMany([{ _id: 'a', page: 'x', at: null }])
      await expect(rows.increment('a', { hits: 1, page: 1 })).rejects.toMatchObject({ code: 'INTERNAL' })
      await expect(rows.increment('a', { at: 1 })).rejects.toMatchObject({ code: 'INTERNAL' })
      expect(await rows.getMany(['a'])).toEqual([{ _id: 'a', page: 'x', at: null, rev: 1 }])
    })
  })

  describe('deleteMany', () => {
    test('answers how many were there; missing ones are no error', async () => {
      const rows = await freshRows(store())
      await rows.insertMany(range(1_500))
      expect(await rows.deleteMany([...idsOf(range(1_400)), 'k000000', 'gone'])).toBe(1_400)
      expect(await rows.deleteMany(idsOf(range(1_400)))).toBe(0)
      expect(await rows.count({ index: '_id' })).toBe(100)
    })
  })
}
