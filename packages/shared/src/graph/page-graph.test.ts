import { describe, expect, test } from 'vitest'
import { createTestClock } from '../lifecycle/test-clock.ts'
import { CALL_PRIORITY, createPageBudget, DEFAULT_RATES, type PageBudget } from './page-budget.ts'
import { createPageGraph } from './page-graph.ts'
import { createTestClient, TOKEN } from './testing/graph-test-client.ts'
import { type PeerAnswer, type PeerHandler, type PeerRequest, startGraphPeer } from './testing/start-graph-peer.ts'

const PAGE = '104000000000001'
const FAST = { perSecond: 100_000, capacity: 1_000 }
const RATES = { conversations: FAST, page: FAST, profile: FAST, send: FAST }
const refusal = (code: number, message = 'No.', subcode?: number): PeerAnswer => ({
  status: 400,
  body: { error: { code, message, ...(subcode === undefined ? {} : { error_subcode: subcode }) } },
})

async function setUp(handle: PeerHandler, options: { budget?: PageBudget } = {}) {
  const peer = await startGraphPeer(handle)
  const client = createTestClient(peer.url)
  const budget = options.budget ?? createPageBudget(RATES, createTestClock())
  const newGraph = () =>
    createPageGraph({
      client,
      budget,
      facebookPageId: PAGE,
      accessToken: TOKEN,
      priority: CALL_PRIORITY.sync,
      signal: new AbortController().signal,
    })
  return {
    graph: newGraph(),
    newGraph,
    client,
    requests: peer.requests,
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]()
      await peer[Symbol.asyncDispose]()
    },
  }
}

/** Fails a call that asks for a refused word, anywhere in its fields. */
const refusing =
  (refused: readonly string[], code: number, answer: (request: PeerRequest) => unknown): PeerHandler =>
  (request) => {
    const fields = request.params.get('fields') ?? ''
    const bad = refused.find((name) => fields.split(/[^a-z_]+/).includes(name))
    return bad === undefined ? { body: answer(request) } : refusal(code, `(#${code}) No access to field ${bad}`)
  }

describe('a field that Facebook refuses', () => {
  test.each([10, 100, 200])('with code %s is left out of the page’s details, told, and remembered', async (code) => {
    const handle = refusing(['fan_count'], code, () => ({ id: PAGE, name: 'Riverside' }))
    await using given = await setUp(handle)
    const read = await given.graph.page(['name', 'about', 'fan_count'])
    expect(read).toMatchObject({ page: { name: 'Riverside' }, droppedFields: ['fan_count'] })
    expect(given.graph.calls()).toBe(2)

    const again = given.newGraph()
    expect(await again.page(['name', 'fan_count'])).toMatchObject({ droppedFields: ['fan_count'] })
    expect(await again.page(['name'])).toMatchObject({ droppedFields: [] })
    expect(again.calls()).toBe(2)
  })

  test('is left out of the listing of conversations, nested messages too', async () => {
    const handle = refusing(['can_reply', 'sticker'], 100, ({ path }) =>
      path.endsWith('/t_1') ? { id: 't_1' } : { data: [{ id: 't_1' }] },
    )
    await using given = await setUp(handle)
    const list = await given.graph.conversations({ limit: 10, messagesLimit: 25, folder: 'inbox' })
    expect(list.items).toEqual([{ id: 't_1' }])
    expect(list.droppedFields).toEqual(['can_reply', 'messages.sticker'])
    await given.graph.conversations({ limit: 10, messagesLimit: 25, folder: 'inbox' })
    const fields = given.requests.at(-1)?.params.get('fields')
    expect(fields).toBe(
      'id,updated_time,unread_count,message_count,snippet,participants,messages.limit(25){id,created_time,from,message,' +
        'reply_to,attachments{id,name,mime_type,size,image_data,video_data,file_url},shares{link,name},reactions}',
    )
    const before = given.requests.length
    await given.graph.conversation('t_1')
    expect(given.requests.length - before).toBe(1)
  })

  test('is left out of the messages of a conversation', async () => {
    const handle = refusing(['reactions'], 200, () => ({ data: [] }))
    await using given = await setUp(handle)
    expect(await given.graph.messages('t_1', { limit: 100 })).toMatchObject({ droppedFields: ['reactions'] })
    expect(given.requests.at(-1)?.path).toBe('/v26.0/t_1/messages')
  })

  test('is not looked for where the whole call is refused: that costs one call, and then none for a while', async () => {
    await using given = await setUp(() => refusal(200, 'Requires pages_messaging permission'))
    const list = { limit: 10, messagesLimit: 25 }
    await expect(given.graph.conversations(list)).rejects.toMatchObject({ code: 'PERMISSION_MISSING' })
    expect(given.graph.calls()).toBe(2)
    await expect(given.graph.conversations(list)).rejects.toMatchObject({ code: 'PERMISSION_MISSING' })
    expect(given.graph.calls()).toBe(3)
  })

  test('is not looked for after a refusal with a meaning of its own', async () => {
    await using given = await setUp(() => refusal(100, 'Unsupported get request', 33))
    await expect(given.graph.conversation('t_1')).rejects.toMatchObject({ code: 'FACEBOOK_OBJECT_GONE' })
    expect(given.graph.calls()).toBe(1)
  })
})

describe('counting', () => {
  test('counts every attempt that was sent, and none that was not', async () => {
    await using given = await setUp((_request, _response, nth) =>
      nth < 3 ? { status: 502, body: '<html></html>' } : { body: { id: 't_1' } },
    )
    await given.graph.conversation('t_1')
    expect(given.graph.calls()).toBe(3)
  })

  test('counts nothing once the client is closed', async () => {
    const given = await setUp(() => ({}))
    const { graph } = given
    await given[Symbol.asyncDispose]()
    await expect(graph.conversation('t_1')).rejects.toMatchObject({ code: 'SHUTTING_DOWN' })
    expect(graph.calls()).toBe(0)
  })
})

describe('a listing’s answer', () => {
  test('that has a next page but no cursor is not taken for its end', async () => {
    await using given = await setUp(() => ({
      body: { data: [], paging: { next: 'https://graph.facebook.com/v26.0/1/conversations?until=5&__paging_token=x' } },
    }))
    await expect(given.graph.conversations({ limit: 1, messagesLimit: 0 })).rejects.toMatchObject({
      code: 'FACEBOOK_UNAVAILABLE',
    })
  })

  test('may name its cursor in the next address alone', async () => {
    await using given = await setUp(() => ({
      body: { data: [], paging: { next: `https://graph.facebook.com/v26.0/1?after=abc&access_token=${TOKEN}` } },
    }))
    const list = await given.graph.conversations({ limit: 1, messagesLimit: 0 })
    expect(list.next).toBe('abc')
    expect(JSON.stringify(list)).not.toContain(TOKEN)
  })

  test('of another shape is no answer', async () => {
    await using given = await setUp(() => ({ body: { data: [{ unread_count: 1 }] } }))
    await expect(given.graph.conversations({ limit: 1, messagesLimit: 0 })).rejects.toMatchObject({
      code: 'FACEBOOK_UNAVAILABLE',
      message: "Facebook's answer has another shape at /data/0/id",
    })
  })
})

describe('many conversations by id', () => {
  const ok = (id: string) => ({ code: 200, headers: [], body: JSON.stringify({ id, unread_count: 1 }) })
  const failed = (body: unknown) => ({ code: 400, headers: [], body: JSON.stringify(body) })
  const idsOf = (request: PeerRequest): string[] =>
    JSON.parse(request.params.get('batch') ?? '[]').map(({ relative_url }: { relative_url: string }) =>
      decodeURIComponent(relative_url.split('?')[0] ?? ''),
    )

  test('are read in batches of one second’s calls, and each counts', async () => {
    const clock = createTestClock()
    const budget = createPageBudget(DEFAULT_RATES, clock)
    await using given = await setUp((request) => ({ body: idsOf(request).map(ok) }), { budget })
    const reads = given.graph.conversationsByIds(['t_1', 't_2', 't_3', 't_4', 't_5', 't_1'])
    const started = clock.now()
    for (let batches = 1; batches <= 3; batches++) {
      await expect.poll(() => given.requests.length).toBe(batches)
      await clock.advance(batches < 3 ? 999 : 0)
      expect(given.requests).toHaveLength(batches)
      await clock.advance(batches < 3 ? 1 : 0)
    }
    const { byId } = await reads
    expect([...byId.keys()]).toEqual(['t_1', 't_2', 't_3', 't_4', 't_5'])
    expect(byId.get('t_4')).toMatchObject({ conversation: { unread_count: 1 } })
    expect(given.requests.map((request) => idsOf(request).length)).toEqual([2, 2, 1])
    expect(given.graph.calls()).toBe(5)
    expect(clock.now() - started).toBe(2_000)
  })

  test('fail one by one: what is gone is told, what was not come to is read again', async () => {
    let lost = true
    await using given = await setUp((request) => ({
      body: idsOf(request).map((id) => {
        if (id === 't_gone') return failed({ error: { code: 100, error_subcode: 33 } })
        if (id !== 't_late' || !lost) return ok(id)
        lost = false
        return null
      }),
    }))
    const { byId } = await given.graph.conversationsByIds(['t_1', 't_gone', 't_late'])
    expect(byId.get('t_gone')?.error?.code).toBe('FACEBOOK_OBJECT_GONE')
    expect(byId.get('t_late')?.conversation?.id).toBe('t_late')
    expect(given.graph.calls()).toBe(4)
  })

  test('that are never come to are told as such after three rounds', async () => {
    await using given = await setUp((request) => ({ body: idsOf(request).map(() => null) }))
    const { byId } = await given.graph.conversationsByIds(['t_1'])
    expect(byId.get('t_1')?.error?.code).toBe('FACEBOOK_UNAVAILABLE')
    expect(given.graph.calls()).toBe(3)
  })

  test('are read without a field that Facebook refuses', async () => {
    const bad = (text: string) => text.includes('can_reply')
    await using given = await setUp((request) => {
      if (request.method === 'GET')
        return bad(request.target) ? refusal(100, 'nonexisting field (can_reply)') : { body: { id: 't_1' } }
      return {
        body: JSON.parse(request.params.get('batch') ?? '[]').map(({ relative_url }: { relative_url: string }) =>
          bad(relative_url) ? failed({ error: { code: 100, message: '(can_reply)' } }) : ok(relative_url.slice(0, 3)),
        ),
      }
    })
    const { byId, droppedFields } = await given.graph.conversationsByIds(['t_1', 't_2', 't_3'])
    expect([...byId.values()].map(({ conversation }) => conversation?.id)).toEqual(['t_1', 't_2', 't_3'])
    expect(droppedFields).toEqual(['can_reply'])
  })

  test.each([190, 80006, 104])('are given up where code %s concerns the whole page', async (code) => {
    await using given = await setUp((request) => ({
      body: idsOf(request).map((id, index) => (index === 0 ? ok(id) : failed({ error: { code } }))),
    }))
    const reads = given.graph.conversationsByIds(['t_1', 't_2'])
    await expect(reads).rejects.toMatchObject({ facebook: { code } })
    expect(given.requests).toHaveLength(1)
  })

  test('stop the page’s calls where a part was refused for its rate', async () => {
    const clock = createTestClock()
    const budget = createPageBudget(DEFAULT_RATES, clock, undefined, () => 1)
    await using given = await setUp(() => ({ body: [failed({ error: { code: 613 } })] }), { budget })
    await expect(given.graph.conversationsByIds(['t_1'])).rejects.toMatchObject({ code: 'FACEBOOK_RATE_LIMITED' })
    expect(budget.state().gates?.conversations?.paused_until_ms).toBeGreaterThan(clock.now())
  })

  test('are at most fifty', async () => {
    await using given = await setUp(() => ({ body: [] }))
    const ids = Array.from({ length: 51 }, (_, index) => `t_${index}`)
    await expect(given.graph.conversationsByIds(ids)).rejects.toThrow(RangeError)
  })
})

describe('a profile', () => {
  test('is a name and a picture, or nothing where Facebook answers an empty object', async () => {
    const people: Record<string, unknown> = {
      '/v26.0/1': { id: '1', first_name: 'Ada', last_name: 'Lovelace', profile_pic: 'https://x/y' },
      '/v26.0/2': { name: 'Grace Hopper' },
      '/v26.0/3': {},
    }
    await using given = await setUp(({ path }) => ({ body: people[path] }))
    expect(await given.graph.profile('1')).toMatchObject({ name: 'Ada Lovelace', picture: 'https://x/y' })
    expect(await given.graph.profile('2')).toMatchObject({ name: 'Grace Hopper', picture: null })
    expect(await given.graph.profile('3')).toMatchObject({ name: null, picture: null, droppedFields: [] })
  })
})

test('ids are encoded: none can lead to another call', async () => {
  await using given = await setUp(() => ({ body: { id: 'x' } }))
  await given.graph.conversation('t_1/messages?fields=x&')
  expect(given.requests[0]?.target).toMatch(/^\/v26\.0\/t_1%2Fmessages%3Ffields%3Dx%26\?/)
})
