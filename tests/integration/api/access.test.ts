import { TOPICS } from '@pagesync/shared/model/topics.ts'
import { createDeadLetters } from '@pagesync/shared/store/repositories/dead-letters.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiData, type TestTenant } from '../../support/api-data.ts'
import { type ApiSystem, OPERATOR_TOKEN, startApiSystem } from '../../support/api-system.ts'
import { call } from '../../support/system.ts'

let system: ApiSystem
let data: ReturnType<typeof createApiData>
let mine: TestTenant
let theirs: TestTenant

beforeAll(async () => {
  system = await startApiSystem()
  data = createApiData(system.store)
  mine = await data.addTenant('Mine')
  theirs = await data.addTenant('Theirs')
})
afterAll(() => system?.[Symbol.asyncDispose]())

type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'

/** Something of a tenant's page that was given up on. */
function buryFor(tenantId: string | null, facebookPageId: string | null, headers?: Record<string, string>) {
  return createDeadLetters(system.store, system.eventLog, '/test').bury({
    tenantId,
    facebookPageId,
    code: 'COMMAND_REJECTED',
    reason: 'bad',
    attempts: 1,
    origin: { kind: 'record', topic: TOPICS.commands, partition: 0, offset: Math.floor(Math.random() * 1e9) },
    key: facebookPageId ?? '',
    ...(headers ? { headers } : {}),
    payload: Buffer.from('{}'),
    nowMs: Date.now(),
  })
}

/** A path that fits the route, with ids that were never given. */
const examplePath = (path: string): string => path.replaceAll(/:[A-Za-z]+/g, '999999')

describe('without credentials', () => {
  it('every route answers 401 without a hint, but for health and documents', async () => {
    const open = new Set<string>()
    for (const { method, path, access } of system.api.routes) {
      if (method === 'HEAD' || path.includes('*')) continue
      const answer = await call(`${system.origin}${examplePath(path)}`, method as 'GET')
      if (access === null) {
        open.add(path)
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

describe('ownership', () => {
  it('answers for what another tenant has exactly as for what was never there', async () => {
    const page = await data.addPage(theirs, '900')
    const [conversation] = await data.addConversations(page, 1, () => ({ last_customer_ms: Date.now() }))
    const command = await system.request(theirs.key, 'POST', `/pages/${page.id}/sync-from-facebook`, {
      headers: { prefer: 'respond-async' },
    })
    const contact = (await system.request(theirs.key, 'GET', `/pages/${page.id}/contacts`)).body.contacts[0]
    const letter = await buryFor(theirs.id, page.facebook_page_id)
    const paths: readonly (readonly [Method, (id: string | number) => string, string | number, object?])[] = [
      ['GET', (id) => `/pages/${id}`, page.id],
      ['GET', (id) => `/pages/${id}/conversations`, page.id],
      ['GET', (id) => `/pages/${id}/contacts`, page.id],
      ['GET', (id) => `/pages/${id}/sync-status`, page.id],
      ['GET', (id) => `/pages/${id}/sync-history`, page.id],
      ['POST', (id) => `/pages/${id}/sync-from-facebook`, page.id],
      ['POST', (id) => `/pages/${id}/full-sync-from-facebook`, page.id],
      ['GET', (id) => `/conversations/${id}`, conversation!.id],
      ['GET', (id) => `/conversations/${id}/messages`, conversation!.id],
      ['POST', (id) => `/conversations/${id}/sync-messages-from-facebook`, conversation!.id],
      ['POST', (id) => `/conversations/${id}/sync-status-from-facebook`, conversation!.id],
      ['PUT', (id) => `/pages/${id}/update-to-facebook`, page.id, { about: 'x' }],
      ['POST', (id) => `/pages/${id}/send-message`, page.id, { recipient_id: '5', message: 'x' }],
      ...['archive', 'unarchive', 'mute', 'unmute', 'mark-read'].map(
        (act): readonly [Method, (id: string | number) => string, number] => [
          'POST',
          (id) => `/conversations/${id}/${act}-on-facebook`,
          conversation!.id,
        ],
      ),
      ['POST', (id) => `/conversations/${id}/thread-control`, conversation!.id, { action: 'take' }],
      ['POST', (id) => `/conversations/${id}/messages`, conversation!.id, { message: 'x' }],
      ['PATCH', (id) => `/pages/${id}`, page.id, { settings: {} }],
      ['GET', (id) => `/pages/${id}/comments`, page.id],
      ['POST', (id) => `/comments/${id}/private-reply`, (await data.addComment(page)).id, { message: 'x' }],
      ['POST', (id) => `/commands/${id}/cancel`, command.body.command.id],
      ['POST', (id) => `/commands/${id}/retry`, command.body.command.id],
      ['GET', (id) => `/contacts/${id}`, contact.id],
      ['GET', (id) => `/pages/${id}/conversations/unanswered`, page.id],
      ['PATCH', (id) => `/conversations/${id}`, conversation!.id, { status: 'closed' }],
      ['PUT', (id) => `/contacts/${id}`, contact.id, { notes: 'x' }],
      ['PUT', (id) => `/contacts/${id}/update-in-system`, contact.id, { notes: 'x' }],
      ['GET', (id) => `/dead-letters/${id}`, letter],
      ['POST', (id) => `/dead-letters/${id}/replay`, letter],
      ['DELETE', (id) => `/dead-letters/${id}`, letter],
      ['GET', (id) => `/commands/${id}`, command.body.command.id],
      ['GET', (id) => `/commands?page_id=${id}`, page.id],
    ]
    for (const [method, pathOf, id, body] of paths) {
      const notMine = await system.request(mine.key, method, pathOf(id), { body })
      const notThere = await system.request(mine.key, method, pathOf(987_654_321), { body })
      // Asked last: it may delete what was asked for.
      const headers = { prefer: 'respond-async' }
      const own = await system.request(theirs.key, method, pathOf(id), { headers, body })
      expect(own.status, `${pathOf(id)} ${JSON.stringify(own.body)}`).toBeLessThan(300)
      expect(notMine.status, pathOf(id)).toBe(404)
      const comparable = ({ body }: typeof notMine, own: string | number) =>
        JSON.stringify({ ...body, request_id: '' }).replaceAll(String(own), 'ID')
      expect(comparable(notMine, id)).toBe(comparable(notThere, 987_654_321))
    }
    expect((await system.request(mine.key, 'GET', '/pages')).body.pages).toEqual([])
    expect((await system.request(mine.key, 'GET', '/commands')).body.commands).toEqual([])
  })

  it('a key for some pages sees no other page, nor anything of it', async () => {
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
