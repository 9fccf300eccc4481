import { expect, test } from 'vitest'
import { createMovableClock } from './movable-clock.ts'

test('a frozen clock stands until it is moved', () => {
  const clock = createMovableClock(1_000, true)
  expect(clock.now()).toBe(1_000)
  clock.advance(500)
  expect(clock.now()).toBe(1_500)
  clock.set(9_000)
  expect(clock.now()).toBe(9_000)
})

test('moving past several due times runs them in the order of time, then of asking', () => {
  const clock = createMovableClock(0, true)
  const ran: string[] = []
  clock.at(300, () => ran.push('c'))
  clock.at(100, () => ran.push('a'))
  clock.at(100, () => ran.push('b'))
  clock.at(1_000, () => ran.push('later'))
  clock.advance(500)
  expect(ran).toEqual(['a', 'b', 'c'])
})

test('what was cancelled does not run', () => {
  const clock = createMovableClock(0, true)
  const ran: string[] = []
  const cancel = clock.at(100, () => ran.push('a'))
  cancel()
  clock.advance(200)
  expect(ran).toEqual([])
})

test('a running clock runs what is due without being moved', async () => {
  const clock = createMovableClock()
  await clock.sleep(5)
  clock.stop()
})

test('an aborted sleep ends with the reason of the signal', async () => {
  const clock = createMovableClock(0, true)
  const abort = new AbortController()
  const sleeping = clock.sleep(1_000, abort.signal)
  abort.abort(new Error('enough'))
  await expect(sleeping).rejects.toThrow('enough')
})
