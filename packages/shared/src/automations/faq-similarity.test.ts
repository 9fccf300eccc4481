import { describe, expect, test } from 'vitest'
import { createFaqSimilarity } from './faq-similarity.ts'
import { foldText } from './fold-text.ts'

const QUESTIONS = [
  'What are your opening hours?',
  'Do you ship to Cambodia?',
  'What is the price of the small size?',
  'How can I return an item?',
  'តើហាងបើកម៉ោងប៉ុន្មាន?',
  'ค่าส่งเท่าไหร่',
  '营业时间是几点？',
  'Bạn có giao hàng miễn phí không?',
  'What is your address?',
]
const likeness = createFaqSimilarity(QUESTIONS.map(foldText))
const best = (text: string, atLeast = 0.5) => likeness.best(foldText(text), atLeast, () => true)

describe('a question asked in other words is found', () => {
  test.each([
    ['opening hours?', 0],
    ['hi, could you tell me what are your opening hours today please', 0],
    ['ship cambodia', 1],
    ['how much is the small size', 2],
    ['I want to return my item', 3],
    ['ហាងបើកម៉ោងប៉ុន្មានបង', 4],
    ['ขอถามค่าส่งเท่าไหร่คะ', 5],
    ['请问营业时间是几点', 6],
    ['giao hang mien phi', 7],
    ['ADDRESS', 8],
    ['👋address👋', 8],
  ])('%j', (text, faq) => {
    expect(best(text)?.faq).toBe(faq)
  })

  test.each(['hello', 'what is your name', 'where are you', 'thank you so much', '', '???'])('not in %j', (text) => {
    expect(best(text)).toBeNull()
  })
})

describe('what the number means', () => {
  test('1: every word of the question, whatever else is said', () => {
    expect(best('Good day! Do you ship to Cambodia? I live there')?.similarity).toBe(1)
    expect(best('do you ship to cambodia', 1)?.faq).toBe(1)
  })
  test('0: nothing in common; all that share something are told', () => {
    const told = new Map<number, number>()
    likeness.each(foldText('small opening'), (faq, similarity) => void told.set(faq, similarity))
    expect([...told.keys()].sort()).toEqual([0, 2])
    for (const similarity of told.values()) expect(similarity).toBeGreaterThan(0)
  })
  test('equally alike: the first; one that is not wanted is passed over', () => {
    const twins = createFaqSimilarity(['opening hours', 'opening hours', 'opening hours'])
    expect(twins.best('opening hours', 0.5, () => true)).toEqual({ faq: 0, similarity: 1 })
    expect(twins.best('opening hours', 0.5, (faq) => faq !== 0)).toEqual({ faq: 1, similarity: 1 })
  })
})

test('a question of words that carry little can still be asked', () => {
  const small = createFaqSimilarity(['how are you', 'do you ship abroad', 'do you ship to france'])
  expect(small.best('how are you', 0.5, () => true)?.faq).toBe(0)
})
