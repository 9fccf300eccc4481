import { createTestClock } from '@pagesync/shared/lifecycle/test-clock.ts'
import { expect, it } from 'vitest'
import { createSharedReads } from './share-reads.ts'

it('is read once for all who ask meanwhile, and again once it cost little enough', async () => {
  const clock = createTestClock(0)
  const shared = createSharedReads<number>(clock)
  let reads = 0
  const read = async () => {
    const mine = ++reads
    await clock.advance(100)
    return mine
  }
  expect(await Promise.all([shared('a', read), shared('a', read), shared('b', read)])).toEqual([1, 1, 2])
  await clock.advance(1_500)
  expect(await shared('a', read)).toBe(1)
  await clock.advance(3_000)
  expect(await shared('a', read)).toBe(3)
})

it('keeps no failure', async () => {
  const shared = createSharedReads<number>(createTestClock(0))
  await expect(shared('a', () => Promise.reject(new Error('down')))).rejects.toThrow('down')
  expect(await shared('a', async () => 1)).toBe(1)
})
