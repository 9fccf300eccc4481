import type { Collection, FindQuery, Store } from '@pagesync/shared/store/collection.ts'
import { beforeAll, describe, expect, test } from 'vitest'
import { allPages, freshRows, idsOf, type NewRow, type Row } from './rows.ts'

/** Two documents for each of null, absent, 0 and 1 … 5 in `at`, on two pages; and one without anything. */
const SAMPLE: NewRow[] = [
  ...['p1', 'p2'].flatMap((page) =>
    [null, undefined, 0, 1, 2, 3, 4, 5].flatMap((at) =>
      ['x', 'y'].map((tie) => ({
        _id: `${page}:${at ?? (at === null ? 'null' : 'absent')}:${tie}`,
        page,
        ...(at === undefined ? {} : { at }),
        flag: at === null ? null : (at ?? 0) % 2 === 0,
      })),
    ),
  ),
  { _id: 'bare' },
]
const ascending = [
  'absent:x',
  'absent:y',
  'null:x',
  'null:y',
  ...[0, 1, 2, 3, 4, 5].flatMap((at) => [`${at}:x`, `${at}:y`]),
]
const onP1 = (keys: readonly string[]): string[] => keys.map((key) => `p1:${key}`)

export function describeQueries(store: () => Store): void {
  let rows: Collection<Row>
  beforeAll(async () => {
    rows = await freshRows(store())
    await rows.insertMany(SAMPLE)
  })
  const find = async (query: Partial<FindQuery>): Promise<string[]> =>
    idsOf(await rows.find({ index: 'byPage', limit: 100, ...query }))

  describe('find', () => {
    test('goes by the open fields, then _id; null and absent stand together before everything else', async () => {
      expect(await find({ equals: { page: 'p1' } })).toEqual(onP1(ascending))
    })

    test('turns the whole order round for desc', async () => {
      expect(await find({ equals: { page: 'p1' }, order: 'desc' })).toEqual(onP1(ascending.toReversed()))
    })

    test('goes by all fields when none is fixed', async () => {
      const all = await find({})
      expect(all).toEqual(['bare', ...onP1(ascending), ...ascending.map((key) => `p2:${key}`)])
      expect(await find({ order: 'desc' })).toEqual(all.toReversed())
    })

    test('finds null and absent by null', async () => {
      expect(await find({ equals: { page: 'p1', at: null } })).toEqual(
        onP1(['absent:x', 'absent:y', 'null:x', 'null:y']),
      )
      expect(await find({ equals: { page: null } })).toEqual(['bare'])
    })

    test('fixes all declared fields and goes by _id', async () => {
      expect(await find({ equals: { page: 'p1', at: 3 } })).toEqual(['p1:3:x', 'p1:3:y'])
      expect(await find({ equals: { page: 'p1', at: 3 }, range: { gt: 'p1:3:x' } })).toEqual(['p1:3:y'])
    })

    test('tells booleans from numbers', async () => {
      const even = await find({ index: 'byFlag', equals: { flag: true, at: 2 } })
      expect(even).toEqual(['p1:2:x', 'p1:2:y', 'p2:2:x', 'p2:2:y'])
      expect(await find({ index: 'byFlag', equals: { flag: 1 } })).toEqual([])
      expect(await find({ index: 'byAt', equals: { at: true } })).toEqual([])
    })

    test.each([
      [{ gt: 3 }, [4, 5]],
      [{ gte: 3 }, [3, 4, 5]],
      [{ lt: 2 }, [0, 1]],
      [{ lte: 2 }, [0, 1, 2]],
      [{ gt: 1, lte: 3 }, [2, 3]],
      [{ gte: 1, lt: 3 }, [1, 2]],
      [{ gt: 3, lt: 3 }, []],
      [{ lt: 0 }, []],
      [{ gte: 2.5 }, [3, 4, 5]],
    ])('range %o holds numbers only, never null', async (range, expected) => {
      const keys = onP1(expected.flatMap((at) => [`${at}:x`, `${at}:y`]))
      expect(await find({ equals: { page: 'p1' }, range })).toEqual(keys)
      expect(await find({ equals: { page: 'p1' }, range, order: 'desc' })).toEqual(keys.toReversed())
    })

    test('a range of strings leaves null out, a bound may be a string that nobody has', async () => {
      expect(await find({ range: { gte: 'p' } })).toHaveLength(32)
      expect(await find({ range: { lt: 'p11' } })).toEqual(onP1(ascending))
      expect(await find({ range: { gt: 'p1' } })).toHaveLength(16)
      expect(await find({ range: { lte: '' } })).toEqual([])
    })

    test('finds keys by prefix', async () => {
      expect(await find({ index: '_id', range: { gte: 'p1:4', lt: 'p1:5' } })).toEqual(['p1:4:x', 'p1:4:y'])
      expect(await find({ index: '_id', range: { gte: 'p1:', lt: 'p1;' }, order: 'desc', limit: 1 })).toEqual([
        'p1:null:y',
      ])
    })

    test('stops at the limit', async () => {
      expect(await find({ equals: { page: 'p1' }, limit: 3 })).toEqual(onP1(ascending.slice(0, 3)))
    })

    const listings: [string, Omit<FindQuery, 'limit'>][] = [
      ['by all fields', { index: 'byPage' }],
      ['by one field with nulls', { index: 'byAt' }],
      ['within an equal field', { index: 'byPage', equals: { page: 'p1' } }],
      ['within a range', { index: 'byPage', equals: { page: 'p2' }, range: { gt: 0, lte: 4 } }],
      ['within a half open range', { index: 'byAt', range: { lt: 4 } }],
      ['within nulls', { index: 'byAt', equals: { at: null } }],
      ['over booleans and three fields', { index: 'byFlag' }],
      ['by key', { index: '_id' }],
    ]
    for (const order of ['asc', 'desc'] as const) {
      test.each(listings)(`pages ${order} through what one large page would give, %s`, async (_name, selection) => {
        const whole = await find({ ...selection, order, limit: 1_000 })
        expect(whole.length).toBeGreaterThan(0)
        for (const limit of [1, 2, 3, 7]) {
          expect(idsOf(await allPages(rows, { ...selection, order, limit }))).toEqual(whole)
        }
      })
    }

    test('goes on after a document that was deleted, and after a place that never was a document', async () => {
      const own = await freshRows(store())
      await own.insertMany([1, 2, 3, 4].map((at) => ({ _id: `a${at}`, page: 'p', at })))
      await own.deleteMany(['a2'])
      const query = { index: 'byPage', equals: { page: 'p' }, limit: 10 }
      expect(idsOf(await own.find({ ...query, after: { at: 2, _id: 'a2' } }))).toEqual(['a3', 'a4'])
      expect(idsOf(await own.find({ ...query, order: 'desc', after: { at: 2.5, _id: '' } }))).toEqual(['a1'])
    })

    test('a place outside the range changes nothing about the range', async () => {
      const query = { index: 'byAt', range: { gte: 2, lt: 4 } }
      const within = ['p1:2:x', 'p1:2:y', 'p2:2:x', 'p2:2:y', 'p1:3:x', 'p1:3:y', 'p2:3:x', 'p2:3:y']
      expect(await find({ ...query, after: { at: 0, _id: 'p1:0:x' } })).toEqual(within)
      expect(await find({ ...query, order: 'desc', after: { at: 5, _id: 'p2:5:y' } })).toEqual(within.toReversed())
      expect(await find({ ...query, after: { at: 9, _id: 'x' } })).toEqual([])
    })

    test('pages on without gaps or repeats while others insert', async () => {
      const own = await freshRows(store())
      const old = Array.from({ length: 200 }, (_, i) => ({ _id: `old${i}`, page: 'p', at: i % 20 }))
      await own.insertMany(old)
      let inserted = 0
      const seen = await allPages(own, { index: 'byPage', equals: { page: 'p' }, limit: 17 }, () =>
        own.insertMany([-1, 7, 30].map((at) => ({ _id: `new${inserted++}`, page: 'p', at }))),
      )
      const keys = idsOf(seen)
      expect(new Set(keys).size).toBe(keys.length)
      expect(idsOf(old).every((key) => keys.includes(key))).toBe(true)
    })
  })

  describe('count and groupCount', () => {
    test('count what find would find', async () => {
      expect(await rows.count({ index: '_id' })).toBe(33)
      expect(await rows.count({ index: 'byPage', equals: { page: 'p1' } })).toBe(16)
      expect(await rows.count({ index: 'byPage', equals: { page: 'p1' }, range: { gt: 3 } })).toBe(4)
      expect(await rows.count({ index: 'byAt', equals: { at: null } })).toBe(9)
      expect(await rows.count({ index: '_id', range: { gte: 'p1:', lt: 'p1;' } })).toBe(16)
      expect(await rows.count({ index: 'byPage', equals: { page: 'nobody' } })).toBe(0)
    })

    test('groups by the first open field, null and absent as one', async () => {
      expect(await rows.groupCount({ index: 'byPage' })).toEqual(
        new Map<unknown, number>([
          [null, 1],
          ['p1', 16],
          ['p2', 16],
        ]),
      )
      expect(await rows.groupCount({ index: 'byPage', equals: { page: 'p1' } })).toEqual(
        new Map<unknown, number>([[null, 4], ...[0, 1, 2, 3, 4, 5].map((at) => [at, 2] as const)]),
      )
      expect(await rows.groupCount({ index: 'byFlag' })).toEqual(
        new Map<unknown, number>([
          [null, 5],
          [true, 16],
          [false, 12],
        ]),
      )
      expect(await rows.groupCount({ index: 'byPage', equals: { page: 'nobody' } })).toEqual(new Map())
    })

    test('refuses more than 1,000 groups', async () => {
      const own = await freshRows(store())
      await own.insertMany(Array.from({ length: 1_000 }, (_, at) => ({ _id: `a${at}`, at })))
      expect((await own.groupCount({ index: 'byAt' })).size).toBe(1_000)
      await own.insertMany([{ _id: 'one more', at: 1_000 }])
      await expect(own.groupCount({ index: 'byAt' })).rejects.toMatchObject({ code: 'INTERNAL' })
    })
  })
}
