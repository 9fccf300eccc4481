import { expect, test } from 'vitest'
import { createTestClock } from './test-clock.ts'

test('sleepers wake in the order in which they are due, each at its own time', async () => {
  const clock = createTestClock(1_000)
  const woken: string[] = []
  const sleep = (name: string, ms: number) => clock.sleep(ms).then(() => woken.push(`${name}@${clock.now()}`))
  void sleep('late', 300)
  void sleep('soon', 100)
  void sleep('equal', 300)
  await clock.advance(299)
  expect(woken).toEqual(['soon@1100'])
  await clock.advance(1)
  expect(woken).toEqual(['soon@1100', 'late@1300', 'equal@1300'])
  expect(clock.now()).toBe(1_300)
})

test('what sleeps again within the time that passes wakes within it', async () => {
  const clock = createTestClock(0)
  const ticks: number[] = []
  void (async () => {
    for (;;) {
      await clock.sleep(400)
      ticks.push(clock.now())
    }
  })()
  await clock.advance(1_000)
  expect(ticks).toEqual([400, 800])
  expect(clock.sleepers()).toEqual([1_200])
})

test('an aborted sleeper rejects with the reason and sleeps no more', async () => {
  const clock = createTestClock()
  const stop = new AbortController()
  const slept = clock.sleep(1_000, stop.signal)
  stop.abort(new Error('enough'))
  await expect(slept).rejects.toThrow('enough')
  await expect(clock.sleep(1, stop.signal)).rejects.toThrow('enough')
  expect(clock.sleepers()).toEqual([])
})
