import { randomBytes } from 'node:crypto'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { createPageLimits } from '@pagesync/shared/store/repositories/page-limits.ts'
import { PAGES, type PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { describe, expect, inject, it } from 'vitest'
import { createApiData } from '../../support/api-data.ts'
import { type ApiSystem, startApiSystem } from '../../support/api-system.ts'
import { RESULTS } from '../../support/command-results.ts'
import { finishCommands } from '../../support/finish-command.ts'
import { call, type HttpAnswer } from '../../support/system.ts'

const ASYNC = { prefer: 'respond-async' }

function expectRefused(answer: HttpAnswer, name: string): void {
  expect(answer.status).toBe(429)
  expect(answer.body).toMatchObject({ success: false, code: 'RATE_LIMITED' })
  expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
  expect(answer.headers['ratelimit-policy']).toMatch(new RegExp(`^"${name}";q=\\d+;w=\\d+$`))
  expect(answer.headers.ratelimit).toBe(`"${name}";r=0;t=${answer.headers['retry-after']}`)
}

/** A page whose first full sync is done. */
async function syncedPage(system: ApiSystem): Promise<{ page: PageRow; key: string; conversation: number }> {
  const data = createApiData(system.store)
  const tenant = await data.addTenant('Angkor')
  const page = await data.addPage(tenant, String(Math.floor(Math.random() * 1e9)))
  await system.store.collection(PAGES).replaceMany([{ ...page, last_synced_ms: Date.now() }])
  const [conversation] = await data.addConversations(page, 1)
  return { page, key: tenant.key, conversation: conversation!.id }
}

describe('pulls of a page', () => {
  const config = { FULL_SYNC_EVERY_SECONDS: 300, PULLS_PER_MINUTE: 10 }

  it('a full sync once in five minutes; what shares it or repeats it is not another one', async () => {
    await using system = await startApiSystem({ config })
    const { page, key } = await syncedPage(system)
    const sync = (headers = {}) =>
      system.request(key, 'POST', `/pages/${page.id}/full-sync-from-facebook`, { headers: { ...ASYNC, ...headers } })
    const first = await sync({ 'idempotency-key': 'once' })
    expect(first.status).toBe(202)
    for (let i = 0; i < 5; i++) expect((await sync()).body.command.id).toBe(first.body.command.id)
    await using _worker = await finishCommands(system.store, system.eventLog, (row) => ({
      state: 'succeeded',
      result: RESULTS[row.type]!,
    }))
    const wait = (headers = {}) => sync({ prefer: 'wait=20', ...headers })
    expect((await wait({ 'idempotency-key': 'once' })).status).toBe(200)
    expectRefused(await sync(), 'full_sync')
    expect(Number((await sync()).headers['retry-after'])).toBeGreaterThan(200)
    expect((await sync({ 'idempotency-key': 'once' })).body.code).toBeUndefined()
    const incremental = await system.request(key, 'POST', `/pages/${page.id}/full-sync-from-facebook`, {
      body: { mode: 'incremental' },
      headers: ASYNC,
    })
    expectRefused(incremental, 'full_sync')
  })

  it('neither by letting one run again nor by connecting the page again is there another way round', async () => {
    await using system = await startApiSystem({ config })
    const { page, key } = await syncedPage(system)
    const post = (path: string, body?: object) => system.request(key, 'POST', path, { body, headers: ASYNC })
    const tokens = { access_token: 'token' }
    const reconnect = () => post(`/pages/${page.id}/reconnect`, tokens)
    const first = (await post(`/pages/${page.id}/full-sync-from-facebook`)).body.command.id
    // It is shared while it is open.
    expect((await reconnect()).body.command.id).toBe(first)
    expect((await post(`/commands/${first}/cancel`)).status).toBe(200)
    expectRefused(await post(`/commands/${first}/retry`), 'full_sync')
    for (const answer of [
      await reconnect(),
      await post('/pages', { ...tokens, facebook_page_id: page.facebook_page_id }),
    ]) {
      expect(answer.status, JSON.stringify(answer.body)).toBe(200)
      expect(answer.body).toMatchObject({ page: { id: page.id, status: 'active' }, command: null })
    }
    expect((await system.ledger.get(page.tenant_id, first))?.state).toBe('cancelled')

    const pull = (await post(`/pages/${page.id}/sync-from-facebook`)).body.command.id
    expect((await post(`/commands/${pull}/retry`)).body.code).toBe('NOT_RETRYABLE')
    for (let i = 1; i < 10; i++) {
      expect((await post(`/commands/${pull}/cancel`)).status).toBe(200)
      expect((await post(`/commands/${pull}/retry`)).status).toBe(202)
    }
    await post(`/commands/${pull}/cancel`)
    expectRefused(await post(`/commands/${pull}/retry`), 'pull')
  })

  it('connecting a page again syncs it where there is a place, and takes it', async () => {
    await using system = await startApiSystem({ config })
    const { page, key } = await syncedPage(system)
    const post = (path: string, body?: object) => system.request(key, 'POST', path, { body, headers: ASYNC })
    const { body } = await post(`/pages/${page.id}/reconnect`, { access_token: 'token' })
    expect(body.command).toMatchObject({ type: 'page.full_sync', trigger: 'reconnect' })
    await post(`/commands/${body.command.id}/cancel`)
    expectRefused(await post(`/pages/${page.id}/full-sync-from-facebook`), 'full_sync')
  })

  it('ten others a minute, of the page and its conversations together, of each page by itself', async () => {
    await using system = await startApiSystem({ config })
    const { page, key, conversation } = await syncedPage(system)
    await using _worker = await finishCommands(system.store, system.eventLog, (row) => ({
      state: 'succeeded',
      result: RESULTS[row.type]!,
    }))
    const paths = [`/pages/${page.id}/sync-from-facebook`, `/conversations/${conversation}/sync-status-from-facebook`]
    for (let i = 0; i < 10; i++) expect((await system.request(key, 'POST', paths[i % 2]!)).status).toBe(200)
    for (const path of paths) expectRefused(await system.request(key, 'POST', path), 'pull')
    expect((await system.request(key, 'GET', `/pages/${page.id}`)).status).toBe(200)
    const other = await syncedPage(system)
    const path = `/pages/${other.page.id}/sync-from-facebook`
    expect((await system.request(other.key, 'POST', path)).status).toBe(200)
  })

  it('the first full sync of a page does not use up the next', async () => {
    await using system = await startApiSystem({ config })
    const data = createApiData(system.store)
    const tenant = await data.addTenant('Angkor')
    const page = await data.addPage(tenant, '100')
    const path = `/pages/${page.id}/full-sync-from-facebook`
    expect((await system.request(tenant.key, 'POST', path, { headers: ASYNC })).status).toBe(202)
    const limit = { max: 1, windowMs: 300_000 }
    expect(await createPageLimits(system.store).take(page.id, 'full_sync', Date.now(), limit)).toBeNull()
  })
})

describe('places that instances share', () => {
  const mongodbUrl = inject('mongodbUrl')

  /** Many ask at once, in two instances: exactly as many get a place as there are. */
  const expectShared = async (stores: readonly Store[]): Promise<void> => {
    await ensureCollections(stores[0]!)
    const instances = stores.map((store) => createPageLimits(store))
    const limit = { max: 10, windowMs: 60_000 }
    const nowMs = Date.now()
    const take = (i: number) => instances[i % instances.length]!.take(7, 'pull', nowMs + i, limit)
    const waits = await Promise.all(Array.from({ length: 40 }, (_, i) => take(i)))
    expect(waits.filter((wait) => wait === null)).toHaveLength(10)
    expect(await instances[0]!.take(7, 'pull', nowMs + 30_000, limit)).toBeGreaterThan(29_000)
    expect(await instances[1]!.take(7, 'pull', nowMs + 60_040, limit)).toBeNull()
    await instances[0]!.giveBack(7, 'pull', nowMs + 60_040)
    expect(await instances[1]!.take(7, 'pull', nowMs + 60_041, { ...limit, max: 1 })).toBeNull()
  }

  it('on the embedded engine', async () => {
    await using system = await startApiSystem()
    await expectShared([system.store, system.store])
  })

  it.skipIf(!mongodbUrl)('on a MongoDB-compatible server', async () => {
    const url = new URL(`limits_${randomBytes(6).toString('hex')}`, mongodbUrl).href
    await using first = await openStore(url)
    await using second = await openStore(url)
    await expectShared([first, second])
  })
})

describe('requests', () => {
  it('of one key are limited, of another not, and it is told when to come again', async () => {
    await using system = await startApiSystem({ config: { KEY_REQUESTS_PER_MINUTE: 5 } })
    const data = createApiData(system.store)
    const tenant = await data.addTenant('Angkor')
    for (let i = 0; i < 5; i++) expect((await system.request(tenant.key, 'GET', '/pages')).status).toBe(200)
    expectRefused(await system.request(tenant.key, 'GET', '/pages'), 'requests')
    expect((await system.request(await data.addKey(tenant.id, ['read']), 'GET', '/pages')).status).toBe(200)
  })

  it('of an address without valid credentials are limited before anybody looks at them', async () => {
    await using system = await startApiSystem({ config: { REFUSALS_PER_MINUTE: 20 } })
    const tenant = await createApiData(system.store).addTenant('Angkor')
    for (let i = 0; i < 50; i++) expect((await system.request(tenant.key, 'GET', '/pages')).status).toBe(200)
    for (let i = 0; i < 20; i++) expect((await system.request('', 'GET', '/pages')).status).toBe(401)
    expectRefused(await system.request('', 'GET', '/pages'), 'refusals')
    expectRefused(await system.request(tenant.key, 'GET', '/pages'), 'refusals')
    const { body } = await call(`${system.origin}/readyz`, 'GET')
    expect(body.parts.strangers).toMatchObject({ refused: 20, refused_unasked: 2 })
  })

  it('are counted by the address that the last trusted proxy saw, whatever callers say of themselves', async () => {
    await using plain = await startApiSystem({ config: { REFUSALS_PER_MINUTE: 5 } })
    const from = (system: ApiSystem, address: string) =>
      system.request('', 'GET', '/pages', { headers: { 'x-forwarded-for': address, forwarded: `for=${address}` } })
    for (let i = 0; i < 5; i++) expect((await from(plain, `198.51.100.${i}`)).status).toBe(401)
    expectRefused(await from(plain, '198.51.100.99'), 'refusals')

    const config = { REFUSALS_PER_MINUTE: 5, TRUSTED_PROXIES: '10.0.0.0/8, 127.0.0.1' }
    await using behind = await startApiSystem({ config })
    const seen = (i: number) => from(behind, `198.51.100.${i}, 203.0.113.7, 10.1.2.3`)
    for (let i = 0; i < 5; i++) expect((await seen(i)).status).toBe(401)
    expectRefused(await seen(99), 'refusals')
    expect((await from(behind, '203.0.113.7, 203.0.113.8')).status).toBe(401)
  })
})
