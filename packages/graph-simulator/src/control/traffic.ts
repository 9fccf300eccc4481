import { setTimeout as delay } from 'node:timers/promises'
import { type Static, Type } from '@sinclair/typebox'
import { customerWrites } from '../actions/customer-writes.ts'
import { hash, share } from '../data/hash.ts'
import { textOf } from '../data/texts.ts'
import type { SimulatedPage, World } from '../world.ts'
import { checked, PageId, pageNamed } from './control-request.ts'

export const TrafficSchema = Type.Object(
  {
    facebook_page_id: Type.Optional(PageId),
    rate: Type.Number({ exclusiveMinimum: 0, maximum: 5_000, description: 'Messages a second' }),
    seconds: Type.Optional(
      Type.Number({ exclusiveMinimum: 0, maximum: 86_400, description: 'Until stopped unless given' }),
    ),
    people: Type.Optional(Type.Integer({ minimum: 1, maximum: 1_000_000, description: 'How many people write (20)' })),
    new_share: Type.Optional(
      Type.Number({ minimum: 0, maximum: 1, description: 'Share of messages by new people (0.1)' }),
    ),
    wait: Type.Optional(Type.Boolean({ description: 'Answer when it has ended' })),
  },
  { additionalProperties: false },
)

export interface TrafficState {
  readonly id: number
  readonly facebook_page_id: string
  readonly rate: number
  running: boolean
  written: number
  delivered: number
  failed: number
}

const STEP_MS = 50

/** Customers who write now and then. At most one run per id; all end when the simulator closes. */
export function createTraffic() {
  const runs = new Map<number, { state: TrafficState; abort: AbortController }>()
  let lastId = 0

  const writeOne = (world: World, page: SimulatedPage, state: TrafficState, people: number, newShare: number) => {
    const { store } = page
    const number = state.written++
    const { seed } = store.plan
    const fresh = store.personCount() === 0 || share(seed, state.id, number, 81) < newShare
    const person = fresh ? store.addPerson() : hash(seed, state.id, number, 82) % Math.min(people, store.personCount())
    const text = textOf(seed, person, number, store.person(person).language, true)
    void world.webhooks.send([customerWrites(world, page, person, { text }).notice]).then((deliveries) => {
      if (deliveries[0]?.status === 200) state.delivered++
      else state.failed++
    })
  }

  const run = async (
    world: World,
    page: SimulatedPage,
    given: Static<typeof TrafficSchema>,
    state: TrafficState,
    signal: AbortSignal,
  ) => {
    const begun = performance.now()
    const lastMs = given.seconds === undefined ? Number.POSITIVE_INFINITY : given.seconds * 1000
    while (!signal.aborted) {
      const passedMs = Math.min(performance.now() - begun, lastMs)
      const due = Math.floor((passedMs / 1000) * given.rate)
      while (state.written < due) writeOne(world, page, state, given.people ?? 20, given.new_share ?? 0.1)
      if (passedMs >= lastMs) break
      const untilNextMs = ((state.written + 1) / given.rate) * 1000 - passedMs
      // Aborted is the only way for this wait to fail.
      await delay(Math.min(Math.max(untilNextMs, STEP_MS), lastMs - passedMs + 1), undefined, {
        signal,
        ref: false,
      }).catch(() => undefined)
    }
    state.running = false
  }

  return {
    async start(world: World, body: unknown): Promise<TrafficState> {
      const given = checked(TrafficSchema, body)
      const page = pageNamed(world, given.facebook_page_id)
      const state: TrafficState = {
        id: ++lastId,
        facebook_page_id: page.id,
        rate: given.rate,
        running: true,
        written: 0,
        delivered: 0,
        failed: 0,
      }
      const abort = new AbortController()
      runs.set(state.id, { state, abort })
      const ended = run(world, page, given, state, abort.signal)
      if (given.wait === true) {
        await ended
        await world.webhooks.idle()
      }
      return state
    },
    list: () => [...runs.values()].map(({ state }) => state),
    stop(id?: number): number {
      let stopped = 0
      for (const [key, { state, abort }] of runs) {
        if (id !== undefined && id !== key) continue
        if (state.running) stopped++
        abort.abort()
        runs.delete(key)
      }
      return stopped
    },
  }
}

export type Traffic = ReturnType<typeof createTraffic>
