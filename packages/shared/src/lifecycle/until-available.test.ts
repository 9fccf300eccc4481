import { describe, expect, test } from 'vitest'
import { AppError } from '../errors/app-error.ts'
import type { Clock } from './clock.ts'
import { untilAvailable } from './until-available.ts'

function steppedClock(): Clock {
  let nowMs = 1_000_000
  return {
    now: () => nowMs,
    sleep: async (ms) => {
      nowMs += ms + 1
    },
  }
}

const options = () => {
  const warned: unknown[] = []
  return { warned, logger: { warn: (fields: unknown) => void warned.push(fields) } as never, part: 'event_log' }
}

describe('untilAvailable', () => {
  test('repeats while the part is unavailable and answers what came at last', async () => {
    let calls = 0
    const given = options()
    const action = async () => {
      calls++
      if (calls < 4) throw new AppError('EVENT_LOG_UNAVAILABLE', 'not yet')
      return 'there'
    }
    expect(await untilAvailable(action, { ...given, clock: steppedClock() })).toBe('there')
    expect(given.warned).toHaveLength(3)
  })

  test('does not repeat what will not get better', async () => {
    let calls = 0
    const action = async () => {
      calls++
      throw new AppError('ENGINE_UNSUITABLE', 'too few partitions')
    }
    await expect(untilAvailable(action, { ...options(), clock: steppedClock() })).rejects.toMatchObject({
      code: 'ENGINE_UNSUITABLE',
    })
    expect(calls).toBe(1)
  })

  test('gives up after the time with the last error', async () => {
    const clock = steppedClock()
    const startedMs = clock.now()
    const action = async () => {
      throw new AppError('STORE_UNAVAILABLE', 'gone')
    }
    await expect(untilAvailable(action, { ...options(), clock, withinMs: 20_000 })).rejects.toMatchObject({
      code: 'STORE_UNAVAILABLE',
    })
    expect(clock.now() - startedMs).toBeLessThanOrEqual(20_000)
  })
})
