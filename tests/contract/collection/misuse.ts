import type { Collection, CollectionDefinition, Store } from '@pagesync/shared/store/collection.ts'
import { describe, expect, test } from 'vitest'
import { freshRows, type NewRow, type Row } from './rows.ts'

const keys = (count: number): string[] => Array.from({ length: count }, (_, i) => `k${i}`)

const MISTAKES: [string, (rows: Collection<Row>) => Promise<unknown>][] = [
  ['an undeclared index', (rows) => rows.find({ index: 'byData', limit: 1 })],
  ['an undeclared index to count by', (rows) => rows.count({ index: 'byData' })],
  [
    'an operator as a value to find',
    (rows) => rows.find({ index: 'byAt', equals: { at: { $ne: 1 } as never }, limit: 1 }),
  ],
  ['a limit above 1,000', (rows) => rows.find({ index: 'byAt', limit: 1_001 })],
  ['more than 5,000 keys to get', (rows) => rows.getMany(keys(5_001))],
  ['more than 5,000 keys to delete', (rows) => rows.deleteMany(keys(5_001))],
  ['more than 5,000 documents to insert', (rows) => rows.insertMany(keys(5_001).map((_id) => ({ _id })))],
  ['a key that stands twice', (rows) => rows.insertMany([{ _id: 'a' }, { _id: 'a' }])],
  ['a key twice to replace', (rows) => rows.replaceMany([1, 2].map((rev) => ({ _id: 'a', rev })))],
  ['a key that is no string', (rows) => rows.insertMany([{ _id: 7 as unknown as string }])],
  ['an empty key', (rows) => rows.insertMany([{ _id: '' }])],
  ['a key of 513 bytes', (rows) => rows.insertMany([{ _id: `${'ខ'.repeat(171)}` }])],
  ['an array in an indexed field', (rows) => rows.insertMany([{ _id: 'a', at: [1] } as unknown as NewRow])],
  ['an object in an indexed field', (rows) => rows.replaceMany([{ _id: 'a', rev: 1, at: {} } as unknown as Row])],
  ['a replacement without a rev', (rows) => rows.replaceMany([{ _id: 'a' } as Row])],
  ['an increment of rev', (rows) => rows.increment('a', { rev: 1 })],
  ['an increment of a path', (rows) => rows.increment('a', { 'data.x': 1 })],
  ['an increment by infinity', (rows) => rows.increment('a', { hits: Number.POSITIVE_INFINITY })],
]

export function describeMisuse(store: () => Store): void {
  describe('is a programming error, INTERNAL, and writes nothing:', () => {
    test.each(MISTAKES)('%s', async (_name, attempt) => {
      const rows = await freshRows(store())
      await expect(attempt(rows)).rejects.toMatchObject({ name: 'AppError', code: 'INTERNAL' })
      expect(await rows.count({ index: '_id' })).toBe(0)
    })

    test.each<[string, CollectionDefinition<Row>]>([
      ['a name that is not lower_snake_case', { name: 'Rows; drop', indexes: {} }],
      ['an index without fields', { name: 'rows', indexes: { byNothing: [] } }],
      ['an index over a path', { name: 'rows', indexes: { byPath: ["data.x'" as 'data'] } }],
      ['an index declared as _id', { name: 'rows', indexes: { _id: ['at'] } }],
    ])('a definition with %s', async (_name, definition) => {
      await expect(store().ensure([definition])).rejects.toMatchObject({ code: 'INTERNAL' })
      expect(() => store().collection(definition)).toThrow(expect.objectContaining({ code: 'INTERNAL' }))
    })
  })
}
