import { ALL_SCOPES } from '@pagesync/shared/store/repositories/tenants.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiData, type TestTenant } from '../../support/api-data.ts'
import { type ApiSystem, OPERATOR_TOKEN, startApiSystem } from '../../support/api-system.ts'
import { eventually } from '../../support/eventually.ts'

let system: ApiSystem
let data: ReturnType<typeof createApiData>
let tenant: TestTenant

beforeAll(async () => {
  system = await startApiSystem()
  data = createApiData(system.store)
  tenant = await data.addTenant('Angkor')
})
afterAll(() => system?.[Symbol.asyncDispose]())

const make = (key: string, body: object) => system.request(key, 'POST', '/api-keys', { body })

describe('making a key', () => {
  it('shows it once, and it works at once', async () => {
    const made = await make(tenant.key, { name: 'CRM', scopes: ['read'] })
    expect(made.status).toBe(201)
    const { key, ...shown } = made.body.api_key
    expect(key).toMatch(/^ps_live_[A-Za-z0-9_-]{43}$/)
    expect(shown).toEqual({
      id: expect.stringMatching(/^key_/),
      name: 'CRM',
      prefix: key.slice(0, 12),
      scopes: ['read'],
      page_ids: null,
      created_at: expect.stringMatching(/Z$/),
      expires_at: null,
      revoked_at: null,
      last_used_at: null,
    })
    expect((await system.request(key, 'GET', '/pages')).status).toBe(200)
    const listed = await system.request(tenant.key, 'GET', '/api-keys')
    expect(JSON.stringify(listed.body)).not.toContain(key)
    expect(listed.body.api_keys[0]).toMatchObject({ id: shown.id, prefix: shown.prefix })
  })

  it('gives nothing that its maker has not: no scope, no page, no longer life', async () => {
    const [page, other] = [await data.addPage(tenant, '100'), await data.addPage(tenant, '101')]
    const theirs = await data.addPage(await data.addTenant('Theirs'), '102')
    const limited = await data.addKey(tenant.id, ['read', 'admin'], [page.id])
    const asks: readonly (readonly [string, object, number])[] = [
      [limited, { scopes: ['push'], page_ids: [page.id] }, 403],
      [limited, { scopes: ['read'] }, 403],
      [limited, { scopes: ['read'], page_ids: null }, 403],
      [limited, { scopes: ['read'], page_ids: [page.id, other.id] }, 404],
      [limited, { scopes: ['read'], page_ids: [page.id] }, 201],
      [tenant.key, { scopes: ['read'], page_ids: [theirs.id] }, 404],
      [tenant.key, { scopes: ['read'], page_ids: [page.id, other.id] }, 201],
    ]
    for (const [key, body, status] of asks)
      expect((await make(key, { name: 'x', ...body })).status, JSON.stringify(body)).toBe(status)

    const soon = new Date(Date.now() + 3_600_000).toISOString()
    const later = new Date(Date.now() + 7_200_000).toISOString()
    const expiring = (await make(tenant.key, { name: 'x', scopes: ['admin'], expires_at: soon })).body.api_key.key
    expect((await make(expiring, { name: 'x', scopes: ['admin'] })).status).toBe(403)
    expect((await make(expiring, { name: 'x', scopes: ['admin'], expires_at: later })).status).toBe(403)
    expect((await make(expiring, { name: 'x', scopes: ['admin'], expires_at: soon })).status).toBe(201)
  })

  it.each([
    [{ scopes: [] }],
    [{ scopes: ['root'] }],
    [{ scopes: ['read', 'read'] }],
    [{ scopes: ['read'], page_ids: [] }],
    [{ scopes: ['read'], expires_at: '2020-01-01T00:00:00Z' }],
    [{ scopes: ['read'], expires_at: 'tomorrow' }],
    [{ scopes: ['read'], expires_at: '2099-13-01T00:00:00Z' }],
    [{ scopes: ['read'], extra: true }],
  ])('refuses %j', async (body) => {
    expect((await make(tenant.key, { name: 'x', ...body })).status).toBe(400)
  })

  it('a key for some pages keeps the keys for these pages alone', async () => {
    const page = await data.addPage(tenant, '110')
    const limited = await data.addKey(tenant.id, ['admin'], [page.id])
    const all = await system.request(tenant.key, 'GET', '/api-keys?limit=200')
    const seen = await system.request(limited, 'GET', '/api-keys')
    expect(all.body.api_keys.length).toBeGreaterThan(3)
    expect(seen.body.api_keys).toHaveLength(1)
    const wide = all.body.api_keys.find((key: { page_ids: unknown }) => key.page_ids === null)
    expect((await system.request(limited, 'DELETE', `/api-keys/${wide.id}`)).status).toBe(404)
  })
})

describe('a key in use', () => {
  it('is refused within five seconds after it was revoked, also where it had been let in before', async () => {
    const { key, id } = (await make(tenant.key, { name: 'short', scopes: ['read'] })).body.api_key
    expect((await system.request(key, 'GET', '/pages')).status).toBe(200)
    const revoked = await system.request(tenant.key, 'DELETE', `/api-keys/${id}`)
    const revokedMs = Date.now()
    expect(revoked.body.api_key.revoked_at).toMatch(/Z$/)
    await eventually(async () => (await system.request(key, 'GET', '/pages')).status === 401)
    // The cache's bound, not the machine's speed: it counts from before the row was read.
    expect(Date.now() - revokedMs).toBeLessThan(10_000)
    const again = await system.request(tenant.key, 'DELETE', `/api-keys/${id}`)
    expect(again.body.api_key.revoked_at).toBe(revoked.body.api_key.revoked_at)
  })

  it('hears no more of what happens within five seconds after it was revoked', async () => {
    const { key, id } = (await make(tenant.key, { name: 'listener', scopes: ['read'] })).body.api_key
    const stream = await fetch(`${system.url}/events`, { headers: { authorization: `Bearer ${key}` } })
    const other = await fetch(`${system.url}/events`, { headers: { authorization: `Bearer ${tenant.key}` } })
    expect([stream.status, other.status]).toEqual([200, 200])
    let ended = false
    const drain = async (body: ReadableStream) => {
      for await (const _ of body);
      ended = true
    }
    const drained = drain(stream.body!)
    expect(ended).toBe(false)
    await system.request(tenant.key, 'DELETE', `/api-keys/${id}`)
    const revokedMs = Date.now()
    await drained
    // The bound between two looks, not the machine's speed.
    expect(Date.now() - revokedMs).toBeLessThan(10_000)
    await other.body!.cancel()
  })

  it('has its last use noted', async () => {
    const { key, id } = (await make(tenant.key, { name: 'used', scopes: ['read'] })).body.api_key
    const before = Date.now()
    await system.request(key, 'GET', '/pages')
    await eventually(async () => {
      const { body } = await system.request(tenant.key, 'GET', '/api-keys?limit=200')
      const lastUsed = body.api_keys.find((each: { id: string }) => each.id === id).last_used_at
      return lastUsed !== null && Date.parse(lastUsed) >= before
    })
  })
})

describe('the operator', () => {
  it("makes, lists and revokes a tenant's keys", async () => {
    const path = `/tenants/${tenant.id}/api-keys`
    const made = await system.request(OPERATOR_TOKEN, 'POST', path, { body: { name: 'lost', scopes: ALL_SCOPES } })
    expect(made.status).toBe(201)
    expect((await system.request(made.body.api_key.key, 'GET', '/pages')).status).toBe(200)
    const listed = await system.request(OPERATOR_TOKEN, 'GET', `${path}?limit=1`)
    expect(listed.body).toMatchObject({ api_keys: [{ name: 'lost' }], next_cursor: expect.any(String) })
    const gone = await system.request(OPERATOR_TOKEN, 'DELETE', `${path}/${made.body.api_key.id}`)
    expect(gone.body.api_key).toMatchObject({ name: 'lost', revoked_at: expect.any(String) })
    expect((await system.request(OPERATOR_TOKEN, 'GET', '/tenants/t_none/api-keys')).body.code).toBe('TENANT_NOT_FOUND')
    expect((await system.request(OPERATOR_TOKEN, 'DELETE', `${path}/key_none`)).body.code).toBe('API_KEY_NOT_FOUND')
  })
})
