import { Type } from '@sinclair/typebox'
import { expect, it } from 'vitest'
import { createSerializerCompiler } from './compile-serializer.ts'

const SHARED = {
  Page: Type.Object({ id: Type.Integer(), owner: Type.Unsafe({ $ref: 'Person#' }) }, { $id: 'Page' }),
  Person: Type.Object({ name: Type.String() }, { $id: 'Person' }),
  Other: Type.Object({}, { $id: 'Other' }),
}
const compile = createSerializerCompiler(() => SHARED)

it('writes what the schema names, through schemas that name others, and nothing else', () => {
  const schema = { type: 'object', properties: { page: { $ref: 'Page#' } } }
  const serialize = compile({ schema, httpStatus: '200' })
  expect(JSON.parse(serialize({ page: { id: 1, owner: { name: 'Sokha', secret: 1 }, secret: 1 }, secret: 1 }))).toEqual(
    {
      page: { id: 1, owner: { name: 'Sokha' } },
    },
  )
})

it('writes errors as they stand', () => {
  const serialize = compile({ schema: { type: 'object', properties: {} }, httpStatus: '404' })
  expect(serialize({ code: 'PAGE_NOT_FOUND' })).toBe('{"code":"PAGE_NOT_FOUND"}')
})
