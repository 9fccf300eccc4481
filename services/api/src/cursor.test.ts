import { Type } from '@sinclair/typebox'
import { expect, it } from 'vitest'
import { createCursorCodec } from './cursor.ts'

const cursors = createCursorCodec(Type.Object({ _id: Type.String(), id: Type.Integer() }))
const asCursor = (content: unknown): string => Buffer.from(JSON.stringify(content)).toString('base64url')

it('brings a position back as it was', () => {
  const position = { _id: '1:ភាសាខ្មែរ', id: 7 }
  expect(cursors.decode('pages/id', cursors.encode('pages/id', position))).toEqual(position)
})

it.each([
  ['no base64url', 'not a cursor!'],
  ['no JSON', Buffer.from('{').toString('base64url')],
  ['another shape', asCursor({ list: 'pages/id', at: { _id: 'x' } })],
  ['an operator instead of a value', asCursor({ list: 'pages/id', at: { _id: { $gt: '' }, id: 1 } })],
  ['members that it does not know', asCursor({ list: 'pages/id', at: { _id: 'x', id: 1 }, more: true })],
  ['null', asCursor(null)],
  ['far too much', 'A'.repeat(10_000)],
])('refuses %s and names the parameter', (_what, cursor) => {
  expect(() => cursors.decode('pages/id', cursor)).toThrow(
    expect.objectContaining({
      code: 'VALIDATION_FAILED',
      problems: [expect.objectContaining({ path: '/query/cursor' })],
    }),
  )
})

it('refuses the cursor of another list, and of the same list in another order', () => {
  const cursor = cursors.encode('pages/id', { _id: 'x', id: 1 })
  expect(() => cursors.decode('contacts/id', cursor)).toThrow('not a cursor of this list')
  expect(() => cursors.decode('pages/newest', cursor)).toThrow('not a cursor of this list')
})
