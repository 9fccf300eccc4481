import { createTestClock } from '@pagesync/shared/lifecycle/test-clock.ts'
import { expect, it } from 'vitest'
import { createMemoryLimit } from './memory-limit.ts'

it('lets so many through in a window, by key, and says how long it lasts', async () => {
  const clock = createTestClock()
  const limit = createMemoryLimit({ max: 2, windowMs: 60_000, clock })
  expect([limit.take('a'), limit.look('a'), limit.take('a')]).toEqual([null, null, null])
  await clock.advance(10_000)
  expect([limit.look('a'), limit.take('a'), limit.take('b')]).toEqual([50_000, 50_000, null])
  await clock.advance(50_000)
  expect([limit.look('a'), limit.take('a')]).toEqual([null, null])
})

it('keeps no more keys than it may', () => {
  const limit = createMemoryLimit({ max: 1, windowMs: 60_000, clock: createTestClock(), keysMax: 3 })
  for (const key of ['a', 'b', 'c', 'd']) limit.take(key)
  expect(['a', 'b', 'c', 'd'].map((key) => limit.look(key) === null)).toEqual([true, false, false, false])
})

it('is none at all with 0', () => {
  const limit = createMemoryLimit({ max: 0, windowMs: 60_000, clock: createTestClock() })
  expect([limit.take('a'), limit.take('a'), limit.look('a')]).toEqual([null, null, null])
})
