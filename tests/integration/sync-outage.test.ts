import { setTimeout as delay } from 'node:timers/promises'
import { createTestClock, type TestClock } from '@pagesync/shared/lifecycle/test-clock.ts'
import { isFinal } from '@pagesync/shared/model/command.ts'
import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'
import { describe, expect, it } from 'vitest'
import { openSyncBed, type SyncBed } from '../support/sync-bed.ts'

const SHAPE = { count: 230, longShare: 0.02, longMessages: 60, shortMin: 1, shortMax: 8, doneShare: 0.2 }
const STEP_MS = 1_000

/** Lets time pass in steps until the command is as wanted; what waits for I/O gets its turn in between. */
async function passTime(
  bed: SyncBed,
  clock: TestClock,
  id: string,
  wanted: (row: CommandRow) => boolean,
  withinMs: number,
): Promise<CommandRow> {
  const endMs = clock.now() + withinMs
  for (;;) {
    const row = await bed.ledger.get('t_bed', id)
    if (row && wanted(row)) return row
    if (clock.now() > endMs) throw new Error(`still ${row?.state} after ${withinMs} ms of the test's clock`)
    await clock.advance(STEP_MS)
    await delay(3)
  }
}

describe('while Facebook is away', () => {
  it('for an hour: a sync tries a bounded number of times, fails honestly, and can be retried from where it was', {
    timeout: 120_000,
  }, async () => {
    const clock = createTestClock(Date.now())
    await using bed = await openSyncBed(SHAPE, { clock })
    // The first two listings arrive, then nothing does.
    await bed.simulator.control('POST', 'faults', {
      match: { kind: 'conversations', nth: 3 },
      times: 1_000_000,
      action: { reset: true },
    })
    await bed.simulator.control('POST', 'faults', {
      match: { kind: 'messages' },
      times: 1_000_000,
      action: { reset: true },
    })
    const id = await bed.publish('page.full_sync')
    const failed = await passTime(bed, clock, id, ({ state }) => isFinal(state), 3_600_000)
    expect(failed).toMatchObject({
      state: 'failed',
      attempts: 8,
      failure: { code: 'FACEBOOK_UNAVAILABLE', status: 504 },
    })
    expect(failed.transitions.filter(({ state }) => state === 'waiting')).toHaveLength(7)
    expect((await bed.pages.get('t_bed', bed.page.id))?.status).toBe('active')

    await bed.simulator.control('DELETE', 'faults')
    await bed.simulator.control('DELETE', 'calls')
    await bed.ledger.retry(failed, { nowMs: clock.now(), by: 'test' })
    const row = await passTime(bed, clock, id, ({ state }) => state === 'succeeded', 600_000)
    const { totals } = await bed.simulator.control<{ totals: { cost: number } }>('GET', 'calls')
    expect((row.result as { sync_results: { conversations_total: number } }).sync_results.conversations_total).toBe(
      SHAPE.count,
    )
    await using fresh = await openSyncBed(SHAPE)
    const whole = (await fresh.run('page.full_sync')).graph_calls
    expect(totals.cost).toBeLessThan(whole)
  })

  it('says to wait some minutes: the sync waits exactly so long and goes on', { timeout: 120_000 }, async () => {
    const clock = createTestClock(Date.now())
    await using bed = await openSyncBed(SHAPE, { clock })
    await bed.simulator.control('POST', 'faults', {
      match: { kind: 'conversations', nth: 2 },
      times: 1,
      action: { error: { code: 80006, regain_minutes: 7 } },
    })
    const id = await bed.publish('page.full_sync')
    const waiting = await passTime(bed, clock, id, ({ state }) => state === 'waiting', 60_000)
    const refusedMs = waiting.transitions.at(-1)?.at_ms ?? 0
    const done = await passTime(bed, clock, id, ({ state }) => state === 'succeeded', 3_600_000)
    const again = done.transitions.find(({ state, at_ms }) => state === 'running' && at_ms > refusedMs)
    const waitedMs = (again?.at_ms ?? 0) - refusedMs
    expect(waitedMs).toBeGreaterThanOrEqual(7 * 60_000)
    // The sweep that finds it looks every 2 s.
    expect(waitedMs).toBeLessThanOrEqual(7 * 60_000 + 5_000)
  })
})
