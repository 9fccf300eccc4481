import { describe, expect, test } from 'vitest'
import { fillTemplate, unknownPlaceholders } from './fill-template.ts'

const NAMES = { name: 'Sophea Chan', firstName: null, pageName: 'Angkor Coffee' }
const NAMELESS = { ...NAMES, name: null }

test('names are put in', () => {
  expect(fillTemplate('Hi {{ first_name }} ({{NAME}}), this is {{page_name}}.', NAMES)).toBe(
    'Hi Sophea (Sophea Chan), this is Angkor Coffee.',
  )
})

test.each([
  ['Hello {{name}}, thanks', 'Hello, thanks'],
  ['Hello, {{first_name}}!', 'Hello!'],
  ['你好，{{name}}！', '你好！'],
  ['مرحبا، {{name}}!', 'مرحبا!'],
  ['{{first_name}}, we are away', 'we are away'],
  ['Thank you {{name}}', 'Thank you'],
  ['សួស្តី {{name}}!', 'សួស្តី!'],
  ['Line\n{{name}}: line', 'Line\n: line'],
])('%j without a name is %j', (template, text) => {
  expect(fillTemplate(template, NAMELESS)).toBe(text)
})

describe('a name is only a name', () => {
  test('what it holds is not filled again', () => {
    expect(fillTemplate('Hi {{name}}!', { ...NAMES, name: '{{page_name}} $& $1' })).toBe('Hi {{page_name}} $& $1!')
  })
  test('it is one line of bounded length', () => {
    expect(fillTemplate('Hi {{name}}', { ...NAMES, name: 'a\n\n\u0000b' })).toBe('Hi a b')
    expect(fillTemplate('{{name}}.', { ...NAMES, name: 'x'.repeat(5_000) })).toHaveLength(101)
    expect(fillTemplate('Hi {{name}}', { ...NAMES, name: ' \n ' })).toBe('Hi')
  })
})

test('at most 2,000 characters, cut between characters', () => {
  const text = fillTemplate(`{{name}} ${'👨‍👩‍👧'.repeat(300)}`, NAMES)
  expect(text.length).toBeLessThanOrEqual(2_000)
  expect(text).toMatch(/^Sophea Chan (?:👨‍👩‍👧)+$/u)
})

test('placeholders that mean nothing are told', () => {
  expect(unknownPlaceholders('{{name}} {{order_id}} {{ }}')).toEqual(['order_id'])
})
