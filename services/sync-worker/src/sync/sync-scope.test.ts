import { describe, expect, it } from 'vitest'
import { floorOf, nextWatermark, syncScope } from './sync-scope.ts'

describe('the scope of a sync', () => {
  it('is incremental down to the watermark unless the command says otherwise', () => {
    const scope = syncScope({})
    expect([floorOf(scope, 500), floorOf(scope, undefined)]).toEqual([500, null])
  })

  it('is everything with mode full, and down to a day with since', () => {
    expect(floorOf(syncScope({ mode: 'full' }), 500)).toBeNull()
    expect(floorOf(syncScope({ since: '2026-01-01T00:00:00Z' }), 500)).toBe(Date.parse('2026-01-01T00:00:00Z'))
  })

  it('takes nonsense from the topic for nothing said', () => {
    expect(syncScope({ mode: 7, since: 'yesterday' })).toEqual({ mode: 'incremental', sinceMs: null })
  })

  it('moves the watermark forward only', () => {
    expect(nextWatermark(syncScope({}), 500, 900)).toBe(900)
    expect(nextWatermark(syncScope({ mode: 'full' }), 500, 400)).toBe(500)
  })

  it('leaves the watermark where a sync since some later day leaves a gap below it', () => {
    expect(nextWatermark({ mode: 'incremental', sinceMs: 800 }, 500, 900)).toBe(500)
    expect(nextWatermark({ mode: 'incremental', sinceMs: 800 }, undefined, 900)).toBeUndefined()
    expect(nextWatermark({ mode: 'incremental', sinceMs: 300 }, 500, 900)).toBe(900)
  })
})
