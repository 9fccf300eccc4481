import { describe, expect, test } from 'vitest'
import { createTestClock, type TestClock } from '../lifecycle/test-clock.ts'
import type { GraphUsage } from './graph-usage.ts'
import { type BudgetReport, type BudgetState, CALL_PRIORITY, createPageBudget, DEFAULT_RATES } from './page-budget.ts'

const { push, pull, sync } = CALL_PRIORITY
const MINUTE_MS = 60_000

function setUp(stored?: BudgetState, clock: TestClock = createTestClock()) {
  const budget = createPageBudget(DEFAULT_RATES, clock, stored, () => 1)
  const startMs = clock.now()
  const granted: string[] = []
  /** Notes `name@seconds` when it is granted. */
  const take = (name: string, priority: 0 | 1 | 2 = sync, options: { signal?: AbortSignal; cost?: number } = {}) =>
    budget
      .take('conversations', priority, options.signal, options.cost)
      .then(() => void granted.push(`${name}@${(clock.now() - startMs) / 1000}`))
  const observe = (usage: GraphUsage, rest: Partial<BudgetReport> = {}) =>
    budget.observe({ bucket: 'conversations', usage, requestedAtMs: clock.now(), ...rest })
  return { budget, clock, granted, take, observe, at: (s: number) => startMs + s * 1000 }
}

const messenger = (percent: number, minutes = 0): GraphUsage => ({
  messenger: { percent, waitMs: minutes * MINUTE_MS },
})

describe('a page’s budget', () => {
  test('gives two conversation calls a second', async () => {
    const { clock, granted, take } = setUp()
    for (const name of ['a', 'b', 'c', 'd', 'e']) void take(name)
    await clock.advance(2_000)
    expect(granted).toEqual(['a@0', 'b@0.5', 'c@1', 'd@1.5', 'e@2'])
  })

  test('saves no calls up while nobody asks', async () => {
    const { clock, granted, take } = setUp()
    await clock.advance(60_000)
    for (const name of ['a', 'b', 'c']) void take(name)
    await clock.advance(1_000)
    expect(granted).toEqual(['a@60', 'b@60.5', 'c@61'])
  })

  test('has a budget of its own for each kind of call', async () => {
    const { budget, clock, take, granted } = setUp()
    void take('a')
    void take('b')
    let pages = 0
    for (let i = 0; i < 5; i++) void budget.take('page', sync).then(() => pages++)
    await clock.advance(0)
    expect({ granted, pages }).toEqual({ granted: ['a@0'], pages: 5 })
  })

  test('lets pushes go before pulls, pulls before syncing, and equals in their order', async () => {
    const { clock, granted, take } = setUp()
    void take('first')
    for (const [name, priority] of [
      ['s1', sync],
      ['l1', pull],
      ['s2', sync],
      ['p1', push],
      ['l2', pull],
      ['p2', push],
    ] as const)
      void take(name, priority)
    await clock.advance(10_000)
    expect(granted.map((each) => each.split('@')[0])).toEqual(['first', 'p1', 'p2', 'l1', 'l2', 's1', 's2'])
  })

  test('draws the cost of a batch at once and makes the next wait for it', async () => {
    const { budget, clock, granted, take } = setUp()
    expect(budget.callsPerSecond('conversations')).toBe(2)
    void take('batch', sync, { cost: 2 })
    void take('single')
    await clock.advance(5_000)
    expect(granted).toEqual(['batch@0', 'single@1'])
  })

  test('does not wait for another page’s', async () => {
    const clock = createTestClock()
    const one = setUp(undefined, clock)
    const other = setUp(undefined, clock)
    one.observe(messenger(100, 60))
    void one.take('one')
    void other.take('other')
    await clock.advance(1_000)
    expect({ one: one.granted, other: other.granted }).toEqual({ one: [], other: ['other@0'] })
  })

  test('refuses rates that would never give a call', () => {
    const rates = { ...DEFAULT_RATES, conversations: { perSecond: 0, capacity: 1 } }
    expect(() => createPageBudget(rates, createTestClock())).toThrow(RangeError)
    const small = { ...DEFAULT_RATES, send: { perSecond: 1, capacity: 0.5 } }
    expect(() => createPageBudget(small, createTestClock())).toThrow(RangeError)
  })
})

describe('usage', () => {
  test('below 80 % changes nothing', async () => {
    const { clock, granted, take, observe } = setUp()
    observe(messenger(79.9))
    for (const name of ['a', 'b', 'c']) void take(name)
    await clock.advance(1_000)
    expect(granted).toEqual(['a@0', 'b@0.5', 'c@1'])
  })

  test.each([
    [80, 0.5],
    [90, 1],
    [95, 2],
    [99, 10],
  ])('of %s %% makes calls %s seconds apart', async (percent, apart) => {
    const { clock, granted, take, observe } = setUp()
    void take('a')
    await clock.advance(0)
    observe(messenger(percent))
    void take('b')
    await clock.advance(60_000)
    expect(granted).toEqual(['a@0', `b@${apart}`])
  })

  test('of the app and of the page as a whole count, too', async () => {
    const { clock, granted, take, observe } = setUp()
    void take('a')
    await clock.advance(0)
    observe({ all: { percent: 90, waitMs: 0 }, messenger: { percent: 5, waitMs: 0 } })
    void take('b')
    await clock.advance(1_000)
    expect(granted).toEqual(['a@0', 'b@1'])
  })

  test('of the Pages API holds up no conversations', async () => {
    const { budget, clock, granted, take, observe } = setUp()
    observe({ pages: { percent: 100, waitMs: 5 * MINUTE_MS } })
    let page = false
    void budget.take('page', push).then(() => (page = true))
    void take('a')
    await clock.advance(5 * MINUTE_MS - 1)
    expect({ granted, page }).toEqual({ granted: ['a@0'], page: false })
    await clock.advance(1)
    expect(page).toBe(true)
  })

  test('that falls lifts the slow-down, for those who wait already, too', async () => {
    const { clock, granted, take, observe } = setUp()
    void take('a')
    await clock.advance(0)
    observe(messenger(99))
    void take('b')
    await clock.advance(1_000)
    observe(messenger(50))
    await clock.advance(450)
    // A tenth of the second's calls came in the slow second: 0.1 of 1; the rest takes 450 ms.
    expect(granted).toEqual(['a@0', 'b@1.45'])
  })

  test('that an answer does not tell stays as it was', async () => {
    const { clock, granted, take, observe } = setUp()
    void take('a')
    await clock.advance(0)
    observe(messenger(90))
    observe({})
    void take('b')
    await clock.advance(1_000)
    expect(granted).toEqual(['a@0', 'b@1'])
  })

  test('of an answer that was asked for earlier does not replace a newer one', async () => {
    const { budget, clock, observe } = setUp()
    const asked = clock.now()
    await clock.advance(1_000)
    observe(messenger(90))
    observe(messenger(20), { requestedAtMs: asked })
    expect(budget.state().gates?.messenger?.usage_percent).toBe(90)
    observe(messenger(20))
    expect(budget.state().gates?.messenger?.usage_percent).toBe(20)
  })

  test('of 100 % without a time stops all for a minute, then one call looks again', async () => {
    const { clock, granted, take, observe } = setUp()
    observe(messenger(100))
    void take('a')
    void take('b')
    await clock.advance(65_000)
    expect(granted).toEqual(['a@60'])
    observe(messenger(30))
    await clock.advance(500)
    expect(granted).toHaveLength(2)
  })
})

describe('a refusal', () => {
  test.each([1, 3, 19, 60])('with %s minutes stops exactly so long, pushes as well', async (minutes) => {
    const { clock, granted, take, observe } = setUp()
    observe(messenger(100, minutes), { refusedWith: 80006 })
    void take('sync')
    void take('push', push)
    await clock.advance(minutes * MINUTE_MS - 1)
    expect(granted).toEqual([])
    await clock.advance(1)
    expect(granted).toEqual([`push@${minutes * 60}`])
  })

  test('is not prolonged by those of calls that were in the air with it', async () => {
    const { clock, granted, take, observe } = setUp()
    const requestedAtMs = clock.now()
    await clock.advance(1_000)
    observe(messenger(100, 5), { refusedWith: 80006, requestedAtMs })
    await clock.advance(90_000)
    observe(messenger(100, 5), { refusedWith: 80006, requestedAtMs })
    void take('a')
    await clock.advance(10 * MINUTE_MS)
    expect(granted).toEqual(['a@301'])
  })

  test('is not prolonged by the rounding of minutes that another kind of call is told meanwhile', async () => {
    const { clock, granted, take, observe } = setUp()
    observe(messenger(100, 5), { refusedWith: 80006 })
    await clock.advance(150_000)
    // Two and a half minutes are left: Facebook says three.
    observe(messenger(100, 3), { bucket: 'page' })
    void take('a')
    await clock.advance(10 * MINUTE_MS)
    expect(granted).toEqual(['a@300'])
  })

  test('is prolonged where Facebook says so', async () => {
    const { clock, granted, take, observe } = setUp()
    observe(messenger(100, 5), { refusedWith: 80006 })
    await clock.advance(MINUTE_MS)
    observe(messenger(100, 19), { bucket: 'page' })
    void take('a')
    await clock.advance(30 * MINUTE_MS)
    expect(granted).toEqual([`a@${60 + 19 * 60}`])
  })

  test('is cut short by no answer that says less', async () => {
    const { clock, granted, take, observe } = setUp()
    const before = clock.now()
    observe(messenger(100, 5), { refusedWith: 80006 })
    await clock.advance(1_000)
    observe(messenger(10), { requestedAtMs: before })
    observe(messenger(10))
    observe(messenger(100, 1))
    void take('a')
    await clock.advance(5 * MINUTE_MS)
    expect(granted).toEqual(['a@300'])
  })

  test('without a time waits longer with each in a row, and starts anew after a good answer', async () => {
    const { budget, clock, observe } = setUp()
    const pauses: number[] = []
    const refuse = async (): Promise<void> => {
      observe({}, { refusedWith: 613 })
      const pausedMs = (budget.state().gates?.conversations?.paused_until_ms ?? 0) - clock.now()
      pauses.push(pausedMs)
      await clock.advance(pausedMs)
    }
    for (let i = 0; i < 9; i++) await refuse()
    observe(messenger(10))
    await refuse()
    expect(pauses.map((ms) => ms / 1000)).toEqual([20, 40, 80, 160, 320, 640, 1280, 1800, 1800, 20])
  })

  test('without a time counts once for calls that were in the air together', async () => {
    const { budget, clock, observe } = setUp()
    const requestedAtMs = clock.now()
    await clock.advance(100)
    for (let i = 0; i < 5; i++) observe({}, { refusedWith: 613, requestedAtMs })
    expect(budget.state().gates?.conversations?.paused_until_ms).toBe(clock.now() + 20_000)
  })

  test.each([
    [613, { conversations: true, send: false, profile: false, page: false }],
    [80006, { conversations: true, send: true, profile: true, page: false }],
    [80001, { conversations: false, send: false, profile: false, page: true }],
    [32, { conversations: false, send: false, profile: false, page: true }],
    [4, { conversations: true, send: true, profile: true, page: true }],
    [17, { conversations: true, send: true, profile: true, page: true }],
    [null, { conversations: true, send: true, profile: true, page: true }],
  ])('with code %s concerns the calls that it counts for', async (refusedWith, expected) => {
    const { budget, clock, observe } = setUp()
    const waits: Record<string, boolean> = {}
    observe({}, { refusedWith })
    for (const bucket of ['conversations', 'send', 'profile', 'page'] as const) {
      waits[bucket] = true
      void budget.take(bucket, push).then(() => {
        waits[bucket] = false
      })
    }
    await clock.advance(5_000)
    expect(waits).toEqual(expected)
  })
})

describe('a restart', () => {
  test('goes on with what was drawn, what is used and what is paused', async () => {
    const before = setUp()
    void before.take('a')
    await before.clock.advance(0)
    before.observe({ ...messenger(100, 2), all: { percent: 90, waitMs: 0 } }, { refusedWith: 80006 })
    before.observe({ pages: { percent: 85, waitMs: 0 } }, { bucket: 'page' })
    await before.clock.advance(30_000)
    const stored = JSON.parse(JSON.stringify(before.budget.state()))
    before.budget.close()

    const after = setUp(stored, before.clock)
    void after.take('b')
    await after.clock.advance(90_000 - 1)
    expect(after.granted).toEqual([])
    await after.clock.advance(1)
    expect(after.granted).toEqual(['b@90'])
    expect(after.budget.state()).toMatchObject({
      usage_percent: 90,
      gates: { messenger: { usage_percent: 100 }, pages: { usage_percent: 85 } },
    })
  })

  test('gives no call that the one before had given already', async () => {
    const before = setUp()
    void before.take('a')
    await before.clock.advance(0)
    const after = setUp(before.budget.state(), before.clock)
    void after.take('b')
    await after.clock.advance(499)
    expect(after.granted).toEqual([])
    await after.clock.advance(1)
    expect(after.granted).toEqual(['b@0.5'])
  })

  test('reads what an earlier version stored', async () => {
    const clock = createTestClock()
    const stored = { buckets: {}, usage_percent: 0, paused_until_ms: clock.now() + 7_000 }
    const { granted, take } = setUp(stored, clock)
    void take('a')
    await clock.advance(10_000)
    expect(granted).toEqual(['a@7'])
  })
})

describe('who waits', () => {
  test('may give up, and costs the others nothing', async () => {
    const { clock, granted, take } = setUp()
    const stop = new AbortController()
    void take('a')
    const gaveUp = take('b', sync, { signal: stop.signal })
    void take('c')
    await clock.advance(100)
    stop.abort(new Error('cancelled'))
    await expect(gaveUp).rejects.toThrow('cancelled')
    await clock.advance(1_000)
    expect(granted).toEqual(['a@0', 'c@0.5'])
  })

  test('alone and gives up leaves nobody sleeping', async () => {
    const { clock, take, observe } = setUp()
    const stop = new AbortController()
    observe(messenger(100, 60))
    const gaveUp = take('a', sync, { signal: stop.signal })
    await clock.advance(0)
    stop.abort('enough')
    await expect(gaveUp).rejects.toBe('enough')
    await clock.advance(0)
    expect(clock.sleepers()).toEqual([])
  })

  test('with a signal that has fired already is not let in', async () => {
    const { take } = setUp()
    await expect(take('a', sync, { signal: AbortSignal.abort('late') })).rejects.toBe('late')
  })

  test('is told when the budget is closed, as is who asks later', async () => {
    const { budget, clock, granted, take } = setUp()
    const waiting = [take('a'), take('b'), take('c', push)].slice(1)
    await clock.advance(0)
    budget.close()
    for (const each of waiting) await expect(each).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
    await expect(take('d')).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
    expect(granted).toHaveLength(1)
    expect(clock.sleepers()).toEqual([])
  })
})
