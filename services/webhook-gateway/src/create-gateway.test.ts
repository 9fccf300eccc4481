import fc from 'fast-check'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { type GatewayBed, sign, startGatewayBed, WEBHOOK_PATH } from '../../../tests/support/gateway-bed.ts'
import { FIXTURES } from './notification-fixtures.ts'

/** Signatures over the fixtures' bytes by `openssl dgst -sha256 -hmac` and Python's hmac, for these two secrets. */
const PREVIOUS_SECRET = '0f1e2d3c4b5a69788796a5b4c3d2e1f0'
const GOLDEN = {
  text: '67eb2e58e65212c86b88c348c8efcf56752c099e3910d0ba9be653174a966509',
  attachments: 'd72859903bf4e0cd791852b9c370228aee5519a2e977dc5dada8888fff1e1433',
  echo: 'c551ab3aa71a12b637bf7d80eac3813afa38b18e2165126a92afd058b89eed72',
} as const

let bed: GatewayBed
beforeAll(async () => {
  bed = await startGatewayBed({ previousSecret: PREVIOUS_SECRET })
})
afterAll(() => bed[Symbol.asyncDispose]())

/** Without a socket: thousands of requests in seconds. */
async function inject(body: string | Buffer, headers: Record<string, string>) {
  const answer = await bed.gateway.app.inject({ method: 'POST', url: WEBHOOK_PATH, payload: body, headers })
  return { status: answer.statusCode, text: answer.body, headers: answer.headers }
}
const signed = (body: string | Buffer, headers: Record<string, string> = {}) =>
  inject(body, { 'content-type': 'application/json', 'x-hub-signature-256': sign(body, bed.secret), ...headers })

test('what a browser could be sent to tells it to do nothing with it, and webhooks do without', async () => {
  for (const path of ['/livez', '/nowhere', WEBHOOK_PATH])
    expect((await bed.get(path)).headers, path).toMatchObject({
      'x-content-type-options': 'nosniff',
      'x-frame-options': 'SAMEORIGIN',
      'referrer-policy': 'no-referrer',
      'content-security-policy': "default-src 'none';frame-ancestors 'none'",
    })
  const answer = await signed(JSON.stringify(FIXTURES.text))
  expect(answer.status).toBe(200)
  expect(answer.headers['content-security-policy']).toBeUndefined()
})

describe('GET /api/facebook/webhook', () => {
  const verify = (query: Record<string, string>) =>
    bed.get(`${WEBHOOK_PATH}?${new URLSearchParams(Object.entries(query))}`)

  test('gives the challenge back as plain text', async () => {
    const answer = await verify({
      'hub.verify_token': bed.verifyToken,
      'hub.challenge': '1158201444',
      'hub.mode': 'subscribe',
    })
    expect(answer).toMatchObject({ status: 200, text: '1158201444' })
    expect(answer.headers['content-type']).toMatch(/^text\/plain/)
    expect(answer.headers['x-content-type-options']).toBe('nosniff')
  })

  test.each([
    ['another token', { 'hub.mode': 'subscribe', 'hub.challenge': '1', 'hub.verify_token': 'guess' }],
    ['no token', { 'hub.mode': 'subscribe', 'hub.challenge': '1' }],
    ['no parameter at all', {}],
  ])('answers 403 to %s', async (_what, query: Record<string, string>) => {
    const answer = await verify(query)
    expect(answer.status).toBe(403)
    expect(JSON.parse(answer.text)).toMatchObject({ success: false, status: 403, code: 'FORBIDDEN' })
  })

  test('answers 403 to another mode, a missing, endless or double challenge, a double token', async () => {
    const token = bed.verifyToken
    const right = { 'hub.mode': 'subscribe', 'hub.challenge': '1', 'hub.verify_token': token }
    for (const wrong of [
      { ...right, 'hub.mode': 'unsubscribe' },
      { ...right, 'hub.challenge': '' },
      { ...right, 'hub.challenge': '1'.repeat(257) },
    ])
      expect((await verify(wrong)).status).toBe(403)
    const twice = `hub.mode=subscribe&hub.challenge=1&hub.verify_token=${token}&hub.verify_token=${token}`
    expect((await bed.get(`${WEBHOOK_PATH}?${twice}`)).status).toBe(403)
    expect((await bed.get(`${WEBHOOK_PATH}?${twice}`.replace(`&hub.verify_token=${token}`, ''))).status).toBe(200)
  })
})

describe('the signature', () => {
  test.each(Object.keys(GOLDEN) as (keyof typeof GOLDEN)[])(
    'of "%s" as other tools make it over the escaped bytes is taken, under the secret before too',
    async (name) => {
      const headers = { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${GOLDEN[name]}` }
      expect(await inject(FIXTURES[name], headers)).toMatchObject({ status: 200, text: 'EVENT_RECEIVED' })
      expect((await signed(FIXTURES[name])).status).toBe(200)
    },
  )

  test('over the same JSON written otherwise is refused', async () => {
    const headers = { 'content-type': 'application/json', 'x-hub-signature-256': `sha256=${GOLDEN.text}` }
    const rewritten = JSON.stringify(JSON.parse(FIXTURES.text))
    expect(rewritten).not.toBe(FIXTURES.text)
    expect((await inject(rewritten, headers)).status).toBe(401)
  })

  test('wrong, missing, short, malformed or of the older kind: all get the same 401, which tells nothing', async () => {
    const body = FIXTURES.text
    const right = sign(body, bed.secret)
    const answers = await Promise.all(
      [
        {},
        { 'x-hub-signature-256': '' },
        { 'x-hub-signature-256': right.slice(0, -1) },
        { 'x-hub-signature-256': right.slice('sha256='.length) },
        { 'x-hub-signature-256': right.toUpperCase() },
        { 'x-hub-signature-256': sign(`${body} `, bed.secret) },
        { 'x-hub-signature-256': sign(body, 'another secret') },
        { 'x-hub-signature-256': `sha256=${'z'.repeat(64)}` },
        { 'x-hub-signature': 'sha1=d3ae1f6e1b1a9c2b1e5d7c9d0e4f6a8b7c9d0e1f' },
      ].map((headers) => inject(body, { 'content-type': 'application/json', ...(headers as Record<string, string>) })),
    )
    const seen = answers.map(({ status, text, headers }) => {
      const { request_id, ...problem } = JSON.parse(text) as Record<string, unknown>
      expect(request_id).toEqual(expect.any(String))
      return { status, problem, type: headers['content-type'] }
    })
    for (const one of seen) expect(one).toEqual(seen[0])
    expect(seen[0]).toMatchObject({
      status: 401,
      problem: { success: false, status: 401, code: 'SIGNATURE_MISMATCH', errors: [] },
    })
    expect(seen[0]!.type).toMatch(/^application\/problem\+json/)
    expect(JSON.stringify(seen[0])).not.toMatch(/sha256|secret|hmac|length|header/i)
  })

  test('a changed body or header is never taken: thousands of them', async () => {
    const body = Buffer.from(FIXTURES.text)
    const header = sign(body, bed.secret)
    const before = bed.gateway.counters.accepted
    const changedBody = fc.tuple(fc.nat(body.length - 1), fc.nat(254)).map(([at, by]) => {
      const changed = Buffer.from(body)
      changed[at] = (changed[at]! + 1 + by) % 256
      return { body: changed, header }
    })
    const cutBody = fc.nat(body.length - 1).map((length) => ({ body: body.subarray(0, length), header }))
    const changedHeader = fc
      .tuple(fc.nat(header.length - 1), fc.integer({ min: 0x21, max: 0x7e }))
      .map(([at, code]) => header.slice(0, at) + String.fromCharCode(code) + header.slice(at + 1))
      .filter((changed) => changed !== header)
      .map((changed) => ({ body, header: changed }))
    const anyHeader = fc.stringMatching(/^[!-~]{0,100}$/).map((any) => ({ body, header: any }))
    await fc.assert(
      fc.asyncProperty(fc.oneof(changedBody, cutBody, changedHeader, anyHeader), async (given) => {
        const headers = { 'content-type': 'application/json', 'x-hub-signature-256': given.header }
        expect((await inject(given.body, headers)).status).toBe(401)
      }),
      { numRuns: 4000 },
    )
    expect(bed.gateway.counters.accepted).toBe(before)
  }, 60_000)
})

describe('a correctly signed body is always taken', () => {
  const changesOf = async (act: () => Promise<unknown>) => {
    const before = { ...bed.gateway.counters }
    await act()
    const after = bed.gateway.counters
    return Object.fromEntries(
      (Object.keys(after) as (keyof typeof after)[])
        .filter((name) => name !== 'last_accepted_ms' && after[name] !== before[name])
        .map((name) => [name, (after[name] as number) - (before[name] as number)]),
    )
  }
  const taken = async (body: string | Buffer, headers?: Record<string, string>) => {
    expect(await signed(body, headers)).toMatchObject({ status: 200, text: 'EVENT_RECEIVED' })
  }
  let letters = 0
  beforeEach(async () => {
    letters = (await bed.deadLetters()).length
  })

  test.each(Object.entries(FIXTURES))('%s', async (_name, body) => {
    await taken(body)
  })

  test.each(['text/plain', 'application/x-www-form-urlencoded', 'application/json; charset=latin1', 'nonsense', ''])(
    'whatever it calls itself: "%s"',
    async (type) => {
      expect(await changesOf(() => taken(FIXTURES.text, { 'content-type': type }))).toEqual({
        accepted: 1,
        events_published: 1,
      })
    },
  )

  test.each([
    ['nothing at all', ''],
    ['no JSON', '{"object":"page"'],
    ['bytes that are no text', Buffer.from([0xff, 0xfe, 0x00])],
    ['JSON of no shape that we know', '[1,2,3]'],
    ['a page without entries', '{"object":"page","entry":{}}'],
    ['an entry of no page, which cannot be an event', '{"object":"page","entry":[{"id":null}]}'],
    [
      'nesting deeper than any stack',
      `{"object":"page","entry":[{"id":"1","changes":[${'['.repeat(900_000)}${']'.repeat(900_000)}]}]}`,
    ],
  ])('%s is counted and kept as a dead letter, once however often it comes', async (_what, body) => {
    expect(await changesOf(() => taken(body))).toEqual({ accepted: 1, malformed: 1 })
    await taken(body)
    const rows = await bed.deadLetters()
    expect(rows.length).toBe(letters + 1)
    const kept = rows.find(({ payload }) =>
      Buffer.from(payload, 'base64').equals(Buffer.from(body).subarray(0, 1_000_000)),
    )
    expect(kept).toMatchObject({
      code: 'UNDECODABLE_RECORD',
      tenant_id: null,
      origin: { kind: 'notification' },
      payload_bytes: Buffer.from(body).length,
    })
  })

  test.each([
    ['instagram', FIXTURES.instagram],
    ['a permission that names no page', FIXTURES.permissionConnected],
    ['whatever else Facebook knows', '{"object":"certificate_transparency","entry":[1]}'],
  ])('%s is counted and forgotten', async (_what, body) => {
    expect(await changesOf(() => taken(body))).toEqual({ accepted: 1, other_objects: 1 })
    expect(await bed.deadLetters()).toHaveLength(letters)
  })

  test('what nobody knows about a page is published as unknown', async () => {
    expect(await changesOf(() => taken(FIXTURES.unknownKey))).toEqual({
      accepted: 1,
      events_published: 1,
      events_unknown: 1,
    })
  })

  test('any JSON: always 200, never an error of ours', async () => {
    const anyItem = fc.oneof(
      fc.jsonValue({ maxDepth: 3 }),
      fc.record(
        {
          sender: fc.oneof(fc.record({ id: fc.jsonValue({ maxDepth: 1 }) }), fc.jsonValue({ maxDepth: 1 })),
          recipient: fc.oneof(fc.record({ id: fc.oneof(fc.string(), fc.integer()) }), fc.constant(null)),
          timestamp: fc.oneof(fc.double(), fc.maxSafeInteger(), fc.string(), fc.constant('1767868199876')),
          message: fc.oneof(
            fc.record(
              {
                mid: fc.oneof(fc.string(), fc.nat()),
                is_echo: fc.jsonValue({ maxDepth: 0 }),
                is_deleted: fc.boolean(),
              },
              { requiredKeys: [] },
            ),
            fc.jsonValue({ maxDepth: 2 }),
          ),
          reaction: fc.jsonValue({ maxDepth: 2 }),
          read: fc.jsonValue({ maxDepth: 2 }),
          postback: fc.jsonValue({ maxDepth: 2 }),
          field: fc.oneof(fc.constantFrom('feed', 'inbox_labels', 'about', '__proto__', 'constructor'), fc.string()),
          value: fc.jsonValue({ maxDepth: 2 }),
          ['__proto__']: fc.jsonValue({ maxDepth: 1 }),
        },
        { requiredKeys: [] },
      ),
    )
    const anyList = fc.oneof(fc.array(anyItem, { maxLength: 4 }), fc.jsonValue({ maxDepth: 1 }))
    const anyEntry = fc.oneof(
      fc.jsonValue({ maxDepth: 2 }),
      fc.record(
        {
          id: fc.oneof(fc.string({ minLength: 1, maxLength: 70 }), fc.integer(), fc.jsonValue({ maxDepth: 1 })),
          time: fc.oneof(fc.integer(), fc.double(), fc.string()),
          messaging: anyList,
          standby: anyList,
          changes: anyList,
          changed_fields: anyList,
        },
        { requiredKeys: ['id'] },
      ),
    )
    const anyNotification = fc.oneof(
      { weight: 1, arbitrary: fc.jsonValue() },
      {
        weight: 5,
        arbitrary: fc.record({
          object: fc.oneof(fc.constantFrom('page', 'page', 'permissions', 'user'), fc.jsonValue({ maxDepth: 0 })),
          entry: fc.oneof(fc.array(anyEntry, { maxLength: 4 }), fc.jsonValue({ maxDepth: 1 })),
        }),
      },
    )
    await fc.assert(
      fc.asyncProperty(fc.array(anyNotification, { minLength: 10, maxLength: 10 }), async (notifications) => {
        await Promise.all(notifications.map((notification) => taken(JSON.stringify(notification))))
      }),
      { numRuns: 200 },
    )
  }, 60_000)

  test('any bytes: always 200', async () => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.uint8Array({ maxLength: 200 }), { maxLength: 10 }), async (bodies) => {
        await Promise.all(bodies.map((bytes) => taken(Buffer.from(bytes))))
      }),
      { numRuns: 50 },
    )
  }, 60_000)
})
