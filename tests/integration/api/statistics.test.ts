import { createCounting } from '@pagesync/shared/counting/counting.ts'
import { bucketOf } from '@pagesync/shared/counting/durations.ts'
import { systemClock } from '@pagesync/shared/lifecycle/clock.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiData, type TestTenant } from '../../support/api-data.ts'
import { type ApiSystem, startApiSystem } from '../../support/api-system.ts'

const HOUR_MS = 3_600_000

describe('GET /statistics', () => {
  let system: ApiSystem
  let tenant: TestTenant
  let other: TestTenant
  let pages: PageRow[]
  let limited: string
  const data = () => createApiData(system.store)
  const nowMs = Date.now()

  beforeAll(async () => {
    system = await startApiSystem()
    tenant = await data().addTenant('Counted')
    other = await data().addTenant('Other')
    pages = [await data().addPage(tenant, '9301'), await data().addPage(tenant, '9302')]
    const [first, second] = pages as [PageRow, PageRow]
    const [conversation] = await data().addConversations(first, 2)
    await data().addMessages(conversation!, 5, (i) => ({
      origin: i < 2 ? 'sync' : 'webhook',
      created_ms: nowMs - i * HOUR_MS,
    }))
    await data().addConversations(second, 1)
    await using counting = createCounting({
      store: system.store,
      sequences: createSequences(system.store),
      clock: systemClock,
    })
    for (const [hoursAgo, durationMs] of [
      [0, 1_000],
      [2, 3_000],
      [30, 2_000],
    ] as const) {
      const at = { atMs: nowMs - hoursAgo * HOUR_MS }
      counting.count(first, 'sync_runs', 1, { ...at, total: true })
      counting.count(first, 'sync_duration_ms', durationMs, at)
      counting.count(first, 'first_run_ms', at.atMs, at)
      counting.count(first, 'last_run_ms', at.atMs, at)
      counting.count(first, 'items_changed', 10, at)
    }
    counting.count(first, 'sync_failures', 1, { atMs: nowMs - 30 * HOUR_MS })
    counting.count(second, 'graph_calls', 7, { total: true })
    for (const minutes of [1, 1, 1, 1, 1, 1, 1, 1, 60, 60])
      counting.count(first, `response_${bucketOf(minutes * 60_000)}`, 1)
    limited = await data().addKey(tenant.id, ['read'], [second.id])
  })
  afterAll(() => system?.[Symbol.asyncDispose]())

  const get = (path: string, key = tenant.key) => system.request(key, 'GET', path)

  it('tells totals, runs and waiting times per page and altogether', async () => {
    const { status, body } = await get('/statistics')
    expect(status).toBe(200)
    expect(body.pages.map(({ page }: { page: { id: number } }) => page.id)).toEqual(pages.map(({ id }) => id))
    expect(body.pages[0].statistics).toMatchObject({
      conversations: { total: 2, by_source: { webhook: 0, sync: 2 } },
      messages: { total: 5, by_source: { webhook: 3, echo: 0, sync: 2, send: 0 } },
      sync_frequency: {
        runs_24h: 2,
        runs_7d: 3,
        average_interval_seconds: 15 * 3600,
        average_duration_ms: 2_000,
        items_changed_24h: 20,
      },
      response_time: { answers: 10, by_people: { answers: 0, median_seconds: null } },
    })
    const { sync_frequency: frequency, response_time: response } = body.pages[0].statistics
    expect(frequency.success_rate).toBeCloseTo(2 / 3)
    expect(Math.abs(response.median_seconds / 60 - 1)).toBeLessThan(0.1)
    expect(Math.abs(response.p90_seconds / 3600 - 1)).toBeLessThan(0.1)
    expect(body.statistics).toMatchObject({
      conversations: { total: 3 },
      contacts: { total: 3 },
      messages: { total: 5 },
      sync_frequency: { runs_7d: 3 },
      graph: { calls: { total: 7, last_24h: 7 } },
    })
  })

  it('shows in sync-status what it shows of the page', async () => {
    const { body } = await get(`/pages/${pages[0]?.id}/sync-status`)
    expect(body.statistics).toMatchObject({ total_conversations: 2, total_messages: 5, sync_frequency: { runs_7d: 3 } })
  })

  it('shows a key for some pages only those, and another tenant nothing', async () => {
    const { body } = await get('/statistics', limited)
    expect(body.pages).toHaveLength(1)
    expect(body.statistics).toMatchObject({
      conversations: { total: 1 },
      sync_frequency: { runs_7d: 0 },
      graph: { calls: { total: 7 } },
    })
    const series = await get('/statistics/series?metric=sync_runs', limited)
    expect(series.body.points.every(({ value }: { value: number }) => value === 0)).toBe(true)
    expect((await get(`/statistics/series?metric=sync_runs&page_id=${pages[0]?.id}`, limited)).status).toBe(404)
    expect((await get('/statistics', other.key)).body).toMatchObject({
      pages: [],
      statistics: { messages: { total: 0 } },
    })
    expect((await get(`/statistics/series?metric=sync_runs&page_id=${pages[0]?.id}`, other.key)).status).toBe(404)
  })

  it('lists its pages by cursor', async () => {
    const first = (await get('/statistics?limit=1')).body
    const next = (await get(`/statistics?limit=1&cursor=${encodeURIComponent(first.next_cursor)}`)).body
    expect([first.pages[0].page.id, next.pages[0].page.id]).toEqual(pages.map(({ id }) => id))
  })

  it('draws series by hour and by day, with every step', async () => {
    const from = new Date(nowMs - 5 * HOUR_MS).toISOString()
    const to = new Date(nowMs).toISOString()
    const hours = (await get(`/statistics/series?metric=messages_in&step=hour&from=${from}&to=${to}`)).body
    expect(hours).toMatchObject({ metric: 'messages_in', step: 'hour', timezone: 'UTC' })
    expect(hours.points.map(({ value }: { value: number }) => value)).toEqual([0, 1, 1, 1, 1, 1])
    expect(Date.parse(hours.points[0].at) % HOUR_MS).toBe(0)
    const days = (await get(`/statistics/series?metric=messages_in&step=day&page_id=${pages[0]?.id}`)).body
    expect(days.points.reduce((sum: number, { value }: { value: number }) => sum + value, 0)).toBe(5)
    const waits = (await get('/statistics/series?metric=response_time_p90_seconds')).body
    expect(waits.points.at(0).value).toBeNull()
    expect(Math.abs(waits.points.at(-1).value / 3600 - 1)).toBeLessThan(0.1)
  })

  it.each([
    ['metric=nonsense', '/query/metric'],
    ['', '/query/metric'],
    ['metric=messages_in&step=minute', '/query/step'],
    ['metric=messages_in&from=yesterday', '/query/from'],
    ['metric=messages_in&to=2026-13-01', '/query/to'],
    ['metric=messages_in&from=2026-01-02T00:00:00Z&to=2026-01-01T00:00:00Z', '/query/from'],
    ['metric=messages_in&step=hour&from=2026-01-01T00:00:00Z&to=2026-03-01T00:00:00Z', '/query/from'],
    ['metric=messages_in&from=2020-01-01T00:00:00Z', '/query/from'],
    ['metric=messages_in&page_id=x', '/query/page_id'],
  ])('refuses a series of "%s", naming %s', async (query, path) => {
    const { status, body } = await get(`/statistics/series?${query}`)
    expect(status).toBe(400)
    expect(body.errors.map((error: { path: string }) => error.path)).toContain(path)
  })
})
