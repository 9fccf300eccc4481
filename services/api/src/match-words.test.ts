import { expect, test } from 'vitest'
import { createWordMatch } from './match-words.ts'

test.each([
  ['Do you ship ABROAD?', 'abroad ship', true],
  ['Étranger', 'etr', true],
  ['overseas', 'seas', false],
  ['price: ១០០', '100', true],
  ['តើតម្លៃប៉ុន្មាន?', 'តម្លៃ', true],
  ['តើតម្លៃប៉ុន្មាន?', 'តម្លៃ ថ្លៃ', false],
  ['iPhone价格', '价', true],
  ['配送費 5 USD', '送費 usd', true],
  ['anything', '?!', false],
])('%j by %j: %j', (text, query, expected) => {
  expect(createWordMatch(query)(text)).toBe(expected)
})
