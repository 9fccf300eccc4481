import { expect, test } from 'vitest'
import { parseFields } from './field-selection.ts'
import { GraphError } from './graph-error.ts'

const field = (name: string, rest: object = {}) => ({ name, parameters: {}, ...rest })

test('a list of fields with nesting, limits and aliases is understood', () => {
  expect(parseFields('id, name,messages.limit(25).after(abc).as(newest){id,from{name}},participants{id}')).toEqual([
    field('id'),
    field('name'),
    {
      name: 'messages',
      alias: 'newest',
      parameters: { limit: '25', after: 'abc' },
      fields: [field('id'), field('from', { fields: [field('name')] })],
    },
    field('participants', { fields: [field('id')] }),
  ])
})

test('.fields(…) is the older form of braces', () => {
  expect(parseFields('messages.fields(id,message).limit(2)')).toEqual([
    { name: 'messages', parameters: { limit: '2' }, fields: [field('id'), field('message')] },
  ])
})

test('a comma at the end and no field at all are taken, as Facebook takes them', () => {
  expect(parseFields('id,')).toEqual([field('id')])
  expect(parseFields('')).toEqual([])
  expect(parseFields('messages{}')).toEqual([field('messages', { fields: [] })])
})

test.each(['messages{id', 'messages.limit(25', 'id}', 'id,,name', '{id}', 'a.b'])(
  '%s is a syntax error, code 2500',
  (text) => {
    expect(() => parseFields(text)).toThrow(GraphError)
    try {
      parseFields(text)
    } catch (error) {
      expect((error as GraphError).code).toBe(2500)
    }
  },
)

test('nesting without end is refused', () => {
  expect(() => parseFields(`${'a{'.repeat(20)}b${'}'.repeat(20)}`)).toThrow('nested too deeply')
})
