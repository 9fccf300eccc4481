import { expect, it } from 'vitest'
import { createNameMatch, nameWords } from './name-words.ts'

it.each([
  ['Sokha Chea', ['sokha', 'chea']],
  ['  José-María  Ñuñez ', ['jose', 'maria', 'nunez']],
  ['Jürgen Groß', ['jurgen', 'gross']],
  ['Łukasz Ørsted', ['lukasz', 'orsted']],
  ['NGUYỄN Thị Đào', ['nguyen', 'thi', 'dao']],
  ['O’Brien 3rd 🙂', ['o', 'brien', '3rd']],
  ['🙂', []],
])('%s is found by %j', (name, words) => {
  expect(nameWords(name)).toEqual(words)
})

it.each([
  ['sok', true],
  ['CHE', true],
  ['che sok', true],
  ['sokha chea', true],
  ['okha', false],
  ['sok dara', false],
  ['!', false],
])('the query %s finds Sokha Chea: %s', (query, found) => {
  expect(createNameMatch(query)('Sokha Chea')).toBe(found)
})

it('is the same however a name was typed: composed or not, in its own script too', () => {
  expect(createNameMatch('ជា')('សុខា ជា')).toBe(true)
  expect(createNameMatch('jose\u0301')('Jos\u00e9')).toBe(true)
  expect(createNameMatch('x')(null)).toBe(false)
})
