import { expect, it } from 'vitest'
import { simplifySchemas } from './simplify-schemas.ts'

it('writes a choice of constants as an enum, wherever it stands', () => {
  const choice = {
    anyOf: [
      { type: 'string', const: 'a' },
      { type: 'string', enum: ['b'] },
    ],
    description: 'one',
  }
  expect(simplifySchemas({ deep: [{ schema: choice }] })).toEqual({
    deep: [{ schema: { type: 'string', enum: ['a', 'b'], description: 'one' } }],
  })
})

it('leaves every other choice as it is', () => {
  const other = { anyOf: [{ type: 'string' }, { type: 'null' }] }
  expect(simplifySchemas(other)).toEqual(other)
})
