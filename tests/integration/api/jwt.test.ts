import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto'
import { createServer, type Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { createEraser } from '@pagesync/shared/erasure/eraser.ts'
import { createTombstones } from '@pagesync/shared/store/repositories/tombstones.ts'
import { exportJWK, SignJWT } from 'jose'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiData, type TestTenant } from '../../support/api-data.ts'
import { type ApiSystem, startApiSystem } from '../../support/api-system.ts'
import { eventually } from '../../support/eventually.ts'
import { ERASURE_KEY } from '../../support/token-keys.ts'

const SECRET = 'a-shared-secret-of-the-tests-0123456789'
const ISSUER = 'https://login.example.com'
const AUDIENCE = 'pagesync'
const SECONDS = () => Math.floor(Date.now() / 1000)
const HOUR = 3_600

interface Options {
  readonly alg?: string
  readonly kid?: string
  readonly claims?: Record<string, unknown>
}

/** A JWT made by hand: a library would not make the wrong ones. */
function jwt(signature: (data: Buffer) => Buffer | string, { alg = 'HS256', kid, claims = {} }: Options): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const data = `${part({ alg, typ: 'JWT', ...(kid === undefined ? {} : { kid }) })}.${part(claims)}`
  return `${data}.${Buffer.from(signature(Buffer.from(data))).toString('base64url')}`
}
const hmac = (secret: string | Buffer) => (data: Buffer) => createHmac('sha256', secret).update(data).digest()

describe('with a shared secret', () => {
  let system: ApiSystem
  let tenant: TestTenant
  let claims: Record<string, unknown>

  beforeAll(async () => {
    system = await startApiSystem({ config: { JWT_SECRET: SECRET } })
    tenant = await createApiData(system.store).addTenant('Angkor')
    claims = { sub: 'sokha', tenant_id: tenant.id, scope: 'read sync', exp: SECONDS() + HOUR }
  })
  afterAll(() => system?.[Symbol.asyncDispose]())

  const status = async (token: string, path = '/pages') => (await system.request(token, 'GET', path)).status
  const signed = (changes: Record<string, unknown> = {}) => jwt(hmac(SECRET), { claims: { ...claims, ...changes } })

  it('a person is let in with the scopes that the token names, and stands as who asked', async () => {
    const page = await createApiData(system.store).addPage(tenant, '100')
    expect(await status(signed())).toBe(200)
    expect(await status(signed(), '/api-keys')).toBe(403)
    const path = `/pages/${page.id}/sync-from-facebook`
    const { body } = await system.request(signed(), 'POST', path, { headers: { prefer: 'respond-async' } })
    const row = await system.ledger.get(tenant.id, body.command.id)
    expect(row?.requested_by).toEqual({ kind: 'person', id: 'sokha' })
  })

  it('a token made by the usual library is believed', async () => {
    const token = await new SignJWT({ tenant_id: tenant.id, scope: 'read' })
      .setProtectedHeader({ alg: 'HS256' })
      .setSubject('dara')
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode(SECRET))
    expect(await status(token)).toBe(200)
  })

  it('is of no use from the moment on that the erasure of its tenant is asked for', async () => {
    const leaving = await createApiData(system.store).addTenant('Leaving')
    const remembered = signed({ tenant_id: leaving.id })
    expect(await status(remembered)).toBe(200)
    const tombstones = createTombstones(system.store, ERASURE_KEY)
    const eraser = createEraser({ store: system.store, tombstones, announce: async () => undefined, now: Date.now })
    // Asked for: nobody has begun with it.
    expect((await eraser.eraseTenant(leaving.id))?.step).toBe(0)
    expect(await status(signed({ tenant_id: leaving.id, sub: 'not seen before' }))).toBe(401)
    await eventually(async () => (await status(remembered)) === 401, 5_000)
  })

  it('page_ids limit it as they limit a key', async () => {
    const data = createApiData(system.store)
    const [page, other] = [await data.addPage(tenant, '110'), await data.addPage(tenant, '111')]
    const token = signed({ page_ids: [page.id] })
    expect(await status(token, `/pages/${page.id}`)).toBe(200)
    expect(await status(token, `/pages/${other.id}`)).toBe(404)
  })

  it.each<readonly [string, (claims: Record<string, unknown>) => string]>([
    ['unsigned', (all) => jwt(() => '', { alg: 'none', claims: all })],
    ['unsigned, in another case', (all) => jwt(() => '', { alg: 'nOnE', claims: all })],
    ['signed with another secret', (all) => jwt(hmac('another-secret-of-the-tests-0123456789'), { claims: all })],
    ['signed with an empty secret', (all) => jwt(hmac(''), { claims: all })],
    ['of an algorithm that is not allowed', (all) => jwt(hmac(SECRET), { alg: 'HS512', claims: all })],
    ['of an algorithm with a public key', (all) => jwt(hmac(SECRET), { alg: 'RS256', claims: all })],
    ['expired', (all) => jwt(hmac(SECRET), { claims: { ...all, exp: SECONDS() - HOUR } })],
    ['endless', ({ exp: _exp, ...rest }) => jwt(hmac(SECRET), { claims: rest })],
    ['not in force yet', (all) => jwt(hmac(SECRET), { claims: { ...all, nbf: SECONDS() + HOUR } })],
    ['of a tenant that is not there', (all) => jwt(hmac(SECRET), { claims: { ...all, tenant_id: 't_none' } })],
    ['of no tenant', ({ tenant_id: _tenant, ...rest }) => jwt(hmac(SECRET), { claims: rest })],
    ['of an operator in place of a tenant', (all) => jwt(hmac(SECRET), { claims: { ...all, tenant_id: { $ne: 1 } } })],
    ['of nobody', ({ sub: _sub, ...rest }) => jwt(hmac(SECRET), { claims: rest })],
    ['without scopes', ({ scope: _scope, ...rest }) => jwt(hmac(SECRET), { claims: rest })],
    ['with pages that cannot be read', (all) => jwt(hmac(SECRET), { claims: { ...all, page_ids: '1' } })],
    ['with pages of null', (all) => jwt(hmac(SECRET), { claims: { ...all, page_ids: null } })],
    ['cut', (all) => jwt(hmac(SECRET), { claims: all }).slice(0, -3)],
    ['two dots', () => '..'],
    [
      'a critical header that we do not know',
      (all) => {
        const head = Buffer.from(JSON.stringify({ alg: 'HS256', crit: ['x'], x: 1 })).toString('base64url')
        const data = `${head}.${Buffer.from(JSON.stringify(all)).toString('base64url')}`
        return `${data}.${hmac(SECRET)(Buffer.from(data)).toString('base64url')}`
      },
    ],
  ])('%s, it is refused as any bad token', async (_what, make) => {
    const answer = await system.request(make(claims), 'GET', '/pages')
    const none = await system.request('', 'GET', '/pages')
    expect(answer.status).toBe(401)
    expect({ ...answer.body, request_id: '' }).toEqual({ ...none.body, request_id: '' })
  })

  it('clocks may differ by the tolerance', async () => {
    expect(await status(signed({ exp: SECONDS() - 10 }))).toBe(200)
    expect(await status(signed({ exp: SECONDS() - 40 }))).toBe(401)
  })

  it('without a configuration no JWT is believed', async () => {
    await using plain = await startApiSystem()
    expect((await plain.request(signed(), 'GET', '/pages')).status).toBe(401)
  })
})

describe('with the public keys of an issuer', () => {
  let issuer: Server
  let fetches = 0
  let answer: (keys: object) => { status: number; body: string } = (keys) => ({
    status: 200,
    body: JSON.stringify(keys),
  })
  let system: ApiSystem
  let tenant: TestTenant
  let claims: Record<string, unknown>
  const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const ec = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2048 })
  const rs256 = (key: KeyObject) => (data: Buffer) => sign('sha256', data, key)
  const es256 = (key: KeyObject) => (data: Buffer) => sign('sha256', data, { key, dsaEncoding: 'ieee-p1363' })
  const config = () => ({
    JWT_JWKS_URL: `http://127.0.0.1:${(issuer.address() as AddressInfo).port}/keys`,
    JWT_ISSUER: ISSUER,
    JWT_AUDIENCE: AUDIENCE,
  })

  beforeAll(async () => {
    const keys = [
      { ...(await exportJWK(rsa.publicKey)), kid: 'r', alg: 'RS256', use: 'sig' },
      { ...(await exportJWK(ec.publicKey)), kid: 'e', alg: 'ES256', use: 'sig' },
    ]
    issuer = createServer((_request, response) => {
      fetches++
      const { status, body } = answer({ keys })
      response.writeHead(status, { 'content-type': 'application/json' }).end(body)
    })
    await new Promise<void>((resolve) => issuer.listen(0, '127.0.0.1', resolve))
    system = await startApiSystem({ config: { ...config(), JWT_SECRET: SECRET } })
    tenant = await createApiData(system.store).addTenant('Angkor')
    claims = {
      sub: 'sokha',
      tenant_id: tenant.id,
      scope: 'read',
      iss: ISSUER,
      aud: AUDIENCE,
      exp: SECONDS() + HOUR,
    }
  })
  afterAll(async () => {
    await system?.[Symbol.asyncDispose]()
    issuer?.close()
  })

  const status = async (token: string) => (await system.request(token, 'GET', '/pages')).status

  it('believes both algorithms, and fetches the keys once', async () => {
    for (let i = 0; i < 10; i++) {
      const one = { ...claims, jti: String(i) }
      expect(await status(jwt(rs256(rsa.privateKey), { alg: 'RS256', kid: 'r', claims: one }))).toBe(200)
      expect(await status(jwt(es256(ec.privateKey), { alg: 'ES256', kid: 'e', claims: one }))).toBe(200)
    }
    expect(fetches).toBe(1)
  })

  it('never takes a public key for a shared secret', async () => {
    const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string
    for (const secret of [pem, pem.trim(), rsa.publicKey.export({ type: 'spki', format: 'der' })])
      expect(await status(jwt(hmac(secret), { alg: 'HS256', kid: 'r', claims }))).toBe(401)
  })

  it('refuses what another signed, names another issuer or audience, or another key', async () => {
    const good = rs256(rsa.privateKey)
    for (const token of [
      jwt(rs256(stranger.privateKey), { alg: 'RS256', kid: 'r', claims }),
      jwt(good, { alg: 'RS256', kid: 'r', claims: { ...claims, iss: 'https://other.example.com' } }),
      jwt(good, { alg: 'RS256', kid: 'r', claims: { ...claims, aud: 'another' } }),
      jwt(good, { alg: 'RS256', kid: 'e', claims }),
      jwt(good, { alg: 'RS256', kid: 'unknown', claims }),
      jwt(good, { alg: 'PS256', kid: 'r', claims }),
    ])
      expect(await status(token)).toBe(401)
  })

  it('a key that nobody has does not let it fetch again and again', async () => {
    const before = fetches
    for (let i = 0; i < 20; i++) await status(jwt(rs256(rsa.privateKey), { alg: 'RS256', kid: `k${i}`, claims }))
    expect(fetches - before).toBeLessThanOrEqual(1)
  })

  it.each([
    ['is down', () => ({ status: 500, body: '' })],
    ['answers something else', () => ({ status: 200, body: '<html>' })],
    ['answers without end', () => ({ status: 200, body: 'x'.repeat(300_000) })],
  ])('says 503, not 401, while the issuer %s, and lets API keys in', async (_what, broken) => {
    await using other = await startApiSystem({ config: config() })
    const own = await createApiData(other.store).addTenant('Other')
    const token = jwt(rs256(rsa.privateKey), { alg: 'RS256', kid: 'r', claims: { ...claims, tenant_id: own.id } })
    answer = broken
    try {
      const refused = await other.request(token, 'GET', '/pages')
      expect(refused.status).toBe(503)
      expect(refused.body.code).toBe('ISSUER_UNAVAILABLE')
      expect(refused.headers['retry-after']).toBeDefined()
      expect((await other.request(own.key, 'GET', '/pages')).status).toBe(200)
    } finally {
      answer = (keys) => ({ status: 200, body: JSON.stringify(keys) })
    }
  })

  it('does not start with a key set that anybody could answer for', async () => {
    const incomplete = { ...config(), JWT_AUDIENCE: undefined }
    for (const wrong of [incomplete, { ...config(), JWT_JWKS_URL: 'http://login.example.com/keys' }])
      await expect(startApiSystem({ config: wrong })).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
  })
})
