import { beforeAll, expect, it } from 'vitest'
import { COMMANDS_PER_PAGE, type ManyPagesOptions, type ManyPagesOutcome, runManyPages } from './many-pages.ts'

/** 500 pages and 5,000 commands are for `npm run test:chaos`: they take minutes. */
export const PAGES = Number(process.env.CHAOS_PAGES ?? 12)
export const WITHIN_MS = 60_000 + PAGES * 3_000
/** At 2 calls a second, with one in hand; a call may reach the simulator up to two seconds after it was drawn. */
const CALLS_IN_10S_MAX = 2 * (10 + 2) + 1
/** The page's next slot, and those of one second after it. */
const SLOTS_MAX = 3

/** What holds however many pages and workers there are. */
export function itServesManyPages(start: ManyPagesOptions['start']): void {
  let seen: ManyPagesOutcome
  beforeAll(async () => {
    seen = await runManyPages({ pages: PAGES, start, withinMs: WITHIN_MS })
  }, 3 * WITHIN_MS)

  it('does each command', () => {
    expect(seen.rows).toHaveLength(PAGES * COMMANDS_PER_PAGE)
    expect(seen.rows.filter(({ state }) => state !== 'succeeded')).toEqual([])
  })

  it('does each once: every message arrives once, and every other write is called as often as the ledger says', () => {
    expect(seen.texts).toHaveLength(PAGES * 4)
    expect(seen.texts.filter((text) => seen.received.get(text) !== 1)).toEqual([])
    expect(seen.received.size).toBe(seen.texts.length)
    const attempts = (type: string): number =>
      seen.rows.reduce((sum, row) => sum + (row.type === type ? row.attempts : 0), 0)
    expect(seen.byKind.send).toBe(seen.texts.length)
    expect(seen.byKind.page_update).toBeGreaterThanOrEqual(PAGES)
    expect(seen.byKind.page_update).toBeLessThanOrEqual(attempts('page.update'))
    expect(seen.byKind.sender_action).toBeLessThanOrEqual(attempts('conversation.mark_read') + seen.behindSyncs.length)
  })

  it('never calls for a page more than its budget', () => {
    expect(Math.max(...seen.in10s)).toBeLessThanOrEqual(CALLS_IN_10S_MAX)
    expect(seen.byCode).toEqual({})
  })

  it('starts a push behind a running full sync of its page within a second of the next slot, and lets it call first', () => {
    for (const { push, syncStateAtItsEnd, callsBeforeStart, callsBeforeItsOwn } of seen.behindSyncs) {
      expect({ push: push.state, sync: syncStateAtItsEnd }).toEqual({ push: 'succeeded', sync: 'running' })
      expect(callsBeforeStart).toBeLessThanOrEqual(SLOTS_MAX)
      expect(callsBeforeItsOwn).toBeLessThanOrEqual(1)
    }
  })
}
