import type { Store } from '@pagesync/shared/store/collection.ts'
import { describe, expect, test } from 'vitest'
import { freshRows, idsOf, type NewRow } from './rows.ts'

const OPERATOR_NAMES = {
  $ne: 1,
  $set: { $gt: [{ $where: 'x' }] },
  $ref: 'other',
  $id: 'y',
  '＄ne': 2,
  _bsontype: 'Long',
  _write: 'mine',
  'dotted.name': { 'a.b': 1 },
  '': 'empty',
  'nul\0inside': 1,
  constructor: 'x',
}

function nested(depth: number): unknown {
  return depth === 0 ? 'core' : { level: [nested(depth - 1)] }
}

export function describeDocuments(store: () => Store): void {
  /** Through both ways of writing. */
  const roundTrip = async (fields: object): Promise<unknown[]> => {
    const rows = await freshRows(store())
    const row = { ...fields, _id: 'a' } as NewRow
    await rows.insertMany([row])
    const inserted = await rows.getMany(['a'])
    expect(await rows.replaceMany([{ ...row, rev: 1 }])).toEqual({ lost: [] })
    const replaced = await rows.getMany(['a'])
    expect(replaced).toEqual([{ ...row, rev: 2 }])
    return inserted
  }

  describe('a document', () => {
    test('comes back as it was, whatever JSON it holds', async () => {
      const data = [null, true, false, '', 'text', { list: [[], {}, [null]], empty: {} }, -1, 0.1, 1e300, 5e-324]
      expect(await roundTrip({ data })).toEqual([{ _id: 'a', rev: 1, data }])
    })

    test('keeps whole numbers beyond 2^31', async () => {
      const data = [2 ** 31, -(2 ** 31) - 1, 2 ** 32, 2 ** 53 - 1, -(2 ** 53) + 1, 1_732_000_000_000]
      expect(await roundTrip({ data, at: 2 ** 41 })).toEqual([{ _id: 'a', rev: 1, data, at: 2 ** 41 }])
    })

    test('keeps what looks like an operator or a class of the driver as data', async () => {
      const fields = { data: OPERATOR_NAMES, ...OPERATOR_NAMES }
      expect(await roundTrip(fields)).toEqual([{ ...fields, _id: 'a', rev: 1 }])
    })

    test('keeps a field named __proto__ as a field', async () => {
      const data = JSON.parse('{"__proto__":{"admin":true},"x":1}')
      const [row] = await roundTrip({ data })
      expect(JSON.stringify((row as { data: unknown }).data)).toBe(JSON.stringify(data))
    })

    test('drops members that are undefined, as JSON does', async () => {
      const rows = await freshRows(store())
      await rows.insertMany([{ _id: 'a', at: undefined, data: { x: undefined, y: 1 } }])
      const [row] = await rows.getMany(['a'])
      expect(JSON.stringify(row?.data)).toBe('{"y":1}')
      expect(Object.keys(row ?? {})).not.toContain('at')
    })

    test('may hold a megabyte of text, and several of them come in one answer', async () => {
      const rows = await freshRows(store())
      const text = 'សួស្តី👋 '.repeat(110_000)
      const large = Array.from({ length: 20 }, (_, i) => ({
        _id: `big${String(i).padStart(2, '0')}`,
        data: text,
        at: i,
      }))
      await rows.insertMany(large)
      const found = await rows.find({ index: 'byAt', limit: 100 })
      expect(idsOf(found)).toEqual(idsOf(large))
      expect(found.every((row) => row.data === text)).toBe(true)
      const { lost } = await rows.replaceMany(found.map((row) => ({ ...row, page: 'p' })))
      expect(lost).toEqual([])
    })

    test('above 15,000,000 bytes is PAYLOAD_TOO_LARGE', async () => {
      const rows = await freshRows(store())
      const row = { _id: 'a', data: 'x'.repeat(15_000_001) }
      await expect(rows.insertMany([row])).rejects.toMatchObject({ code: 'PAYLOAD_TOO_LARGE' })
      expect(await rows.getMany(['a'])).toEqual([])
    })

    test('may be 80 levels deep', async () => {
      expect(await roundTrip({ data: nested(40) })).toMatchObject([{ data: nested(40) }])
    })

    test('has text and keys in any script, and they sort by their UTF-8 bytes', async () => {
      const rows = await freshRows(store())
      const words = ['Z', 'a', 'z', 'é', 'ß', 'ខ្មែរ', '中文', '\uE000', '👋', '👩‍👩‍👧', 'a\u0301', '\u{10FFFF}']
      const sorted = words.toSorted((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)))
      await rows.insertMany(words.map((word) => ({ _id: word, page: word, data: word })))
      const byKey = await rows.find({ index: '_id', limit: 100 })
      expect(idsOf(byKey)).toEqual(sorted)
      expect(byKey.map((row) => row.data)).toEqual(sorted)
      expect(idsOf(await rows.find({ index: 'byPage', order: 'desc', limit: 100 }))).toEqual(sorted.toReversed())
      expect(idsOf(await rows.find({ index: 'byPage', equals: { page: '👋' }, limit: 100 }))).toEqual(['👋'])
    })

    test('may have a key of 512 bytes', async () => {
      const rows = await freshRows(store())
      const key = `${'ខ'.repeat(170)}xx`
      expect(Buffer.byteLength(key)).toBe(512)
      await rows.insertMany([{ _id: key }])
      expect(idsOf(await rows.getMany([key]))).toEqual([key])
    })
  })
}
