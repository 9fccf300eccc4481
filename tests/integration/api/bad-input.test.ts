import { connect } from 'node:net'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiData, type TestTenant } from '../../support/api-data.ts'
import { type ApiSystem, OPERATOR_TOKEN, startApiSystem } from '../../support/api-system.ts'

let system: ApiSystem
let tenant: TestTenant
let page: PageRow

beforeAll(async () => {
  system = await startApiSystem()
  const data = createApiData(system.store)
  tenant = await data.addTenant('Angkor')
  page = await data.addPage(tenant, '100')
})
afterAll(() => system?.[Symbol.asyncDispose]())

interface RawAnswer {
  readonly status: number
  readonly headers: Headers
  // biome-ignore lint/suspicious/noExplicitAny: looked at member by member
  readonly body: any
}

/** A request with exactly these bytes as its body. */
async function raw(path: string, body: string | Buffer | undefined, contentType: string | null): Promise<RawAnswer> {
  const answer = await fetch(`${system.url}${path}`, {
    method: 'POST',
    headers: {
      authorization: `Bearer ${tenant.key}`,
      prefer: 'respond-async',
      ...(contentType === null ? {} : { 'content-type': contentType }),
    },
    body: body ?? null,
  })
  return { status: answer.status, headers: answer.headers, body: await answer.json() }
}

const fullSync = (body: string | Buffer | undefined, contentType: string | null) =>
  raw(`/pages/${page.id}/full-sync-from-facebook`, body, contentType)

describe('a body that may be left out', () => {
  it.each([
    ['no body and no content type', undefined, null],
    ['no body', undefined, 'application/json'],
    ['an empty body', '', 'application/json'],
    ['an empty body of a form, as curl -d "" sends it', '', 'application/x-www-form-urlencoded'],
    ['an empty object', '{}', 'application/json'],
    ['an empty object in a named character set', '{}', 'application/json; charset=utf-8'],
    ['a byte order mark before it', '\ufeff{}', 'application/json'],
  ])('%s is accepted', async (_what, body, contentType) => {
    const answer = await fullSync(body, contentType)
    expect(answer.status, JSON.stringify(answer.body)).toBe(202)
  })
})

describe('a body that is wrong', () => {
  it.each([
    ['broken JSON', '{"mode":', 400, 'VALIDATION_FAILED', '/'],
    ['not an object', '[]', 400, 'VALIDATION_FAILED', '/'],
    ['null', 'null', 400, 'VALIDATION_FAILED', '/'],
    ['a member that is not known', '{"moed":"full"}', 400, 'VALIDATION_FAILED', '/moed'],
    ['a word that is not known', '{"mode":"fast"}', 400, 'VALIDATION_FAILED', '/mode'],
    ['a time that is none', '{"since":"yesterday"}', 400, 'VALIDATION_FAILED', '/since'],
    ['a time that no calendar has', '{"since":"2026-13-41T10:00:00Z"}', 400, 'VALIDATION_FAILED', '/since'],
    ['an operator for a value', '{"since":{"$gt":""}}', 400, 'VALIDATION_FAILED', '/since'],
    ['a member that would change prototypes', '{"__proto__":{"mode":"full"}}', 400, 'VALIDATION_FAILED', '/'],
  ])('%s is refused, naming where', async (_what, body, status, code, path) => {
    const answer = await fullSync(body, 'application/json')
    expect(answer.status).toBe(status)
    expect(answer.headers.get('content-type')).toMatch(/^application\/problem\+json/)
    expect(answer.body).toMatchObject({ success: false, status, code })
    expect(answer.body.errors[0].path).toBe(path)
  })

  it.each(['/connect/start', '/accounts/1/sync-pages', '/commands/none/cancel'])(
    'nothing that is not known is taken where nothing needs to be said: %s',
    async (path) => {
      const { status, body } = await raw(path, '{"page":1}', 'application/json')
      expect([status, body.errors[0]?.path]).toEqual([400, '/page'])
    },
  )

  it('another content type is refused with 415', async () => {
    for (const type of [
      'text/plain',
      'application/x-www-form-urlencoded',
      'multipart/form-data; boundary=x',
      'nonsense',
    ]) {
      const answer = await fullSync('mode=full', type)
      expect(answer.status, type).toBe(415)
      expect(answer.body.code).toBe('UNSUPPORTED_MEDIA_TYPE')
    }
  })

  it('more than 64 KiB is refused with 413, exactly 64 KiB is read', async () => {
    const padded = (bytes: number) => `{}${' '.repeat(bytes - 2)}`
    expect((await fullSync(padded(65_536), 'application/json')).status).toBe(202)
    const answer = await fullSync(padded(65_537), 'application/json')
    expect(answer.status).toBe(413)
    expect(answer.body.code).toBe('PAYLOAD_TOO_LARGE')
  })

  it('fields must be known, at least one, none twice', async () => {
    const details = (fields: unknown) =>
      raw(`/pages/${page.id}/sync-from-facebook`, JSON.stringify({ fields }), 'application/json')
    expect((await details(['about', 'fan_count'])).status).toBe(202)
    for (const [fields, path] of [
      [[], '/fields'],
      [['about', 'about'], '/fields'],
      [['access_token'], '/fields/0'],
      [['about', 7], '/fields/1'],
      ['about', '/fields'],
    ] as const) {
      const { status, body } = await details(fields)
      expect(status, JSON.stringify(fields)).toBe(400)
      expect(body.errors[0].path).toBe(path)
    }
  })

  it('what it says is not repeated in the answer', async () => {
    const answer = await fullSync('{"secret-of-the-caller"', 'application/json')
    expect(JSON.stringify(answer.body)).not.toContain('secret-of-the-caller')
  })
})

describe('ids and queries', () => {
  it.each(['0', '-1', '1.5', '1e3', '0x1', 'abc', '%00', '9007199254740993', '99999999999999999999', "1'--"])(
    'an id %s is refused, naming it',
    async (id) => {
      const answer = await system.request(tenant.key, 'GET', `/pages/${id}`)
      expect(answer.status).toBe(400)
      expect(answer.body.errors[0].path).toBe('/params/id')
    },
  )

  it('a query that is not known, or given twice, is refused', async () => {
    for (const [query, path] of [
      ['stauts=open', '/query/stauts'],
      ['status=opened', '/query/status'],
      ['status[$ne]=open', '/query/status[$ne]'],
      ['status=open&status=closed', '/query/status'],
      ['is_answered=1', '/query/is_answered'],
      ['sort=name', '/query/sort'],
      ['folder=', '/query/folder'],
    ]) {
      const answer = await system.request(tenant.key, 'GET', `/pages/${page.id}/conversations?${query}`)
      expect(answer.status, query).toBe(400)
      expect(answer.body.errors[0].path).toBe(path)
    }
  })

  it('a path that cannot be decoded, is far too long, or is not there gets a problem as well', async () => {
    for (const [path, statuses] of [
      ['/pages/%E0%A4%A', [400]],
      [`/commands/${'x'.repeat(5000)}`, [400, 404, 414]],
      ['/nothing', [404]],
    ] as const) {
      const answer = await system.request(tenant.key, 'GET', path)
      expect(statuses, path).toContain(answer.status)
      expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
      expect(answer.body.success).toBe(false)
    }
  })

  it('a method that a path does not have is not there', async () => {
    expect((await system.request(tenant.key, 'DELETE', '/pages')).status).toBe(404)
  })
})

describe('what is no HTTP', () => {
  it.each([
    ['a line that means nothing', 'HELLO\r\n\r\n', 400],
    ['headers of more than 16 KiB', `GET /livez HTTP/1.1\r\nhost: x\r\nx: ${'y'.repeat(40_000)}\r\n\r\n`, 431],
  ])('%s is answered with a problem', async (_what, bytes, status) => {
    const text = await new Promise<string>((resolve, reject) => {
      const socket = connect(Number(new URL(system.origin).port), '127.0.0.1', () => socket.write(bytes))
      let received = ''
      socket.on('data', (chunk) => {
        received += chunk.toString()
      })
      socket.on('end', () => resolve(received))
      socket.on('error', reject)
    })
    expect(text).toMatch(new RegExp(`^HTTP/1.1 ${status} `))
    expect(JSON.parse(text.slice(text.indexOf('\r\n\r\n')))).toMatchObject({ success: false, status })
  })
})

describe("the operator's input", () => {
  it.each([
    [{}],
    [{ name: '' }],
    [{ name: '   ' }],
    [{ name: 7 }],
    [{ name: 'x'.repeat(201) }],
    [{ name: 'x', id: 't_mine' }],
  ])('a tenant like %j is refused', async (body) => {
    const answer = await system.request(OPERATOR_TOKEN, 'POST', '/tenants', { body })
    expect(answer.status).toBe(400)
  })
})
