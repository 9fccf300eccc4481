import { Type } from '@sinclair/typebox'
import { describe, expect, it } from 'vitest'
import { compileValidator } from './compile-validator.ts'

const Query = Type.Object(
  {
    limit: Type.Optional(Type.Integer({ minimum: 1, maximum: 200 })),
    is_answered: Type.Optional(Type.Boolean()),
    status: Type.Optional(Type.Union([Type.Literal('open'), Type.Literal('closed')])),
    q: Type.Optional(Type.String({ minLength: 1, maxLength: 5 })),
  },
  { additionalProperties: false },
)

describe('query and path', () => {
  const validate = compileValidator({ schema: Query, httpPart: 'querystring' })

  it('converts whole numbers and true/false, and leaves text that looks like a number alone', () => {
    expect(validate({ limit: '50', is_answered: 'false', q: '12' })).toEqual({
      value: { limit: 50, is_answered: false, q: '12' },
    })
  })

  it.each(['1.9', '1e1', '0x10', ' 1', '', '+1', '01', 'true', '99999999999999999999'])(
    'refuses %j as a whole number',
    (limit) => {
      expect(validate({ limit })).toMatchObject({ error: [{ instancePath: '/limit' }] })
    },
  )

  it.each(['1', '0', 'TRUE', 'yes', ''])('refuses %j as true or false', (is_answered) => {
    expect(validate({ is_answered })).toEqual({
      error: [{ instancePath: '/is_answered', message: 'must be true or false' }],
    })
  })

  it('tells one problem for each place, in words', () => {
    expect(validate({ limit: '0', status: 'opne', q: '', sort: 'x' })).toEqual({
      error: [
        { instancePath: '/sort', message: 'is not known here' },
        { instancePath: '/limit', message: 'must be at least 1' },
        { instancePath: '/status', message: 'must be one of open, closed' },
        { instancePath: '/q', message: 'must not be empty' },
      ],
    })
  })

  it('refuses a parameter that is given twice', () => {
    expect(validate({ limit: ['1', '2'] })).toEqual({
      error: [{ instancePath: '/limit', message: 'must be a whole number' }],
    })
  })
})

describe('body', () => {
  it('is never converted', () => {
    const validate = compileValidator({ schema: Query, httpPart: 'body' })
    expect(validate({ limit: '50' })).toMatchObject({ error: [{ instancePath: '/limit' }] })
    expect(validate({ limit: 50 })).toEqual({ value: { limit: 50 } })
  })

  it('says of one of several kinds what is wrong with it', () => {
    const validate = compileValidator({
      schema: Type.Object({ until: Type.Union([Type.Literal('ever'), Type.Integer({ minimum: 1 }), Type.Null()]) }),
    })
    for (const [until, message] of [
      [-5, 'must be at least 1'],
      ['soon', 'must be one of ever, a whole number, null'],
      [1.5, 'must be one of ever, a whole number, null'],
    ])
      expect(validate({ until })).toEqual({ error: [{ instancePath: '/until', message }] })
  })

  it('tells at most twenty problems', () => {
    const validate = compileValidator({ schema: Query, httpPart: 'body' })
    const many = Object.fromEntries(Array.from({ length: 100 }, (_, i) => [`x${i}`, 1]))
    expect((validate(many) as { error: unknown[] }).error).toHaveLength(20)
  })

  it('names what is missing and what is of another kind', () => {
    const validate = compileValidator({
      schema: Type.Object({ name: Type.String(), tags: Type.Array(Type.String(), { uniqueItems: true }) }),
      httpPart: 'body',
    })
    expect(validate({ tags: ['a', 'a'] })).toEqual({
      error: [
        { instancePath: '/name', message: 'is required' },
        { instancePath: '/tags', message: 'must not name anything twice' },
      ],
    })
    expect(validate(null)).toEqual({ error: [{ instancePath: '', message: 'must be an object' }] })
  })
})
