import { expect, it } from 'vitest'
import { canonicalJson } from './canonical-json.ts'

it('is the same whatever the order of members, at every depth', () => {
  expect(canonicalJson({ b: 1, a: { d: [1, { y: 1, x: 2 }], c: null } })).toBe(
    canonicalJson({ a: { c: null, d: [1, { x: 2, y: 1 }] }, b: 1 }),
  )
})

it('differs for every other content, also for another order of a list', () => {
  const texts = [{}, { a: 1 }, { a: '1' }, { a: null }, { a: [1, 2] }, { a: [2, 1] }, [], [{}]].map(canonicalJson)
  expect(new Set(texts).size).toBe(texts.length)
})
