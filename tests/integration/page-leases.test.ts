import { createTestClock } from '@pagesync/shared/lifecycle/test-clock.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { createPageLeases, LEASE_MS } from '@pagesync/sync-worker/commands/page-leases.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type OpenEngines, openEmbeddedEngines } from '../support/open-engines.ts'

const BUDGET = { buckets: {}, usage_percent: 0, paused_until_ms: 0 }

describe('the lease of a page', () => {
  let engines: OpenEngines
  const clock = createTestClock(Date.now())
  const of = (owner: string) => createPageLeases(engines.store, owner, clock)
  beforeAll(async () => {
    engines = await openEmbeddedEngines()
    await ensureCollections(engines.store)
  })
  afterAll(() => engines?.[Symbol.asyncDispose]())

  it('goes to one of several who want it, who is told of the others when it gives it back', async () => {
    const workers = ['a', 'b', 'c'].map(of)
    const got = await Promise.all(workers.map((worker) => worker.acquire(1)))
    const [lease, ...more] = got.filter((each) => each !== undefined)
    expect(more).toEqual([])
    const holder = workers[got.indexOf(lease)]!
    expect(await holder.release(lease!, BUDGET)).toBe(true)
    const again = await holder.acquire(1)
    expect(await holder.release(again!, BUDGET)).toBe(false)
  })

  it('is kept by its holder whoever wants it, and that is not forgotten by a renewal', async () => {
    const [a, b] = [of('a'), of('b')]
    const lease = (await a.acquire(2))!
    expect(await b.acquire(2)).toBeUndefined()
    const renewed = (await a.renew([{ lease, budget: BUDGET }])).get(lease._id)!
    await clock.advance(LEASE_MS - 1)
    expect(await b.acquire(2)).toBeUndefined()
    expect(await a.release(renewed, BUDGET)).toBe(true)
    expect(await b.acquire(2)).toMatchObject({ owner: 'b' })
  })

  it('is lost to whoever takes it once it has expired, and then neither renewed nor given back', async () => {
    const [a, b] = [of('a'), of('b')]
    const lease = (await a.acquire(3))!
    await clock.advance(LEASE_MS)
    const taken = (await b.acquire(3))!
    expect(taken.fence).toBe(lease.fence + 1)
    expect((await a.renew([{ lease, budget: BUDGET }])).size).toBe(0)
    expect(await a.release(lease, BUDGET)).toBe(false)
    expect((await b.renew([{ lease: taken, budget: BUDGET }])).get(lease._id)).toMatchObject({ owner: 'b' })
  })
})
