import { createAuditLog } from '@pagesync/shared/store/repositories/audit-log.ts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createApiData, type TestTenant } from '../../support/api-data.ts'
import { type ApiSystem, OPERATOR_TOKEN, startApiSystem } from '../../support/api-system.ts'
import { eventually } from '../../support/eventually.ts'
import { call } from '../../support/system.ts'

let system: ApiSystem
let data: ReturnType<typeof createApiData>
let tenant: TestTenant
let theirs: TestTenant

beforeAll(async () => {
  system = await startApiSystem()
  data = createApiData(system.store)
  tenant = await data.addTenant('Angkor')
  theirs = await data.addTenant('Theirs')
})
afterAll(() => system?.[Symbol.asyncDispose]())

/** The entry of one request, once it is there. */
async function entryOf(requestId: string, token = tenant.key, query = '') {
  return eventually(async () => {
    const { body } = await system.request(token, 'GET', `/audit-log?limit=200${query}`)
    return body.audit_log.find((entry: { request_id: string }) => entry.request_id === requestId)
  })
}
const idOf = (answer: { headers: Readonly<Record<string, unknown>> }): string => String(answer.headers['x-request-id'])

it('tells who did what, on what, from where, when, and how it ended', async () => {
  const page = await data.addPage(tenant, '100')
  const changed = await system.request(tenant.key, 'PATCH', `/pages/${page.id}`, {
    body: { settings: { muted_label: 'Quiet' } },
    headers: { 'user-agent': 'crm/1.0' },
  })
  const key = (await system.request(tenant.key, 'GET', '/api-keys')).body.api_keys[0]
  expect(await entryOf(idOf(changed))).toEqual({
    id: `au_${idOf(changed)}`,
    at: expect.stringMatching(/Z$/),
    tenant_id: tenant.id,
    actor: { kind: 'api_key', id: key.id },
    method: 'PATCH',
    route: '/api/facebook/pages/:id',
    params: { id: String(page.id) },
    address: expect.stringContaining('127.0.0.1'),
    client: 'crm/1.0',
    status: 200,
    code: null,
    request_id: idOf(changed),
    times: 1,
  })
})

it('tells of every refused try of somebody known, reads too, and of no read that was answered', async () => {
  const page = await data.addPage(theirs, '200')
  const reader = await data.addKey(tenant.id, ['read'])
  const foreign = await system.request(tenant.key, 'GET', `/pages/${page.id}`)
  const forbidden = await system.request(reader, 'GET', '/api-keys')
  const invalid = await system.request(tenant.key, 'POST', '/api-keys', { body: { nonsense: true } })
  const read = await system.request(tenant.key, 'GET', '/pages')
  const stranger = await system.request('ps_live_short', 'POST', '/pages', { body: {} })
  expect(await entryOf(idOf(foreign))).toMatchObject({
    status: 404,
    code: 'PAGE_NOT_FOUND',
    params: { id: String(page.id) },
  })
  expect(await entryOf(idOf(forbidden))).toMatchObject({ status: 403, code: 'FORBIDDEN' })
  expect(await entryOf(idOf(invalid))).toMatchObject({ status: 400, code: 'VALIDATION_FAILED', method: 'POST' })
  const { body } = await system.request(tenant.key, 'GET', '/audit-log?limit=200')
  for (const answer of [read, stranger]) expect(JSON.stringify(body)).not.toContain(`"${idOf(answer)}"`)
  const ready = await call(`${system.origin}/readyz`, 'GET')
  expect(ready.body.parts.strangers.refused).toBeGreaterThan(0)
  expect(ready.body.parts.audit_log).toMatchObject({ status: 'up', lost: 0 })
})

it('each tenant sees its own, with what the operator did to it; the operator sees all', async () => {
  const made = await system.request(OPERATOR_TOKEN, 'POST', `/tenants/${tenant.id}/api-keys`, {
    body: { name: 'x', scopes: ['read'] },
  })
  expect(await entryOf(idOf(made))).toMatchObject({ actor: { kind: 'operator' }, tenant_id: tenant.id, status: 201 })
  const another = await system.request(OPERATOR_TOKEN, 'POST', '/tenants', { body: { name: 'Fresh' } })
  expect(await entryOf(idOf(another), OPERATOR_TOKEN)).toMatchObject({ tenant_id: null })
  expect((await system.request(theirs.key, 'GET', '/audit-log')).body.audit_log).toEqual([])
})

it('is read page by page and by time, and cannot be changed', async () => {
  const before = new Date(Date.now() + 1).toISOString()
  await eventually(() => Date.now() > Date.parse(before))
  const requests = []
  for (let i = 0; i < 5; i++)
    requests.push(await system.request(tenant.key, 'PUT', '/settings', { body: { retention: {} } }))
  await entryOf(idOf(requests.at(-1)!))
  const seen: string[] = []
  for (let cursor: string | null = ''; cursor !== null; ) {
    const path: string = `/audit-log?limit=2&from=${before}${cursor && `&cursor=${encodeURIComponent(cursor)}`}`
    const { body } = await system.request(tenant.key, 'GET', path)
    seen.push(...body.audit_log.map((entry: { request_id: string }) => entry.request_id))
    cursor = body.next_cursor
  }
  expect(seen).toEqual(requests.map(idOf).reverse())
  const earlier = await system.request(tenant.key, 'GET', `/audit-log?limit=200&to=${before}`)
  expect(earlier.body.audit_log.length).toBeGreaterThan(0)
  for (const entry of earlier.body.audit_log) expect(seen).not.toContain(entry.request_id)
  expect((await system.request(tenant.key, 'GET', '/audit-log?from=yesterday')).status).toBe(400)
  for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'] as const)
    expect((await system.request(tenant.key, method, '/audit-log')).status).toBe(404)
})

it('tells of changes whose caller hung up before the answer', async () => {
  const page = await data.addPage(tenant, '101')
  const hangUp = new AbortController()
  const asked = fetch(`${system.url}/pages/${page.id}/sync-from-facebook`, {
    method: 'POST',
    headers: { authorization: `Bearer ${tenant.key}`, prefer: 'wait=1', 'user-agent': 'hasty/1.0' },
    signal: hangUp.signal,
  })
  // Nobody runs the command here: once it is in the ledger, its caller waits.
  await eventually(
    async () => (await system.request(tenant.key, 'GET', `/commands?page_id=${page.id}`)).body.commands.length === 1,
  )
  hangUp.abort()
  await expect(asked).rejects.toThrow()
  const entry = await eventually(async () => {
    const { body } = await system.request(tenant.key, 'GET', '/audit-log?limit=200')
    return body.audit_log.find(({ client }: { client: string | null }) => client === 'hasty/1.0')
  })
  expect(entry).toMatchObject({ method: 'POST', params: { pageId: String(page.id) }, status: 202, times: 1 })
})

it('holds neither bodies nor queries', async () => {
  const secret = 'EAAB-a-token-of-somebody'
  const answer = await system.request(tenant.key, 'POST', '/pages', {
    body: { facebook_page_id: '321', access_token: secret },
  })
  const searched = await system.request(tenant.key, 'GET', '/pages/999999/contacts?q=Sokha')
  await entryOf(idOf(answer))
  await entryOf(idOf(searched))
  const { body } = await system.request(tenant.key, 'GET', '/audit-log?limit=200')
  expect(JSON.stringify(body)).not.toMatch(/EAAB|Sokha/)
})

it('forgets what its time is over for, of one tenant', async () => {
  const auditLog = createAuditLog(system.store)
  const count = async (id: string) => (await auditLog.list(id, {}, 1_000)).length
  await system.request(theirs.key, 'PUT', '/settings', { body: { retention: {} } })
  await eventually(async () => (await count(theirs.id)) > 0)
  expect(await auditLog.forget(tenant.id, Date.now() + 1, 3)).toBe(3)
  for (;;) if ((await auditLog.forget(tenant.id, Date.now() + 1, 1_000)) === 0) break
  expect(await count(tenant.id)).toBe(0)
  expect(await count(theirs.id)).toBeGreaterThan(0)
})
