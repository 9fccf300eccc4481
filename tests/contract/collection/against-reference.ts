import type { Collection, FindQuery, Range, Scalar, Store } from '@pagesync/shared/store/collection.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { byId, freshRows, type Row } from './rows.ts'

const INDEXES = { byPage: ['page', 'at'], byAt: ['at'], byFlag: ['flag', 'at', 'page'], _id: [] } as const
type IndexName = keyof typeof INDEXES
type Field = 'page' | 'at' | 'flag' | '_id'

const IDS = ['a', 'A', 'aa', 'b', 'é', '中', '👋', 'ខ']
const VALUES = { page: [null, '', 'p', 'P', 'é', '👋'], at: [null, -1, 0, 1, 1.5, 2 ** 40], flag: [null, true, false] }

// --- The reference: null < numbers < strings < booleans, strings by their bytes -------------------------------------

const rank = (value: Scalar): number =>
  value === null ? 0 : { number: 1, string: 2, boolean: 3 }[typeof value as 'number']
const compare = (a: Scalar, b: Scalar): number =>
  rank(a) - rank(b) ||
  (typeof a === 'string' ? Buffer.compare(Buffer.from(a), Buffer.from(b as string)) : Number(a) - Number(b))
const valueIn = (row: Partial<Row>, field: Field): Scalar => row[field] ?? null

interface Selection {
  readonly index: IndexName
  readonly fixed: number
  readonly from: Row
  readonly range: Range | undefined
}
const openFields = ({ index, fixed }: Selection): Field[] => [...INDEXES[index].slice(fixed), '_id']
const inRange = (value: Scalar, range: Range): boolean =>
  Object.entries(range).every(([bound, limit]) => {
    const order = compare(value, limit as Scalar)
    const holds = { gt: order > 0, gte: order >= 0, lt: order < 0, lte: order <= 0 }[bound as keyof Range]
    return rank(value) === rank(limit as Scalar) && holds
  })
const isSelected = (row: Row, selection: Selection): boolean =>
  INDEXES[selection.index]
    .slice(0, selection.fixed)
    .every((field) => valueIn(row, field) === valueIn(selection.from, field)) &&
  (!selection.range || inRange(valueIn(row, openFields(selection)[0] as Field), selection.range))
const place = (a: Partial<Row>, b: Partial<Row>, fields: readonly Field[]): number =>
  fields.map((field) => compare(valueIn(a, field), valueIn(b, field))).find((order) => order !== 0) ?? 0

// --- Random operations ----------------------------------------------------------------------------------------------

const optional = <T>(values: readonly T[]) => fc.option(fc.constantFrom(...values), { nil: undefined })
const anyRow = fc.record({
  _id: fc.constantFrom(...IDS),
  page: optional(VALUES.page as (string | null)[]),
  at: optional(VALUES.at as (number | null)[]),
  flag: optional(VALUES.flag as (boolean | null)[]),
  rev: fc.integer({ min: 1, max: 3 }),
})
const rowsOf = fc.uniqueArray(anyRow, { selector: (row) => row._id, minLength: 1, maxLength: 6 })
const anySelection: fc.Arbitrary<Selection> = fc
  .constantFrom(...(Object.keys(INDEXES) as IndexName[]))
  .chain((index) => fc.tuple(fc.constant(index), fc.integer({ min: 0, max: INDEXES[index].length })))
  .chain(([index, fixed]) => {
    const field = INDEXES[index][fixed] ?? '_id'
    const bounds = field === '_id' ? IDS : (VALUES[field].filter((value) => value !== null) as (string | number)[])
    const bound = optional(bounds)
    const range = fc
      .record({ gt: bound, gte: bound, lt: bound, lte: bound })
      .map((all) => Object.fromEntries(Object.entries(all).filter(([, value]) => value !== undefined)) as Range)
      .map((some) => (Object.keys(some).length > 0 && field !== 'flag' ? some : undefined))
    return fc.record({ index: fc.constant(index), fixed: fc.constant(fixed), from: anyRow, range })
  })
const operation = fc.oneof(
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('insert' as const), rows: rowsOf }) },
  { weight: 3, arbitrary: fc.record({ kind: fc.constant('replace' as const), rows: rowsOf }) },
  {
    weight: 1,
    arbitrary: fc.record({ kind: fc.constant('increment' as const), row: anyRow, by: fc.integer({ min: -3, max: 3 }) }),
  },
  { weight: 1, arbitrary: fc.record({ kind: fc.constant('delete' as const), rows: rowsOf }) },
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('find' as const),
      selection: anySelection,
      order: fc.constantFrom('asc' as const, 'desc' as const),
      limit: fc.integer({ min: 1, max: 5 }),
      after: fc.option(anyRow, { nil: undefined }),
    }),
  },
)
type Operation = typeof operation extends fc.Arbitrary<infer T> ? T : never

const defined = (row: Row): Row =>
  Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined)) as unknown as Row

function toQuery(selection: Selection): Omit<FindQuery, 'limit'> {
  const fixed = INDEXES[selection.index].slice(0, selection.fixed)
  const equals = Object.fromEntries(fixed.map((field) => [field, valueIn(selection.from, field)]))
  return { index: selection.index, equals, ...(selection.range ? { range: selection.range } : {}) }
}

async function applyToBoth(rows: Collection<Row>, reference: Map<string, Row>, op: Operation): Promise<void> {
  if (op.kind === 'insert') {
    const existing = op.rows.filter((row) => reference.has(row._id)).map((row) => row._id)
    for (const row of op.rows) if (!reference.has(row._id)) reference.set(row._id, defined({ ...row, rev: 1 }))
    expect(new Set((await rows.insertMany(op.rows)).existing)).toEqual(new Set(existing))
  } else if (op.kind === 'replace') {
    const lost = op.rows.filter((row) => reference.get(row._id)?.rev !== row.rev).map((row) => row._id)
    for (const row of op.rows)
      if (!lost.includes(row._id)) reference.set(row._id, defined({ ...row, rev: row.rev + 1 }))
    expect(new Set((await rows.replaceMany(op.rows)).lost)).toEqual(new Set(lost))
  } else if (op.kind === 'increment') {
    const before = reference.get(op.row._id) ?? { _id: op.row._id, rev: 0 }
    const after = { ...before, rev: before.rev + 1, hits: (before.hits ?? 0) + op.by }
    reference.set(op.row._id, after)
    expect(await rows.increment(op.row._id, { hits: op.by })).toEqual(after)
  } else if (op.kind === 'delete') {
    const count = op.rows.filter((row) => reference.delete(row._id)).length
    expect(await rows.deleteMany(op.rows.map((row) => row._id))).toBe(count)
  } else {
    const { selection, order, limit, after } = op
    const fields = openFields(selection)
    const sign = order === 'asc' ? 1 : -1
    const selected = [...reference.values()].filter((row) => isSelected(row, selection))
    const expected = selected
      .filter((row) => !after || sign * place(row, after, fields) > 0)
      .toSorted((a, b) => sign * place(a, b, fields))
    const from = after && {
      page: valueIn(after, 'page'),
      at: valueIn(after, 'at'),
      flag: valueIn(after, 'flag'),
      _id: after._id,
    }
    const query = toQuery(selection)
    expect(await rows.find({ ...query, order, limit, ...(from ? { after: from } : {}) })).toEqual(
      expected.slice(0, limit),
    )
    expect(await rows.count(query)).toBe(selected.length)
  }
}

export function describeAgainstReference(store: () => Store, runs: number): void {
  test('does what a map in memory would do, whatever the sequence of calls', { timeout: 180_000 }, async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(operation, { minLength: 10, maxLength: 40 }), async (operations) => {
        const rows = await freshRows(store())
        const reference = new Map<string, Row>()
        for (const op of operations) await applyToBoth(rows, reference, op)
        expect(byId(await rows.getMany(IDS))).toEqual(byId([...reference.values()]))
      }),
      { numRuns: runs },
    )
  })
}
