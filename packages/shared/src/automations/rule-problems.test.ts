import { expect, test } from 'vitest'
import { RULES_PER_PAGE } from './limits.ts'
import { configProblems, partProblems } from './rule-problems.ts'

test('a config that is missing is well where all its members are optional', () => {
  expect(configProblems('custom_keyword', null)).toEqual([])
  expect(configProblems('away_message', null).map(({ path }) => path)).toContain('/message')
})

test('the wrong member is named', () => {
  const keyword = { keyword: '', match_type: 'contains', response_message: 'x' }
  expect(partProblems('keyword', keyword).map(({ path }) => path)).toContain('/keyword')
})

test('a page has bounds', () => {
  expect(RULES_PER_PAGE.faqs).toBeGreaterThanOrEqual(10_000)
})
