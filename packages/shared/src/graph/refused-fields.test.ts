import { expect, test } from 'vitest'
import { createTestClock } from '../lifecycle/test-clock.ts'
import { createRefusedFields } from './refused-fields.ts'

const HOUR_MS = 3_600_000

test('fields are remembered per page and edge, and forgotten after six hours', async () => {
  const clock = createTestClock()
  const memory = createRefusedFields({ clock })
  memory.add('1', 'page', ['fan_count'])
  memory.add('1', 'page', ['phone'])
  expect([...memory.of('1', 'page')]).toEqual(['fan_count', 'phone'])
  expect([...memory.of('1', 'conversation'), ...memory.of('2', 'page')]).toEqual([])
  await clock.advance(6 * HOUR_MS - 1)
  expect(memory.of('1', 'page').size).toBe(2)
  await clock.advance(1)
  expect(memory.of('1', 'page').size).toBe(0)
})

test('of too many pages the oldest is forgotten', () => {
  const memory = createRefusedFields({ clock: createTestClock(), entriesMax: 2 })
  for (const page of ['1', '2', '3']) memory.add(page, 'page', ['about'])
  expect(['1', '2', '3'].map((page) => memory.of(page, 'page').size)).toEqual([0, 1, 1])
})

test('a refusal that is not for the fields is not looked into for ten minutes', async () => {
  const clock = createTestClock()
  const memory = createRefusedFields({ clock })
  memory.acquit('1', 'conversation', '200/')
  expect(memory.isAcquitted('1', 'conversation', '200/')).toBe(true)
  expect(memory.isAcquitted('1', 'conversation', '100/')).toBe(false)
  await clock.advance(10 * 60_000)
  expect(memory.isAcquitted('1', 'conversation', '200/')).toBe(false)
})
