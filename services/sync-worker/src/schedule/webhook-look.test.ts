import { describe, expect, it } from 'vitest'
import { webhookLook } from './webhook-look.ts'

const HOUR_MS = 3_600_000
const look = (given: {
  runMs?: number
  lastEventMs: number | null
  nowMs: number
  subscribed?: boolean | null
  silenceHours?: number
}) =>
  webhookLook(
    {
      runMs: given.runMs ?? 0,
      nextCheckMs: (Math.floor(given.nowMs / (12 * HOUR_MS)) + 1) * 12 * HOUR_MS,
      lastEventMs: given.lastEventMs,
      subscribed: given.subscribed === undefined ? true : given.subscribed,
    },
    { everyMs: 12 * HOUR_MS, silenceMs: (given.silenceHours ?? 2) * HOUR_MS, nowMs: given.nowMs },
  )

describe('looking at the webhooks of a page', () => {
  it('regularly checks, whatever came', () => {
    expect(look({ lastEventMs: null, nowMs: 5 })).toEqual({ check: true, nextMs: 12 * HOUR_MS })
    expect(look({ lastEventMs: -20 * HOUR_MS, nowMs: 5 })).toEqual({ check: true, nextMs: 12 * HOUR_MS })
    expect(look({ lastEventMs: 0, nowMs: 5, silenceHours: 24 })).toEqual({ check: true, nextMs: 12 * HOUR_MS })
  })

  it('comes sooner where the page falls silent before the next check', () => {
    expect(look({ lastEventMs: -HOUR_MS, nowMs: 5 })).toEqual({ check: true, nextMs: HOUR_MS })
  })

  it('checks a page that has been silent, and moves on where it has not', () => {
    const runMs = HOUR_MS
    expect(look({ runMs, lastEventMs: -HOUR_MS, nowMs: HOUR_MS })).toEqual({ check: true, nextMs: 12 * HOUR_MS })
    expect(look({ runMs, lastEventMs: HOUR_MS / 2, nowMs: HOUR_MS })).toEqual({ check: false, nextMs: 2.5 * HOUR_MS })
  })

  it('checks in any case where the subscription is not known to be there', () => {
    expect(look({ runMs: HOUR_MS, lastEventMs: HOUR_MS, nowMs: HOUR_MS, subscribed: null }).check).toBe(true)
  })
})
