import { createPageTimers } from '@pagesync/shared/store/repositories/page-timers.ts'
import { createPages } from '@pagesync/shared/store/repositories/pages.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiData, type TestTenant } from '../../support/api-data.ts'
import { type ApiSystem, startApiSystem } from '../../support/api-system.ts'
import { SEALER } from '../../support/token-keys.ts'

let system: ApiSystem
let tenant: TestTenant
let pageId: number

beforeAll(async () => {
  system = await startApiSystem()
  const data = createApiData(system.store)
  tenant = await data.addTenant('Schedules')
  pageId = (await data.addPage(tenant, '4711')).id
})
afterAll(() => system?.[Symbol.asyncDispose]())

const read = (key = tenant.key) => system.request(key, 'GET', `/pages/${pageId}/schedule`)
const write = (body: unknown, key = tenant.key) => system.request(key, 'PUT', `/pages/${pageId}/schedule`, { body })

describe('the schedule of a page', () => {
  it('is everything at 02:00 and what is new every 15 minutes, where nobody said otherwise', async () => {
    const { status, body } = await read()
    expect(status).toBe(200)
    expect(body.schedule).toMatchObject({ full: '0 2 * * *', incremental: '*/15 * * * *', timezone: 'UTC' })
    const until = (time: string): number => Date.parse(time) - Date.now()
    expect(until(body.schedule.next_incremental_at)).toBeLessThanOrEqual(15 * 60_000)
    expect(until(body.schedule.next_full_at)).toBeLessThanOrEqual(24 * 3_600_000)
    // Within the hour that belongs to it.
    expect(body.schedule.next_full_at).toMatch(/T02:/)
    const shown = await system.request(tenant.key, 'GET', `/pages/${pageId}/sync-status`)
    const first = [body.schedule.next_full_at, body.schedule.next_incremental_at].toSorted()[0]
    expect(shown.body.statistics.next_scheduled_at).toBe(first)
  })

  it('is changed member by member; null turns a sync off, and gives the time zone its default', async () => {
    expect((await write({ timezone: 'Asia/Phnom_Penh', full: '30 3 * * 1-5' })).body.schedule).toMatchObject({
      full: '30 3 * * 1-5',
      incremental: '*/15 * * * *',
      timezone: 'Asia/Phnom_Penh',
    })
    const off = await write({ full: null, incremental: null })
    expect(off.body.schedule).toEqual({
      full: null,
      incremental: null,
      timezone: 'Asia/Phnom_Penh',
      next_full_at: null,
      next_incremental_at: null,
    })
    const shown = await system.request(tenant.key, 'GET', `/pages/${pageId}/sync-status`)
    expect(shown.body.statistics.next_scheduled_at).toBeNull()
    expect((await write({ timezone: null, full: '0 2 * * *', incremental: '0 * * * *' })).body.schedule).toMatchObject({
      full: '0 2 * * *',
      incremental: '0 * * * *',
      timezone: 'UTC',
    })
    expect((await read()).body.schedule.incremental).toBe('0 * * * *')
  })

  it('is in the time zone of the page, where it has none of its own', async () => {
    const timers = createPageTimers(system.store)
    const settings = (body: unknown) =>
      system.request(tenant.key, 'PATCH', `/pages/${pageId}`, { body: { settings: body } })
    expect((await settings({ timezone: '+07:00' })).status).toBe(400)
    await settings({ timezone: 'Asia/Phnom_Penh' })
    const { schedule } = (await write({ full: '0 2 * * *' })).body
    expect(schedule).toMatchObject({ timezone: 'Asia/Phnom_Penh', next_full_at: expect.stringMatching(/T19:/) })
    expect((await write({ timezone: 'Asia/Tokyo' })).body.schedule.timezone).toBe('Asia/Tokyo')
    await write({ timezone: null })
    const far = Date.now() + 3_600_000
    const row = { page_id: pageId, page_key: 'x', tenant_id: tenant.id, plan: 'old', run_ms: far, due_ms: far }
    await timers.write([{ ...row, _id: `${pageId}:full_sync`, kind: 'full_sync' }], [])
    await settings({ timezone: null })
    expect((await read()).body.schedule.timezone).toBe('UTC')
    expect((await timers.due(Date.now(), 10)).map(({ kind }) => kind)).toEqual(['full_sync'])
  })

  it('lets a worker look at its timers at once', async () => {
    const timers = createPageTimers(system.store)
    const far = Date.now() + 3_600_000
    const row = { page_id: pageId, page_key: 'x', tenant_id: tenant.id, plan: 'old', run_ms: far, due_ms: far }
    const ids = ['full_sync', 'incremental_sync', 'token_check'] as const
    await timers.write(
      ids.map((kind) => ({ ...row, _id: `${pageId}:${kind}`, kind })),
      [],
    )
    await write({ incremental: '*/20 * * * *' })
    const due = await timers.due(Date.now(), 10)
    expect(due.map(({ kind }) => kind).toSorted()).toEqual(['full_sync', 'incremental_sync'])
  })

  it.each([
    [{ full: '* * * * * *' }, '/full'],
    [{ incremental: '*/30 * * * * *' }, '/incremental'],
    [{ full: '61 2 * * *' }, '/full'],
    [{ full: '0 0 30 2 *' }, '/full'],
    [{ full: '' }, '/full'],
    [{ incremental: 'every day, in the morning' }, '/incremental'],
    [{ timezone: 'Mars/Olympus_Mons' }, '/timezone'],
    [{ timezone: '+07:00' }, '/timezone'],
    [{ full: 7 }, '/full'],
    [{ full: { $ne: 1 } }, '/full'],
    [{ hourly: '0 * * * *' }, '/hourly'],
  ])('%j is refused, naming what is wrong', async (body, path) => {
    const before = (await read()).body.schedule
    const answer = await write(body)
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({ success: false, code: 'VALIDATION_FAILED' })
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toContain(path)
    expect((await read()).body.schedule).toMatchObject({ full: before.full, timezone: before.timezone })
  })

  it('names everything that is wrong at once', async () => {
    const { body } = await write({ full: '61 2 * * *', incremental: 'x', timezone: 'Nowhere' })
    expect(body.errors.map((error: { path: string }) => error.path)).toEqual(['/full', '/incremental', '/timezone'])
  })

  it('rests while the page has to be connected again', async () => {
    const pages = createPages(system.store, createSequences(system.store), SEALER)
    await pages.update(tenant.id, pageId, (row) => ({ ...row, status: 'reauth_required' }))
    expect((await read()).body.schedule).toMatchObject({ next_full_at: null, next_incremental_at: null })
    const shown = await system.request(tenant.key, 'GET', `/pages/${pageId}/sync-status`)
    expect(shown.body.statistics.next_scheduled_at).toBeNull()
  })
})
