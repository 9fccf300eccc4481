import { connect } from 'node:net'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiData, type TestTenant } from '../../support/api-data.ts'
import { type ApiSystem, startApiSystem } from '../../support/api-system.ts'
import { call } from '../../support/system.ts'

const ORIGIN = 'https://console.example.com'
let system: ApiSystem
let tenant: TestTenant

beforeAll(async () => {
  system = await startApiSystem({ config: { CORS_ORIGINS: `${ORIGIN},http://localhost:5173` } })
  tenant = await createApiData(system.store).addTenant('Angkor')
})
afterAll(() => system?.[Symbol.asyncDispose]())

it('answers and errors tell browsers to do nothing with them', async () => {
  for (const path of ['/pages', '/nowhere']) {
    const { headers } = await system.request(tenant.key, 'GET', path)
    expect(headers).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'SAMEORIGIN',
      'referrer-policy': 'no-referrer',
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
    })
    expect(headers['x-powered-by']).toBeUndefined()
    expect(headers.server).toBeUndefined()
  }
})

it('/docs keeps a policy under which it works', async () => {
  const { headers } = await call(`${system.origin}/docs`, 'GET')
  expect(headers['content-security-policy']).toContain("script-src 'self'")
  expect(headers['content-security-policy']).toContain("default-src 'none'")
})

describe('other origins', () => {
  const preflight = (url: string, origin: string) =>
    fetch(`${url}/pages`, {
      method: 'OPTIONS',
      headers: { origin, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
    })

  it('may call where they are named, and see what they need', async () => {
    const allowed = await preflight(system.url, ORIGIN)
    expect(allowed.headers.get('access-control-allow-origin')).toBe(ORIGIN)
    expect(allowed.headers.get('access-control-allow-credentials')).toBeNull()
    const answer = await system.request(tenant.key, 'GET', '/pages', { headers: { origin: ORIGIN } })
    expect(answer.headers['access-control-allow-origin']).toBe(ORIGIN)
    expect(answer.headers['access-control-expose-headers']).toContain('retry-after')
    const refused = await preflight(system.url, 'https://evil.example.com')
    expect(refused.headers.get('access-control-allow-origin')).not.toBe('https://evil.example.com')
  })

  it('may not where none is', async () => {
    await using plain = await startApiSystem()
    const answer = await preflight(plain.url, ORIGIN)
    expect(answer.headers.get('access-control-allow-origin')).toBeNull()
  })
})

it('attachments must be at public https addresses', async () => {
  const data = createApiData(system.store)
  const page = await data.addPage(tenant, '100')
  const [conversation] = await data.addConversations(page, 1, () => ({ last_customer_ms: Date.now() }))
  const send = (body: object) =>
    system.request(tenant.key, 'POST', `/conversations/${conversation!.id}/messages`, {
      body,
      headers: { prefer: 'respond-async' },
    })
  const image = (url: string) => ({ attachment: { type: 'image', url } })
  expect((await send(image('https://cdn.example.com/a.png'))).status).toBe(202)
  for (const url of ['http://cdn.example.com/a.png', 'https://169.254.169.254/latest', 'https://localhost/a'])
    expect((await send(image(url))).body.errors).toEqual([
      { path: '/attachment/url', message: 'must be a public https address' },
    ])
  const replies = [{ content_type: 'text', title: 'a', payload: 'b', image_url: 'https://10.0.0.1/a.png' }]
  const answer = await send({ message: 'x', quick_replies: replies })
  expect(answer.body.errors).toEqual([
    { path: '/quick_replies/0/image_url', message: 'must be a public https address' },
  ])
})

it('headers above 16 KiB are refused in the error shape', async () => {
  const answer = await raw(`GET /api/facebook/pages HTTP/1.1\r\nhost: x\r\nx-long: ${'x'.repeat(20_000)}\r\n\r\n`)
  expect(answer).toMatch(/^HTTP\/1\.1 431 /)
  expect(JSON.parse(answer.split('\r\n\r\n')[1]!)).toMatchObject({ success: false, status: 431 })
})

it('whoever sends their headers slowly is cut off', () => {
  expect(system.api.app.server.headersTimeout).toBe(10_000)
  expect(system.api.app.server.requestTimeout).toBe(30_000)
})

function raw(text: string): Promise<string> {
  const { hostname, port } = new URL(system.origin)
  return new Promise((resolve, reject) => {
    let answer = ''
    const socket = connect(Number(port), hostname, () => socket.write(text))
    socket.setEncoding('utf8')
    socket.on('data', (piece) => {
      answer += piece
    })
    socket.on('close', () => resolve(answer))
    socket.on('error', reject)
  })
}
