import fc from 'fast-check'
import { describe, expect, it } from 'vitest'
import type { PageRow } from '../store/repositories/rows.ts'
import { type PageTimerRow, TIMER_KINDS } from '../store/repositories/timer-rows.ts'
import { armTimers } from './arm-timers.ts'
import { createCronTimes } from './cron-times.ts'
import { nextRunMs, placeOf } from './timer-plan.ts'

const HOUR_MS = 3_600_000
const EVERY = { tokenMs: 24 * HOUR_MS, webhookMs: 6 * HOUR_MS }
const times = createCronTimes()
const NOW = Date.UTC(2026, 10, 26, 12, 0, 30)
const SETTINGS = { every: EVERY, times, nowMs: NOW }

const page = (more: Partial<PageRow> = {}): PageRow =>
  ({ _id: 't/42', rev: 1, id: 7, tenant_id: 't', status: 'active', webhook_subscribed: true, ...more }) as PageRow
const stored = (of: PageRow): PageTimerRow[] => armTimers(of, [], SETTINGS).fresh.map((row) => ({ ...row, rev: 1 }))

describe('the runs of a page', () => {
  it('are spread: of ten thousand pages in no minute many more than its share', () => {
    for (const [kind, minutes] of [
      ['full_sync', 60],
      ['incremental_sync', 15],
      ['webhook_check', 360],
    ] as const) {
      const each = new Map<number, number>()
      for (let id = 1; id <= 10_000; id++) {
        const minute = Math.floor((nextRunMs(kind, { id }, EVERY, times, NOW) ?? 0) / 60_000)
        each.set(minute, (each.get(minute) ?? 0) + 1)
      }
      expect(each.size).toBeGreaterThanOrEqual(minutes)
      expect(Math.max(...each.values())).toBeLessThan((10_000 / minutes) * 1.6 + 5)
    }
  })

  it('follow each other at the same place, however late one asks', () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...TIMER_KINDS),
        fc.integer({ min: 1, max: 1e6 }),
        fc.integer({ min: NOW, max: NOW + 365 * 24 * HOUR_MS }),
        (kind, id, afterMs) => {
          const next = nextRunMs(kind, { id }, EVERY, times, afterMs) ?? 0
          expect(next).toBeGreaterThan(afterMs)
          expect(nextRunMs(kind, { id }, EVERY, times, next - 1)).toBe(next)
          const second = nextRunMs(kind, { id }, EVERY, times, next) ?? 0
          const intervalMs = {
            full_sync: 24 * HOUR_MS,
            incremental_sync: HOUR_MS / 4,
            token_check: EVERY.tokenMs,
            webhook_check: EVERY.webhookMs,
          }
          expect(second - next).toBe(intervalMs[kind])
          expect(placeOf(kind, id)).toBeLessThan(1)
        },
      ),
    )
  })

  it('are none where the schedule says so', () => {
    expect(nextRunMs('full_sync', { id: 1, schedule: { full: null } }, EVERY, times, NOW)).toBeNull()
    expect(nextRunMs('incremental_sync', { id: 1, schedule: { full: null } }, EVERY, times, NOW)).not.toBeNull()
  })
})

describe('the timers of a page', () => {
  it('are made where they are missing, and left alone where they are right', () => {
    const rows = stored(page())
    expect(rows.map(({ kind }) => kind)).toEqual([...TIMER_KINDS])
    expect(rows.every(({ run_ms, due_ms }) => (run_ms ?? 0) > NOW && run_ms === due_ms)).toBe(true)
    expect(armTimers(page(), rows, SETTINGS)).toEqual({ fresh: [], changed: [] })
  })

  it('begin with a look at the webhooks where nobody has looked yet', () => {
    const check = stored(page({ webhook_subscribed: null })).find(({ kind }) => kind === 'webhook_check')
    expect(check?.due_ms).toBe(NOW)
  })

  it('of another pattern or time zone are set anew', () => {
    const rows = stored(page())
    const moved = page({ schedule: { timezone: 'Asia/Phnom_Penh' } })
    expect(armTimers(moved, rows, SETTINGS).changed.map(({ kind }) => kind)).toEqual(['full_sync', 'incremental_sync'])
    const settled = page({ settings: { timezone: 'Asia/Phnom_Penh' } })
    expect(armTimers(settled, rows, SETTINGS)).toEqual(armTimers(moved, rows, SETTINGS))
    const without = page({ schedule: { full: null } })
    expect(armTimers(without, rows, SETTINGS).changed).toMatchObject([
      { kind: 'full_sync', run_ms: null, due_ms: null },
    ])
  })

  it('that rested go on with the run that was missed, once the page can be worked for', () => {
    const rows = stored(page()).map((row) => ({ ...row, run_ms: NOW - HOUR_MS, due_ms: null }))
    expect(armTimers(page({ status: 'disconnected' }), rows, SETTINGS).changed).toEqual([])
    const dead = armTimers(page({ status: 'reauth_required' }), rows, SETTINGS).changed
    expect(dead.map(({ kind }) => kind)).toEqual(['token_check'])
    const alive = armTimers(page(), rows, SETTINGS).changed
    expect(alive.map(({ due_ms }) => due_ms)).toEqual(TIMER_KINDS.map(() => NOW - HOUR_MS))
  })
})
