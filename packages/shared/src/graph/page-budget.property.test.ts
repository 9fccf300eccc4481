import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createTestClock } from '../lifecycle/test-clock.ts'
import { CALL_PRIORITY, createPageBudget, DEFAULT_RATES } from './page-budget.ts'

type Step =
  | { readonly kind: 'take'; readonly priority: 0 | 1 | 2; readonly cost: number }
  | { readonly kind: 'abort'; readonly which: number }
  | { readonly kind: 'advance'; readonly ms: number }
  | { readonly kind: 'observe'; readonly percent: number; readonly minutes: number; readonly ageMs: number }

const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      kind: fc.constant('take' as const),
      priority: fc.constantFrom(CALL_PRIORITY.push, CALL_PRIORITY.pull, CALL_PRIORITY.sync),
      cost: fc.constantFrom(1, 1, 1, 1, 2),
    }),
  },
  { weight: 2, arbitrary: fc.record({ kind: fc.constant('abort' as const), which: fc.nat() }) },
  {
    weight: 4,
    arbitrary: fc.record({ kind: fc.constant('advance' as const), ms: fc.integer({ min: 0, max: 3_000 }) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      kind: fc.constant('observe' as const),
      percent: fc.integer({ min: 0, max: 110 }),
      minutes: fc.constantFrom(0, 0, 0, 1, 5),
      ageMs: fc.nat(2_000),
    }),
  },
)

interface Asked {
  readonly order: number
  readonly priority: number
  readonly cost: number
  readonly controller: AbortController
  state: 'waiting' | 'granted' | 'aborted'
}

test('whatever is asked, given up and told: no window holds too many calls, everybody is served in order, nobody is lost', async () => {
  const { perSecond, capacity } = DEFAULT_RATES.conversations
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 5, maxLength: 60 }), async (steps) => {
      const clock = createTestClock()
      const budget = createPageBudget(DEFAULT_RATES, clock)
      const asked: Asked[] = []
      const grants: { readonly ms: number; readonly cost: number }[] = []
      const wrong: string[] = []
      let pausedUntilMs = 0

      const take = (priority: 0 | 1 | 2, cost: number): void => {
        const one: Asked = { order: asked.length, priority, cost, controller: new AbortController(), state: 'waiting' }
        asked.push(one)
        budget.take('conversations', priority, one.controller.signal, cost).then(
          () => {
            const [first] = asked
              .filter(({ state }) => state === 'waiting')
              .toSorted((x, y) => x.priority - y.priority || x.order - y.order)
            if (one !== first) wrong.push(`${one.order} was served before ${first?.order}`)
            if (clock.now() < pausedUntilMs) wrong.push(`${one.order} was served within a pause`)
            one.state = 'granted'
            grants.push({ ms: clock.now(), cost })
          },
          (reason) => {
            if (reason !== 'given up' || one.state !== 'aborted') wrong.push(`${one.order} was rejected: ${reason}`)
          },
        )
      }

      for (const each of steps) {
        // A grant is seen a moment after it was made: before anything else happens.
        await clock.advance(each.kind === 'advance' ? each.ms : 0)
        if (each.kind === 'take') take(each.priority, each.cost)
        else if (each.kind === 'abort') {
          const one = asked[each.which % Math.max(1, asked.length)]
          if (one?.state !== 'waiting') continue
          one.state = 'aborted'
          one.controller.abort('given up')
        } else if (each.kind === 'observe') {
          const waitMs = each.minutes * 60_000
          const requestedAtMs = clock.now() - each.ageMs
          budget.observe({
            bucket: 'conversations',
            usage: { messenger: { percent: each.percent, waitMs } },
            requestedAtMs,
            ...(waitMs > 0 ? { refusedWith: 80006 } : {}),
          })
          pausedUntilMs = Math.max(pausedUntilMs, budget.state().gates?.messenger?.paused_until_ms ?? 0)
        }
      }
      await clock.advance(3 * 60 * 60_000)
      expect(asked.filter(({ state }) => state === 'waiting')).toEqual([])

      expect(wrong).toEqual([])

      for (const [from, first] of grants.entries()) {
        let drawn = 0
        for (const { ms, cost } of grants.slice(from)) {
          drawn += cost
          // A draw beyond the capacity is let through on a full bucket, and paid for before the next.
          const bound = perSecond * ((ms - first.ms) / 1000) + capacity + Math.max(0, cost - capacity)
          expect(drawn).toBeLessThanOrEqual(bound + 1e-6)
        }
      }
      budget.close()
      expect(clock.sleepers()).toEqual([])
    }),
    { numRuns: 150 },
  )
})
