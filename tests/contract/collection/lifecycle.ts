import type { CollectionDefinition, Store } from '@pagesync/shared/store/collection.ts'
import { describe, expect, test } from 'vitest'
import { idsOf, type Row, rowsDefinition } from './rows.ts'

export function describeLifecycle(store: () => Store, open: () => Promise<Store>): void {
  describe('ensure', () => {
    test('may be called again, and by many at once', async () => {
      const definitions = [rowsDefinition(), rowsDefinition(), { name: rowsDefinition().name, indexes: {} }]
      await Promise.all(Array.from({ length: 6 }, () => store().ensure(definitions)))
      await store().ensure(definitions)
      const rows = store().collection(definitions[0] as CollectionDefinition<Row>)
      await rows.insertMany([{ _id: 'a', at: 1 }])
      expect(idsOf(await rows.find({ index: 'byAt', limit: 1 }))).toEqual(['a'])
    })

    test('adds an index that is declared later over what is stored, and keeps one that no longer is', async () => {
      const { name } = rowsDefinition()
      const before: CollectionDefinition<Row> = { name, indexes: { by: ['at'] } }
      await store().ensure([before])
      await store()
        .collection(before)
        .insertMany([
          { _id: 'a', at: 1, page: 'z' },
          { _id: 'b', at: 2, page: 'y' },
          { _id: 'c', flag: true },
        ])
      const after: CollectionDefinition<Row> = { name, indexes: { by: ['page', 'at'], byFlag: ['flag'] } }
      await store().ensure([after])
      expect(idsOf(await store().collection(after).find({ index: 'by', limit: 9 }))).toEqual(['c', 'b', 'a'])
      expect(
        idsOf(
          await store()
            .collection(after)
            .find({ index: 'byFlag', equals: { flag: true }, limit: 9 }),
        ),
      ).toEqual(['c'])
      expect(idsOf(await store().collection(before).find({ index: 'by', limit: 9 }))).toEqual(['c', 'a', 'b'])
    })
  })

  describe('a store', () => {
    test('answers a ping', async () => {
      await store().ping(5_000)
    })

    test('refuses every call after close with STORE_UNAVAILABLE; closing twice is closing once', async () => {
      const own = await open()
      const definition = rowsDefinition()
      await own.ensure([definition])
      const rows = own.collection(definition)
      await rows.insertMany([{ _id: 'a' }])
      await Promise.all([own.close(), own.close()])
      await own.close()
      await own[Symbol.asyncDispose]()
      const calls = [
        () => own.ping(1_000),
        () => own.ensure([definition]),
        () => rows.getMany(['a']),
        () => rows.insertMany([{ _id: 'b' }]),
        () => rows.replaceMany([{ _id: 'a', rev: 1 }]),
        () => rows.increment('a', { hits: 1 }),
        () => rows.find({ index: '_id', limit: 1 }),
        () => rows.count({ index: '_id' }),
        () => rows.groupCount({ index: 'byAt' }),
        () => rows.deleteMany(['a']),
      ]
      for (const call of calls) {
        await expect(call()).rejects.toMatchObject({ name: 'AppError', code: 'STORE_UNAVAILABLE' })
      }
    })

    test('settles what is under way when it is closed: done, or STORE_UNAVAILABLE', async () => {
      const own = await open()
      const definition = rowsDefinition()
      await own.ensure([definition])
      const rows = own.collection(definition)
      const writes = Array.from({ length: 30 }, (_, i) => rows.insertMany([{ _id: `a${i}` }]))
      const reads = Array.from({ length: 10 }, () => rows.find({ index: '_id', limit: 1_000 }))
      const settled = Promise.allSettled<unknown>([...writes, ...reads])
      await own.close()
      for (const outcome of await settled) {
        if (outcome.status === 'rejected') expect(outcome.reason).toMatchObject({ code: 'STORE_UNAVAILABLE' })
      }
    })
  })
}
