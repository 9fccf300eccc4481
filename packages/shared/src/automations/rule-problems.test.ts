import { describe, expect, test } from 'vitest'
import type { AutomationType } from './automation.ts'
import { configProblems, partProblems, type RulePart } from './rule-problems.ts'

const AWAY = { message: 'We are away.', business_hours: { mon: [['09:00', '17:00']] } }
const ASK = { message: 'May we have your e-mail?' }
const KEYWORD = { keyword: 'price', match_type: 'contains', response_message: 'x' }
const REPLY = { trigger: 'new_message', message: 'hi' }
const FAQ = { question: 'q?', answer: 'a' }

test('what is well has no problems; a config may be missing where all its members are optional', () => {
  for (const type of ['custom_keyword', 'instant_reply', 'faq'] as const) expect(configProblems(type, null)).toEqual([])
  expect(configProblems('away_message', AWAY)).toEqual([])
  expect(configProblems('contact_info', ASK)).toEqual([])
  expect(partProblems('keyword', KEYWORD)).toEqual([])
  expect(partProblems('instant_reply', REPLY)).toEqual([])
  expect(partProblems('faq', FAQ)).toEqual([])
})

describe('the wrong member of a config is named', () => {
  test.each<[AutomationType, object | null, string]>([
    ['away_message', null, '/message'],
    ['away_message', { ...AWAY, timezone: 'Asia/Atlantis' }, '/timezone'],
    ['away_message', { ...AWAY, holidays: ['2026-12-25', '2026-02-30'] }, '/holidays/1'],
    ['away_message', { ...AWAY, business_hours: { mon: [['9:00', '17:00']] } }, '/business_hours/mon/0/0'],
    [
      'away_message',
      {
        ...AWAY,
        business_hours: {
          tue: [
            ['09:00', '17:00'],
            ['16:00', '18:00'],
          ],
        },
      },
      '/business_hours/tue/1',
    ],
    ['away_message', { ...AWAY, cooldown: 5 }, '/cooldown'],
    ['away_message', { ...AWAY, message: 'Dear {{customer}}' }, '/message'],
    ['away_message', { ...AWAY, message: '{{name}}' }, '/message'],
    ['faq', { threshold: 1.5 }, '/threshold'],
    ['contact_info', { ...ASK, thanks_message: '{{x}}' }, '/thanks_message'],
    ['contact_info', { ...ASK, default_country: 'Cambodia' }, '/default_country'],
    ['unanswered_alert', { hours: 0 }, '/hours'],
    ['comment_to_message', { message: 'x', keywords: ['price', ' \u200b'] }, '/keywords/1'],
  ])('%s %j: %s', (type, config, path) => {
    expect(configProblems(type, config).map((problem) => problem.path)).toContain(path)
  })
})

describe('the wrong member of a part is named', () => {
  test.each<[RulePart, object, string]>([
    ['keyword', { ...KEYWORD, keyword: '' }, '/keyword'],
    ['keyword', { ...KEYWORD, keyword: ' \u200b ' }, '/keyword'],
    ['keyword', { ...KEYWORD, match_type: 'regex', keyword: '(' }, '/keyword'],
    ['keyword', { ...KEYWORD, match_type: 'like' }, '/match_type'],
    ['keyword', { ...KEYWORD, response_message: 'x'.repeat(2_001) }, '/response_message'],
    ['instant_reply', { ...REPLY, trigger: 'specific_time' }, '/hours'],
    ['instant_reply', { ...REPLY, trigger: 'specific_time', hours: { mon: [] } }, '/hours'],
    ['instant_reply', { ...REPLY, delay_seconds: 86_401 }, '/delay_seconds'],
    ['instant_reply', { ...REPLY, timezone: 'Mars' }, '/timezone'],
    ['faq', { ...FAQ, answer: '{{order}}' }, '/answer'],
    ['faq', { question: 'q?' }, '/answer'],
  ])('%s %j: %s', (part, body, path) => {
    expect(partProblems(part, body).map((problem) => problem.path)).toContain(path)
  })
})
