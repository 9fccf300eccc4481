import { describe, expect, test } from 'vitest'
import type { CollectionDefinition, FindQuery, IndexSelection, StoreDocument } from './collection.ts'
import { planFind, planGroups, planSelection } from './index-plan.ts'

interface Row extends StoreDocument {
  readonly page_id: number
  readonly state: string | null
  readonly at_ms: number
}
const ROWS: CollectionDefinition<Row> = { name: 'rows', indexes: { byState: ['page_id', 'state', 'at_ms'] } }
const plan = (selection: IndexSelection) => planSelection(ROWS, selection)
const find = (query: FindQuery) => planFind(ROWS, query)

test('fixes the first fields and leaves the rest open, _id last', () => {
  expect(plan({ index: 'byState', equals: { state: null, page_id: 1 }, range: { gte: 5 } })).toEqual({
    fields: ['page_id', 'state', 'at_ms', '_id'],
    fixed: [
      ['page_id', 1],
      ['state', null],
    ],
    open: ['at_ms', '_id'],
    range: { gte: 5 },
  })
})

test('the index _id is there without being declared', () => {
  expect(plan({ index: '_id', range: { gt: 'a' } })).toMatchObject({ fields: ['_id'], fixed: [], open: ['_id'] })
})

test('takes the values of after in the order of the open fields, absent ones as null', () => {
  expect(find({ index: 'byState', equals: { page_id: 1 }, limit: 5, after: { _id: 'x', at_ms: 7 } })).toMatchObject({
    after: [null, 7, 'x'],
    descending: false,
  })
})

describe('is a programming error:', () => {
  const operator = { $ne: 1 } as unknown as number
  const mistakes: [string, () => unknown][] = [
    ['an undeclared index', () => plan({ index: 'byText' })],
    ['equals that skips a field', () => plan({ index: 'byState', equals: { state: 'new' } })],
    ['equals on a field outside the index', () => plan({ index: 'byState', equals: { page_id: 1, text: 'x' } })],
    ['equals on _id', () => plan({ index: '_id', equals: { _id: 'x' } })],
    ['an operator as a value', () => plan({ index: 'byState', equals: { page_id: operator } })],
    ['a range without a bound', () => plan({ index: 'byState', range: {} })],
    ['a range with bounds of two types', () => plan({ index: 'byState', range: { gt: 1, lt: 'x' } })],
    ['a range of numbers over _id', () => plan({ index: '_id', range: { gt: 1 } })],
    ['a range of null', () => plan({ index: 'byState', range: { gt: null as unknown as number } })],
    ['a limit of 0', () => find({ index: '_id', limit: 0 })],
    ['a limit above 1,000', () => find({ index: '_id', limit: 1_001 })],
    ['after without _id', () => find({ index: '_id', limit: 1, after: {} as { _id: string } })],
    ['an operator in after', () => find({ index: 'byState', limit: 1, after: { _id: 'x', page_id: operator } })],
    ['groups over no open field', () => planGroups(ROWS, { index: '_id' })],
  ]
  test.each(mistakes)('%s', (_name, attempt) => {
    expect(attempt).toThrowError(expect.objectContaining({ code: 'INTERNAL' }))
  })
})
