import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Clock } from './clock.ts'

/** A clock that stands still until a test moves it. */
export interface TestClock extends Clock {
  /**
   * Moves time on, from sleeper to sleeper in the order in which they are due: each wakes at its own time, and what it
   * does then (sleeping again, too) is done before the next one wakes.
   */
  advance(ms: number): Promise<void>
  /** When each sleeper is due, soonest first. */
  sleepers(): readonly number[]
}

interface Sleeper {
  readonly dueMs: number
  readonly wake: () => void
}

export function createTestClock(startMs = Date.UTC(2026, 0, 1)): TestClock {
  let nowMs = startMs
  const sleeping: Sleeper[] = []

  const add = (sleeper: Sleeper): void => {
    const later = sleeping.findIndex(({ dueMs }) => dueMs > sleeper.dueMs)
    sleeping.splice(later === -1 ? sleeping.length : later, 0, sleeper)
  }
  const remove = (sleeper: Sleeper): void => {
    const index = sleeping.indexOf(sleeper)
    if (index >= 0) sleeping.splice(index, 1)
  }

  return {
    now: () => nowMs,
    sleep(ms, signal) {
      if (signal?.aborted) return Promise.reject(signal.reason)
      const { promise, resolve, reject } = Promise.withResolvers<void>()
      const onAbort = (): void => {
        remove(sleeper)
        reject(signal?.reason)
      }
      const sleeper: Sleeper = {
        dueMs: nowMs + Math.max(0, ms),
        wake: () => {
          signal?.removeEventListener('abort', onAbort)
          resolve()
        },
      }
      signal?.addEventListener('abort', onAbort, { once: true })
      add(sleeper)
      return promise
    },
    async advance(ms) {
      const endMs = nowMs + ms
      await nextTurn()
      for (let first = sleeping[0]; first !== undefined && first.dueMs <= endMs; first = sleeping[0]) {
        sleeping.shift()
        nowMs = Math.max(nowMs, first.dueMs)
        first.wake()
        await nextTurn()
      }
      nowMs = endMs
    },
    sleepers: () => sleeping.map(({ dueMs }) => dueMs),
  }
}
