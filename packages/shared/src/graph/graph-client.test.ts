import { createServer } from 'node:net'
import { inspect } from 'node:util'
import { pino } from 'pino'
import { describe, expect, test } from 'vitest'
import type { AppError } from '../errors/app-error.ts'
import type { GraphAttempt, GraphClientOptions } from './graph-client.ts'
import { createTestClient, TOKEN } from './testing/graph-test-client.ts'
import { type PeerHandler, startGraphPeer } from './testing/start-graph-peer.ts'
import { mayHaveTakenEffect } from './transport-error.ts'

const GET = { method: 'GET', path: '/1', accessToken: TOKEN } as const
const POST = { method: 'POST', path: '/1/messages', accessToken: TOKEN } as const

/** What one call ends with, and how many attempts it made. */
async function failure(handle: PeerHandler, call: object = GET, options: Partial<GraphClientOptions> = {}) {
  await using peer = await startGraphPeer(handle)
  await using client = createTestClient(peer.url, options)
  const attempts: GraphAttempt[] = []
  const afterAttempt = (attempt: GraphAttempt): void => void attempts.push(attempt)
  const request = { ...GET, ...call, afterAttempt }
  const error: AppError = await client.request(request).then(
    () => Promise.reject(new Error('the call succeeded')),
    (thrown) => thrown,
  )
  return { error, attempts, requests: peer.requests }
}

describe('what no whole answer came of is FACEBOOK_UNAVAILABLE, and tried three times:', () => {
  const transient: Readonly<Record<string, PeerHandler>> = {
    'an HTML error page': () => ({ status: 502, body: '<!DOCTYPE html><html>Sorry, something went wrong.</html>' }),
    'HTML with status 200': () => ({ body: '<html></html>' }),
    'an empty body': () => ({ body: '' }),
    'an empty body with status 400': () => ({ status: 400, body: '' }),
    'JSON that is cut': () => ({ body: '{"data":[{"id":"t_1"},{"id":"t_' }),
    'a body shorter than announced': (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('{"data":[')
      setTimeout(() => response.socket?.end(), 20)
      return undefined
    },
    'a connection reset before the answer': (_request, response) => {
      response.socket?.resetAndDestroy()
      return undefined
    },
    'a connection reset within the answer': (_request, response) => {
      response.writeHead(200, { 'content-length': '1000' })
      response.write('{"data":[')
      setTimeout(() => response.socket?.resetAndDestroy(), 20)
      return undefined
    },
    'an answer that is no HTTP': (_request, response) => {
      response.socket?.end('what?\r\n\r\n')
      return undefined
    },
    'a list where a node was asked for': () => ({ body: [] }),
    'a number': () => ({ body: 7 }),
    null: () => ({ body: 'null' }),
    '5xx with JSON that is not Facebook’s': () => ({ status: 503, body: { message: 'upstream' } }),
    'code 2': () => ({ status: 500, body: { error: { code: 2 } } }),
    'an unknown code with 5xx': () => ({ status: 500, body: { error: { code: 31337 } } }),
  }
  test.each(Object.entries(transient))('%s', async (_name, handle) => {
    const { error, attempts } = await failure(handle)
    expect(error).toMatchObject({ code: 'FACEBOOK_UNAVAILABLE', kind: 'transient' })
    expect(attempts.map(({ arrived }) => arrived)).toEqual([true, true, true])
  })

  // Side by side: undici looks at its clock once a second.
  test.concurrent('an answer that does not begin in time', async () => {
    const { error, attempts } = await failure(() => undefined, GET, { timeouts: { headersMs: 100 } })
    expect(error).toMatchObject({ code: 'FACEBOOK_UNAVAILABLE', message: 'Facebook did not answer in time' })
    expect(attempts).toHaveLength(3)
  })

  test.concurrent('an answer that stops in its middle', async () => {
    const stops: PeerHandler = (_request, response) => {
      response.writeHead(200)
      response.write('{"data":[')
      return undefined
    }
    const { error, attempts } = await failure(stops, GET, { timeouts: { bodyMs: 100 } })
    expect(error).toMatchObject({
      code: 'FACEBOOK_UNAVAILABLE',
      message: 'Facebook stopped in the middle of its answer',
    })
    expect(attempts).toHaveLength(3)
  })

  test('an answer that trickles for ever', async () => {
    const trickles: PeerHandler = (_request, response) => {
      response.writeHead(200)
      const timer = setInterval(() => response.write(' '), 10)
      response.on('close', () => clearInterval(timer))
      return undefined
    }
    const { error, attempts } = await failure(trickles, GET, { timeouts: { totalMs: 200 } })
    expect(error).toMatchObject({ code: 'FACEBOOK_UNAVAILABLE', message: 'Facebook did not answer in time' })
    expect(attempts).toHaveLength(3)
  })

  test.concurrent('a peer that takes the connection but never speaks TLS', async () => {
    await using silent = await listenSilently()
    await using client = createTestClient(`https://127.0.0.1:${silent.port}`, { timeouts: { connectMs: 100 } })
    const attempts: GraphAttempt[] = []
    const call = client.request({ ...GET, afterAttempt: (attempt) => attempts.push(attempt) })
    await expect(call).rejects.toMatchObject({
      code: 'FACEBOOK_UNAVAILABLE',
      message: 'Facebook could not be reached in time',
    })
    expect(attempts.map(({ arrived }) => arrived)).toEqual([false, false, false])
  })

  test('a port where nobody listens', async () => {
    const silent = await listenSilently()
    await silent[Symbol.asyncDispose]()
    await using client = createTestClient(`http://127.0.0.1:${silent.port}`)
    const attempts: GraphAttempt[] = []
    const call = client.request({ ...GET, afterAttempt: (attempt) => attempts.push(attempt) })
    await expect(call).rejects.toMatchObject({ code: 'FACEBOOK_UNAVAILABLE' })
    expect(attempts.map(({ arrived }) => arrived)).toEqual([false, false, false])
  })
})

describe('what Facebook refused', () => {
  test.each([
    [190, 'FACEBOOK_TOKEN_INVALID'],
    [10, 'PERMISSION_MISSING'],
    [80006, 'FACEBOOK_RATE_LIMITED'],
    [100, 'FACEBOOK_REJECTED'],
    [368, 'POLICY_BLOCKED'],
    [104, 'FACEBOOK_MISCONFIGURED'],
  ])('with code %s is %s and not tried again', async (code, ours) => {
    const { error, attempts } = await failure(() => ({ status: 400, body: { error: { code, message: 'No.' } } }))
    expect(error).toMatchObject({ code: ours, facebook: { code }, cause: { message: 'No.' } })
    expect(attempts).toHaveLength(1)
    expect(attempts[0]).toMatchObject({ arrived: true, error })
  })

  test('counts even where the status is 200', async () => {
    const { error } = await failure(() => ({ status: 200, body: { error: { code: 190, error_subcode: 463 } } }))
    expect(error).toMatchObject({ code: 'FACEBOOK_TOKEN_INVALID', facebook: { code: 190, subcode: 463 } })
  })

  test('for its rate says how long to wait, in milliseconds', async () => {
    const row = { type: 'messenger', call_count: 100, estimated_time_to_regain_access: 3 }
    const headers = { 'x-business-use-case-usage': JSON.stringify({ 1: [row] }) }
    const { error } = await failure(() => ({ status: 400, headers, body: { error: { code: 80006 } } }))
    expect(error).toMatchObject({ kind: 'rate-limited', retryAfterMs: 180_000 })
  })

  test.each([
    ['HTML', '<html>Too many requests</html>'],
    ['nothing', ''],
    ['JSON without a code', { message: 'slow down' }],
  ])('with HTTP 429 and %s is a rate', async (_name, body) => {
    const { error, attempts } = await failure(() => ({ status: 429, body }))
    expect(error.code).toBe('FACEBOOK_RATE_LIMITED')
    expect(attempts).toHaveLength(1)
  })

  test('in another shape than Facebook’s is taken by its status', async () => {
    expect((await failure(() => ({ status: 400, body: { error: 'invalid_request' } }))).error.code).toBe(
      'FACEBOOK_REJECTED',
    )
    const odd = { error: { code: 'no', error_subcode: {}, message: 7 } }
    expect((await failure(() => ({ status: 400, body: odd }))).error.code).toBe('FACEBOOK_REJECTED')
  })

  test('as too much is thrown at once where less can be asked for, and otherwise tried again', async () => {
    const tooMuch: PeerHandler = () => ({ status: 500, body: { error: { code: 1, message: 'Please reduce …' } } })
    const shrinkable = await failure(tooMuch, { ...GET, shrinkable: true })
    expect(shrinkable.error.code).toBe('FACEBOOK_ANSWER_TOO_LARGE')
    expect(shrinkable.attempts).toHaveLength(1)
    const smallest = await failure(tooMuch)
    expect(smallest.error.code).toBe('FACEBOOK_UNAVAILABLE')
    expect(smallest.attempts).toHaveLength(3)
  })
})

test('an answer longer than the bound is not read to its end', async () => {
  const long: PeerHandler = () => ({ body: { data: 'x'.repeat(100_000) } })
  const { error, attempts } = await failure(long, GET, { answerBytesMax: 50_000 })
  expect(error).toMatchObject({ code: 'FACEBOOK_ANSWER_TOO_LARGE', kind: 'transient' })
  expect(attempts).toHaveLength(1)
})

describe('a write', () => {
  test('whose fate is unknown is not repeated', async () => {
    const lost: PeerHandler = (_request, response) => {
      response.socket?.resetAndDestroy()
      return undefined
    }
    const { error, attempts } = await failure(lost, POST)
    expect(attempts).toHaveLength(1)
    expect(mayHaveTakenEffect(error)).toBe(true)
  })

  test('that Facebook refused did not happen', async () => {
    const { error } = await failure(() => ({ status: 400, body: { error: { code: 613 } } }), POST)
    expect(mayHaveTakenEffect(error)).toBe(false)
  })

  test('that Facebook failed at may have happened', async () => {
    const { error, attempts } = await failure(() => ({ status: 500, body: { error: { code: 2 } } }), POST)
    expect(mayHaveTakenEffect(error)).toBe(true)
    expect(attempts).toHaveLength(1)
  })

  test('that never left is tried again', async () => {
    const gone = await listenSilently()
    await gone[Symbol.asyncDispose]()
    await using client = createTestClient(`http://127.0.0.1:${gone.port}`)
    let attempts = 0
    const error = await client.request({ ...POST, afterAttempt: () => attempts++ }).catch((thrown) => thrown)
    expect(attempts).toBe(3)
    expect(mayHaveTakenEffect(error)).toBe(false)
  })

  test('that does no harm twice is tried again where the caller says so', async () => {
    const { attempts } = await failure(() => ({ status: 502, body: '' }), { ...POST, repeatable: true })
    expect(attempts).toHaveLength(3)
  })

  test('sends its parameters as a form, and `true` is an answer', async () => {
    await using peer = await startGraphPeer(() => ({ body: 'true' }))
    await using client = createTestClient(peer.url)
    const { body } = await client.request({ ...POST, params: { recipient: '{"id":"7"}', tag: undefined } })
    expect(body).toEqual({ success: true })
    expect(peer.requests[0]).toMatchObject({ method: 'POST', target: '/v26.0/1/messages' })
    expect(peer.requests[0]?.params.get('recipient')).toBe('{"id":"7"}')
    expect(peer.requests[0]?.params.has('tag')).toBe(false)
  })
})

describe('retries', () => {
  test('end with the first good answer', async () => {
    await using peer = await startGraphPeer((_request, _response, nth) =>
      nth < 3 ? { status: 502, body: '' } : { body: { id: '1' } },
    )
    await using client = createTestClient(peer.url)
    const waits: number[] = []
    const clock = { now: () => 5, sleep: async (ms: number) => void waits.push(ms) }
    await using waiting = createTestClient(peer.url, { clock })
    expect(await waiting.request(GET)).toMatchObject({ body: { id: '1' }, requestedAtMs: 5 })
    expect(waits).toHaveLength(2)
    for (const [index, ms] of waits.entries()) expect(ms).toBeLessThanOrEqual(300 * 2 ** index)
    expect(await client.request(GET)).toMatchObject({ body: { id: '1' } })
  })

  test('each wait for the budget anew', async () => {
    let asked = 0
    const beforeAttempt = async (): Promise<void> => void asked++
    await failure(() => ({ status: 502, body: '' }), { ...GET, beforeAttempt })
    expect(asked).toBe(3)
  })
})

describe('an abort', () => {
  test('ends a call in the air with its reason, and the attempt counts', async () => {
    const stop = new AbortController()
    const reason = new Error('the lease was lost')
    await using peer = await startGraphPeer(() => {
      stop.abort(reason)
      return undefined
    })
    await using client = createTestClient(peer.url)
    const attempts: GraphAttempt[] = []
    const afterAttempt = (attempt: GraphAttempt): void => void attempts.push(attempt)
    await expect(client.request({ ...GET, signal: stop.signal, afterAttempt })).rejects.toBe(reason)
    expect(attempts).toMatchObject([{ arrived: true, usage: {}, error: { code: 'FACEBOOK_UNAVAILABLE' } }])
  })

  test('ends the wait before a retry, and sends nothing afterwards', async () => {
    const stop = new AbortController()
    await using peer = await startGraphPeer(() => ({ status: 502, body: '' }))
    const clock = { now: () => 0, sleep: async () => stop.abort('enough') }
    await using client = createTestClient(peer.url, { clock })
    await expect(client.request({ ...GET, signal: stop.signal })).rejects.toBe('enough')
    expect(peer.requests).toHaveLength(1)
  })
})

describe('secrets', () => {
  test('the token stands in the header alone; the proof is the HMAC that Facebook checks', async () => {
    await using peer = await startGraphPeer(() => ({ body: {} }))
    await using client = createTestClient(peer.url)
    await client.request({ ...GET, params: { fields: 'id' } })
    await client.request(POST)
    await client.batch({ accessToken: TOKEN, calls: [{ path: '/2' }] }).catch(() => undefined)
    expect(peer.requests.length).toBeGreaterThanOrEqual(3)
    for (const { target, body, headers } of peer.requests) {
      expect(headers.authorization).toBe(`Bearer ${TOKEN}`)
      expect(target + body).not.toContain(TOKEN)
    }
    await client.request({ ...GET, accessToken: 'EAAtesttoken' })
    // printf 'EAAtesttoken' | openssl dgst -sha256 -hmac sesame
    expect(peer.requests.at(-1)?.params.get('appsecret_proof')).toBe(
      '8e89e64ea0a8344b8b0610092dc993fed230ba8c75b221f7139cc510201561a8',
    )
  })

  test('no error and no log line holds the token or its proof, whatever Facebook repeats of them', async () => {
    const lines: string[] = []
    const log = pino({}, { write: (line: string) => void lines.push(line) })
    const spill = (target: string) => ({
      message: `Malformed access token ${TOKEN} at https://graph.facebook.com${target}&access_token=${TOKEN}&x=1`,
    })
    const handlers: PeerHandler[] = [
      ({ target }) => ({ status: 400, body: { error: { ...spill(target), code: 190 } } }),
      ({ target }) => ({ status: 400, body: { error: { ...spill(target), code: 10 } } }),
      ({ target }) => ({ status: 400, body: { error: `${spill(target).message}` } }),
      ({ target }) => ({ status: 502, body: `<html>${TOKEN} ${target}</html>` }),
      ({ target }) => ({ body: `{"paging":{"next":"${target}&access_token=${TOKEN}` }),
      ({ target }) => ({ body: `${TOKEN} ${target}` }),
      (_request, response) => {
        response.socket?.end(`HTTP/1.1 banana ${TOKEN}\r\n\r\n`)
        return undefined
      },
      (_request, response) => {
        response.socket?.resetAndDestroy()
        return undefined
      },
    ]
    for (const handle of handlers) {
      const { error, requests } = await failure(handle)
      const proofSent = requests[0]?.params.get('appsecret_proof') ?? ''
      expect(proofSent).toHaveLength(64)
      log.error({ err: error }, 'call failed')
      const shown = [
        inspect(error, { depth: 9, showHidden: true }),
        JSON.stringify(error),
        String(error.stack),
        ...lines,
      ]
      for (const text of shown) {
        expect(text).not.toContain(TOKEN)
        expect(text).not.toContain(proofSent)
      }
    }
    expect(lines).toHaveLength(handlers.length)
  })
})

describe('usage', () => {
  test('is read off good and bad answers, for the page that is asked for', async () => {
    const business = { 7: [{ type: 'messenger', call_count: 5 }], 8: [{ type: 'messenger', call_count: 99 }] }
    const headers = { 'x-app-usage': '{"call_count":42}', 'x-business-use-case-usage': JSON.stringify(business) }
    const expected = { all: { percent: 42, waitMs: 0 }, messenger: { percent: 5, waitMs: 0 } }
    await using peer = await startGraphPeer(() => ({ headers }))
    await using client = createTestClient(peer.url)
    expect((await client.request({ ...GET, facebookPageId: '7' })).usage).toEqual(expected)
    const bad = { status: 400, headers, body: { error: { code: 100 } } }
    const { attempts } = await failure(() => bad, { ...GET, facebookPageId: '7' })
    expect(attempts[0]?.usage).toEqual(expected)
  })
})

describe('the version that answered', () => {
  test('is told once where it is another than the one asked for', async () => {
    await using peer = await startGraphPeer(() => ({ headers: { 'facebook-api-version': 'v23.0' } }))
    const told: unknown[] = []
    await using client = createTestClient(peer.url, { version: 'v19.0', onVersionMismatch: (each) => told.push(each) })
    await client.request(GET)
    await client.request(GET)
    expect(told).toEqual([{ asked: 'v19.0', answered: 'v23.0' }])
    expect(peer.requests[0]?.path).toBe('/v19.0/1')
  })

  test('is not told where it is the same, or where nothing says it', async () => {
    await using peer = await startGraphPeer((_request, _response, nth) =>
      nth === 1 ? {} : { headers: { 'facebook-api-version': 'v26.0' } },
    )
    const told: unknown[] = []
    await using client = createTestClient(peer.url, { onVersionMismatch: (each) => told.push(each) })
    await client.request(GET)
    await client.request(GET)
    expect(told).toEqual([])
  })
})

describe('connections', () => {
  test('a hundred calls at once use no more of them than allowed, one call at a time each', async () => {
    let inTheAir = 0
    let most = 0
    await using peer = await startGraphPeer(async () => {
      most = Math.max(most, ++inTheAir)
      await new Promise((resolve) => setTimeout(resolve, 5))
      inTheAir--
      return {}
    })
    await using client = createTestClient(peer.url, { connections: 4 })
    await Promise.all(Array.from({ length: 100 }, () => client.request(GET)))
    expect(peer.requests).toHaveLength(100)
    expect(peer.sockets().most).toBe(4)
    expect(most).toBe(4)
  })

  test('are kept for the calls that follow', async () => {
    await using peer = await startGraphPeer(() => ({}))
    await using client = createTestClient(peer.url)
    for (let i = 0; i < 20; i++) await client.request(GET)
    // The next call may begin in the moment before the first connection is free again.
    expect(peer.sockets().opened).toBeLessThanOrEqual(2)
  })

  test('are closed by disposal, and calls afterwards are told so', async () => {
    await using peer = await startGraphPeer(() => ({}))
    const client = createTestClient(peer.url)
    await client.request(GET)
    await client[Symbol.asyncDispose]()
    await expect.poll(() => peer.sockets().open).toBe(0)
    await expect(client.request(GET)).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
    expect(peer.requests).toHaveLength(1)
  })
})

describe('a batch', () => {
  test('is one request of relative addresses, answered part by part', async () => {
    await using peer = await startGraphPeer(() => ({
      body: [
        { code: 200, headers: [{ name: 'X-App-Usage', value: '{"call_count":81}' }], body: '{"id":"t_1"}' },
        { code: 400, headers: [], body: '{"error":{"code":100,"error_subcode":33,"message":"Unsupported"}}' },
        null,
        { code: 502, body: '<html></html>' },
        { code: 200, body: null },
        { code: 500, body: '{"error":{"code":80006}}' },
      ],
    }))
    await using client = createTestClient(peer.url)
    const attempts: GraphAttempt[] = []
    const calls = [1, 2, 3, 4, 5, 6].map((n) => ({ path: `/t_${n}`, params: { fields: 'id,unread_count' } }))
    const { parts } = await client.batch({ accessToken: TOKEN, calls, afterAttempt: (each) => attempts.push(each) })
    expect(parts[0]).toEqual({ body: { id: 't_1' } })
    expect(parts.map(({ error }) => error?.code)).toEqual([
      undefined,
      'FACEBOOK_OBJECT_GONE',
      'FACEBOOK_UNAVAILABLE',
      'FACEBOOK_UNAVAILABLE',
      'FACEBOOK_UNAVAILABLE',
      'FACEBOOK_RATE_LIMITED',
    ])
    expect(attempts).toMatchObject([{ arrived: true, usage: { all: { percent: 81 } } }])
    expect(peer.requests[0]).toMatchObject({ method: 'POST', path: '/v26.0/' })
    const sent = JSON.parse(peer.requests[0]?.params.get('batch') ?? '')
    expect(sent).toHaveLength(6)
    expect(sent[0]).toEqual({ method: 'GET', relative_url: 't_1?fields=id%2Cunread_count' })
  })

  test('is repeated as a whole like a GET, and refused as a whole', async () => {
    await using peer = await startGraphPeer((_request, _response, nth) =>
      nth === 1 ? { status: 502, body: '' } : { status: 400, body: { error: { code: 190 } } },
    )
    await using client = createTestClient(peer.url)
    const batch = client.batch({ accessToken: TOKEN, calls: [{ path: '/1' }] })
    await expect(batch).rejects.toMatchObject({ code: 'FACEBOOK_TOKEN_INVALID' })
    expect(peer.requests).toHaveLength(2)
  })

  test('whose answer has another number of parts is no answer', async () => {
    await using peer = await startGraphPeer(() => ({ body: [null] }))
    await using client = createTestClient(peer.url)
    const batch = client.batch({ accessToken: TOKEN, calls: [{ path: '/1' }, { path: '/2' }] })
    await expect(batch).rejects.toMatchObject({ code: 'FACEBOOK_UNAVAILABLE' })
  })

  test('holds 1 to 50 calls', async () => {
    await using peer = await startGraphPeer(() => ({ body: [] }))
    await using client = createTestClient(peer.url)
    const calls = Array.from({ length: 51 }, () => ({ path: '/1' }))
    await expect(client.batch({ accessToken: TOKEN, calls })).rejects.toThrow(RangeError)
    await expect(client.batch({ accessToken: TOKEN, calls: [] })).rejects.toThrow(RangeError)
    expect(peer.requests).toHaveLength(0)
  })
})

/** Takes connections and says nothing. */
async function listenSilently(): Promise<AsyncDisposable & { readonly port: number }> {
  const sockets = new Set<{ destroy(): void }>()
  const server = createServer((socket) => {
    sockets.add(socket)
    socket.on('error', () => undefined)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as { port: number }
  return {
    port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}
