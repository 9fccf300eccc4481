import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromStored, toStored } from './stored-form.ts'

test('keeps an ordinary document as it is, with its rev and the mark of the call', () => {
  const document = { _id: 'a', rev: 4, text: 'hi', tags: ['x'], nested: { 'a.b': 1, price_$: 2 } }
  expect(toStored(document, 5, 'm')).toEqual({ ...document, rev: 5, _write: 'm' })
})

test('lets no name through that MongoDB or its driver would take for its own', () => {
  const names = ['$ne', '$ref', '_bsontype', '_write', 'nul\0', '$']
  const members = Object.fromEntries(names.map((name) => [name, 1]))
  const stored = toStored({ _id: 'a', ...members, list: [members] }, 1, 'm')
  const { _id, rev, _write, list, ...rest } = stored
  for (const object of [rest, (list as object[])[0] as object]) {
    expect(Object.keys(object)).toHaveLength(names.length)
    for (const name of Object.keys(object)) expect(name).not.toMatch(/^\$|^_bsontype$|^_write$|\0/)
  }
})

test('gives back any JSON document, whatever its names', () => {
  const name = fc.oneof(
    fc.string(),
    fc.constantFrom('$ne', '$ref', '＄', '＄$', '_bsontype', '_write', '__proto__', '\0', '%00', '$%25', ''),
  )
  const value = fc.letrec((tie) => ({
    any: fc.oneof(
      { depthSize: 'small' },
      fc.constantFrom(null, true, 'text', 0),
      fc.array(tie('any')),
      fc.dictionary(name, tie('any')),
    ),
  })).any
  fc.assert(
    fc.property(fc.dictionary(name, value), (fields) => {
      const document = { ...fields, _id: 'a', rev: 1 }
      expect(fromStored(toStored(document, 1, 'm'))).toEqual(document)
    }),
  )
})
