import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiData, type TestTenant } from '../../support/api-data.ts'
import { type ApiSystem, OPERATOR_TOKEN, startApiSystem } from '../../support/api-system.ts'
import { call } from '../../support/system.ts'

let system: ApiSystem
let data: ReturnType<typeof createApiData>
let mine: TestTenant

beforeAll(async () => {
  system = await startApiSystem()
  data = createApiData(system.store)
  mine = await data.addTenant('Mine')
  await data.addTenant('Theirs')
})
afterAll(() => system?.[Symbol.asyncDispose]())

/** A path that fits the route, with ids that were never given. */
const examplePath = (path: string): string => path.replaceAll(/:[A-Za-z]+/g, '999999')

describe('without credentials', () => {
  it('every route answers 401 without a hint, but for health and documents', async () => {
    const open = new Set<string>()
    for (const { method, path, access } of system.api.routes) {
      if (method === 'HEAD' || path.includes('*')) continue
      const answer = await call(`${system.origin}${examplePath(path)}`, method as 'GET')
      if (access === null || access === 'public') {
        if (access === null) open.add(path)
        expect(answer.status, path).not.toBe(401)
      } else {
        expect(answer.status, `${method} ${path}`).toBe(401)
        expect(answer.headers['www-authenticate']).toBe('Bearer')
        expect(answer.body).toMatchObject({ success: false, code: 'UNAUTHENTICATED', status: 401, errors: [] })
      }
    }
    expect([...open].filter((path) => !path.startsWith('/docs')).sort()).toEqual(['/livez', '/readyz'])
    expect(system.api.routes.filter(({ access }) => access !== null).length).toBeGreaterThan(30)
  })

  it('HEAD is refused where GET is', async () => {
    const answer = await fetch(`${system.url}/pages`, { method: 'HEAD' })
    expect(answer.status).toBe(401)
  })

  const unknownKey = `ps_live_${'A'.repeat(43)}`
  it.each([
    ['an unknown key', `Bearer ${unknownKey}`],
    ['a malformed key', 'Bearer ps_live_short'],
    ['another scheme', `Basic ${Buffer.from('a:b').toString('base64')}`],
    ['no token', 'Bearer '],
    ['two tokens', `Bearer ${unknownKey} ${unknownKey}`],
    ['a token far too long', `Bearer ${'x'.repeat(9000)}`],
    ['the token of the operator', `Bearer ${OPERATOR_TOKEN}`],
  ])('%s gets the same answer as none at all', async (_what, authorization) => {
    const without = await call(`${system.url}/pages`, 'GET')
    const answer = await call(`${system.url}/pages`, 'GET', { headers: { authorization } })
    expect(answer.status).toBe(401)
    expect({ ...answer.body, request_id: '' }).toEqual({ ...without.body, request_id: '' })
  })

  it('the body is not even read before the credentials are', async () => {
    const answer = await fetch(`${system.url}/pages`, { method: 'POST', body: 'x'.repeat(100_000) })
    expect(answer.status).toBe(401)
  })
})

describe('scopes', () => {
  it('a key without the scope gets 403, whatever the id', async () => {
    const reader = await data.addKey(mine.id, ['read'])
    for (const path of ['/pages/1/full-sync-from-facebook', '/pages/999/sync-from-facebook']) {
      const answer = await system.request(reader, 'POST', path)
      expect(answer.status).toBe(403)
      expect(answer.body).toMatchObject({ success: false, code: 'FORBIDDEN' })
    }
    expect((await system.request(reader, 'GET', '/pages')).status).toBe(200)
    expect((await system.request(await data.addKey(mine.id, ['sync']), 'GET', '/pages')).status).toBe(403)
  })

  it('an expired key is refused as an unknown one', async () => {
    const { key } = await data.tenants.createApiKey(
      { tenantId: mine.id, name: 'old', scopes: ['read'], expiresMs: Date.now() - 1 },
      Date.now(),
    )
    expect((await system.request(key, 'GET', '/pages')).status).toBe(401)
  })
})

describe('a key for some pages', () => {
  it('sees no other page, nor anything of it', async () => {
    const allowed = await data.addPage(mine, '910')
    const other = await data.addPage(mine, '911')
    const [conversation] = await data.addConversations(other, 1)
    const ours = await system.request(mine.key, 'POST', `/pages/${other.id}/sync-from-facebook`, {
      headers: { prefer: 'respond-async' },
    })
    const limited = await data.addKey(mine.id, ['read', 'sync', 'admin'], [allowed.id])
    const listed = await system.request(limited, 'GET', '/pages')
    expect(listed.body.pages.map((page: { id: number }) => page.id)).toEqual([allowed.id])
    expect((await system.request(limited, 'GET', `/pages/${allowed.id}`)).status).toBe(200)
    for (const path of [
      `/pages/${other.id}`,
      `/pages/${other.id}/conversations`,
      `/conversations/${conversation!.id}`,
      `/conversations/${conversation!.id}/messages`,
      `/commands/${ours.body.command.id}`,
      `/commands?page_id=${other.id}`,
    ])
      expect((await system.request(limited, 'GET', path)).status, path).toBe(404)
    expect((await system.request(limited, 'GET', '/commands')).body.commands).toEqual([])
    expect((await system.request(limited, 'POST', `/pages/${other.id}/sync-contacts-from-facebook`)).status).toBe(404)
    const connecting = await system.request(limited, 'POST', '/pages', {
      body: { facebook_page_id: '912', access_token: 'token' },
    })
    expect(connecting.status).toBe(403)
  })
})

describe('the operator', () => {
  it('makes a tenant whose key works at once, and lists the tenants by id, page by page', async () => {
    const made = await system.request(OPERATOR_TOKEN, 'POST', '/tenants', { body: { name: 'Fresh' } })
    expect(made.status).toBe(201)
    expect(made.body).toMatchObject({
      success: true,
      tenant: { id: expect.stringMatching(/^t_/), name: 'Fresh' },
      api_key: expect.stringMatching(/^ps_live_[A-Za-z0-9_-]{43}$/),
    })
    expect((await system.request(made.body.api_key, 'GET', '/pages')).body).toEqual({
      success: true,
      pages: [],
      next_cursor: null,
    })
    const names: string[] = []
    for (let cursor: string | null = ''; cursor !== null; ) {
      const page = await system.request(OPERATOR_TOKEN, 'GET', `/tenants?limit=1${cursor && `&cursor=${cursor}`}`)
      names.push(...page.body.tenants.map((tenant: { name: string }) => tenant.name))
      cursor = page.body.next_cursor
    }
    expect(names.sort()).toEqual(['Fresh', 'Mine', 'Theirs'])
  })

  it("a tenant's key may not, and is told so", async () => {
    expect((await system.request(mine.key, 'GET', '/tenants')).status).toBe(403)
    expect((await system.request(mine.key, 'POST', '/tenants', { body: { name: 'x' } })).status).toBe(403)
  })

  it('has no routes where there is no operator', async () => {
    await using other = await startApiSystem({ config: { OPERATOR_TOKEN: undefined } })
    const answer = await other.request(OPERATOR_TOKEN, 'GET', '/tenants')
    expect(answer.status).toBe(404)
    expect(answer.body).toMatchObject({ code: 'ROUTE_NOT_FOUND' })
  })
})
