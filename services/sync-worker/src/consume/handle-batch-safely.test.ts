import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { StoredRecord } from '@pagesync/shared/event-log/event-log.ts'
import { createLogger } from '@pagesync/shared/logging/create-logger.ts'
import { REPLAY_OF_HEADER } from '@pagesync/shared/store/repositories/dead-letters.ts'
import { expect, it } from 'vitest'
import { createFailureGuard } from './failure-guard.ts'
import { handleBatchSafely } from './handle-batch-safely.ts'

const logger = createLogger({ service: 'test', level: 'silent' })

function records(count: number, from = 0, headers: Record<string, string> = {}): StoredRecord[] {
  return Array.from({ length: count }, (_, i) => ({
    topic: 't',
    partition: 0,
    offset: from + i,
    timestampMs: 0,
    key: 'k',
    value: Buffer.from(String(from + i)),
    headers,
  }))
}

/** A consumer whose code fails on some offsets; remembers what it handled and what it buried. */
function consumer(failsOn: (offset: number) => AppError | Error | null) {
  const guard = createFailureGuard('test', logger)
  const handled = new Set<number>()
  const buried: number[] = []
  const take = (batch: readonly StoredRecord[]): Promise<void> =>
    handleBatchSafely({
      records: batch,
      handle: async (together) => {
        for (const { offset } of together) {
          const error = failsOn(offset)
          if (error) throw error
        }
        for (const { offset } of together) handled.add(offset)
      },
      bury: async ({ offset }) => void buried.push(offset),
      guard,
      logger,
    })
  return { take, guard, handled, buried }
}

it('buries the one record on which the code fails, and handles those around it', async () => {
  const { take, guard, handled, buried } = consumer((offset) => (offset === 3 ? new Error('bug') : null))
  await take(records(10))
  expect(buried).toEqual([3])
  expect([...handled]).toEqual([0, 1, 2, 4, 5, 6, 7, 8, 9])
  expect(guard.stopped()).toBeNull()
})

it('stops when more than 50 of the last 100 records fail, and handles nothing from then on', async () => {
  const { take, guard, buried, handled } = consumer((offset) => (offset >= 200 ? new Error('bug') : null))
  await take(records(200))
  await expect(take(records(80, 200))).rejects.toMatchObject({ code: 'INTERNAL' })
  expect(buried).toHaveLength(50)
  expect(guard.stopped()).toBe('51 of the last 100 records failed unexpectedly')
  await expect(take(records(1))).rejects.toMatchObject({ code: 'INTERNAL' })
  expect(handled.size).toBe(200)
})

it('goes on when exactly 50 of the last 100 fail', async () => {
  const { take, guard } = consumer((offset) => (offset % 2 === 0 ? new Error('bug') : null))
  await take(records(400))
  expect(guard.stopped()).toBeNull()
})

it('never counts records that were refused for what they hold', async () => {
  const { take, guard, buried } = consumer(() => new AppError('COMMAND_REJECTED', 'bad'))
  await take(records(200))
  expect(buried).toHaveLength(200)
  expect(guard.stopped()).toBeNull()
})

it('never counts dead letters that were tried again', async () => {
  const { take, guard, buried } = consumer(() => new Error('bug'))
  await take(records(120, 0, { [REPLAY_OF_HEADER]: 'dl_x' }))
  expect(buried).toHaveLength(120)
  expect(guard.stopped()).toBeNull()
})

it('counts a record that comes again with its batch once', async () => {
  let storeIsDown = true
  const { take, guard } = consumer((offset) => {
    if (offset === 0) return new Error('bug')
    return storeIsDown ? new AppError('STORE_UNAVAILABLE', 'down') : null
  })
  for (let i = 0; i < 60; i++) await expect(take(records(2))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  storeIsDown = false
  await take(records(2))
  expect(guard.stopped()).toBeNull()
})
