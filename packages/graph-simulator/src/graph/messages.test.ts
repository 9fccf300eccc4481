import { expect, test } from 'vitest'
import { startTestSimulator, type TestSimulator } from '../testing/start-simulator.ts'

const ALL = 'id,created_time,from,to,message,attachments,sticker,shares{link},reactions,tags,reply_to,is_unsupported'

async function longConversation(simulator: TestSimulator): Promise<string> {
  const { body } = await simulator.get('/me/conversations?limit=100&fields=message_count')
  return body.data.find(({ message_count }: { message_count: number }) => message_count === 100).id
}

test('a long conversation is read page by page, each message once, 100 a page at most', async () => {
  await using simulator = await startTestSimulator()
  const id = await longConversation(simulator)
  const first = await simulator.get(`/${id}/messages?limit=70&fields=id,created_time`)
  const second = await simulator.get(`/${id}/messages?limit=70&fields=id&after=${first.body.paging.cursors.after}`)
  expect(first.body.data).toHaveLength(70)
  expect(second.body.data).toHaveLength(30)
  expect(second.body.paging.next).toBeUndefined()
  const ids = [...first.body.data, ...second.body.data].map(({ id: one }: { id: string }) => one)
  expect(new Set(ids).size).toBe(100)
  expect((await simulator.get(`/${id}/messages?limit=500`)).body.data).toHaveLength(100)
  expect(Object.keys(first.body.data[0])).toEqual(['id', 'created_time'])
})

test('the nested next goes on at the messages edge', async () => {
  await using simulator = await startTestSimulator()
  const id = await longConversation(simulator)
  const { body } = await simulator.get(`/${id}?fields=messages.limit(25){id,message}`)
  expect(body.messages.data).toHaveLength(25)
  const next = (await (await fetch(body.messages.paging.next)).json()) as { data: { id: string; message: string }[] }
  expect(next.data).toHaveLength(25)
  expect(body.messages.data.map((one: { id: string }) => one.id)).not.toContain(next.data[0]!.id)
  expect(next.data[0]).toHaveProperty('message')
})

test('messages that arrive while paging do not shift the pages behind', async () => {
  await using simulator = await startTestSimulator()
  const id = await longConversation(simulator)
  const dump = await simulator.ask('GET', `conversations/${id}`)
  const first = await simulator.get(`/${id}/messages?limit=50`)
  await simulator.ask('POST', 'messages', { psid: dump.body.psids[0], text: 'meanwhile' })
  const second = await simulator.get(`/${id}/messages?limit=100&after=${first.body.paging.cursors.after}`)
  expect(second.body.data).toHaveLength(50)
})

test('every kind of content has Facebook’s shape, and empty fields are left out', async () => {
  await using simulator = await startTestSimulator({ pages: [{ conversations: { count: 60, longShare: 1 } }] })
  const kinds = new Set<string>()
  const { body } = await simulator.get(`/me/conversations?limit=60&fields=messages.limit(25){${ALL}}`)
  for (const { messages } of body.data) {
    for (const message of messages.data) {
      for (const name of Object.keys(message)) kinds.add(name)
      expect(message.from.email).toBe(`${message.from.id}@facebook.com`)
      expect(message.to.data[0].id).not.toBe(message.from.id)
      for (const attachment of message.attachments?.data ?? []) {
        expect(attachment.image_data?.url ?? attachment.video_data?.url ?? attachment.file_url).toMatch(/^https:/)
      }
      if (message.shares) expect(message.shares.data[0]).toEqual({ link: expect.stringMatching(/^https:/) })
    }
  }
  expect([...kinds].sort()).toEqual([
    'attachments',
    'created_time',
    'from',
    'id',
    'message',
    'reactions',
    'shares',
    'sticker',
    'tags',
    'to',
  ])
})

test('a message node is found by its id, with m_ and without', async () => {
  await using simulator = await startTestSimulator()
  const written = await simulator.ask('POST', 'messages', { text: 'Có ខ្មែរ 😀 / %' })
  for (const id of [written.body.mid, written.body.mid.slice(2)]) {
    const { body } = await simulator.get(`/${id}?fields=message,from{name},created_time`)
    expect(body).toMatchObject({ id: written.body.mid, message: 'Có ខ្មែរ 😀 / %', from: { name: written.body.name } })
    expect(body.created_time).toBe(written.body.created_time)
  }
})

test('behind the detail limit a listing holds stubs and the node answers 9000001', async () => {
  await using simulator = await startTestSimulator({ switches: { detailLimit: 20 } })
  const id = await longConversation(simulator)
  const { body } = await simulator.get(`/${id}/messages?limit=30&fields=id,created_time,message,from`)
  expect(Object.keys(body.data[19])).toContain('from')
  expect(Object.keys(body.data[20])).toEqual(['id', 'created_time'])
  expect((await simulator.get(`/${body.data[19].id}`)).status).toBe(200)
  expect((await simulator.get(`/${body.data[20].id}`)).body.error.code).toBe(9000001)
})

test('a deleted message is hidden or a stub; a cursor at it is stale', async () => {
  await using simulator = await startTestSimulator()
  const id = await longConversation(simulator)
  const { body } = await simulator.get(`/${id}/messages?limit=10&fields=id,message`)
  const gone = body.data[9].id
  await simulator.ask('DELETE', `messages/${gone}`)
  const after = await simulator.get(`/${id}/messages?limit=100`)
  expect(after.body.data).toHaveLength(99)
  expect((await simulator.get(`/${id}?fields=message_count`)).body.message_count).toBe(99)
  expect((await simulator.get(`/${id}/messages?after=${body.paging.cursors.after}`)).body.error.code).toBe(2642)
  expect((await simulator.get(`/${gone}`)).body.error.code).toBe(9000001)
  await simulator.ask('PUT', 'switches', { deletedMessages: 'stub' })
  const stub = (await simulator.get(`/${id}/messages?limit=100&fields=id,message`)).body.data[9]
  expect(stub).toEqual({ id: gone })
})

test('attachments can be the placeholders that Europe sees', async () => {
  await using simulator = await startTestSimulator({ switches: { privacyPlaceholders: true } })
  const { body: written } = await simulator.ask('POST', 'messages', { attachments: [{ type: 'image' }] })
  const { body } = await simulator.get(`/${written.mid}?fields=attachments`)
  expect(body.attachments.data).toEqual([
    { id: expect.any(String), name: expect.stringContaining('new privacy rules in Europe') },
  ])
})

test('own sends and customers’ messages can be late in reads, by the clock', async () => {
  await using simulator = await startTestSimulator({ switches: { readDelayMs: 60_000, customerReadDelayMs: 30_000 } })
  const { body } = await simulator.get('/me/conversations?limit=1&fields=participants,message_count')
  const psid = body.data[0].participants.data[0].id
  const sent = await simulator.graph('POST', '/me/messages', { recipient: { id: psid }, message: { text: 'late' } })
  await simulator.ask('POST', 'messages', { psid, text: 'earlier' })
  const newest = async () =>
    (await simulator.get(`/${body.data[0].id}/messages?limit=2&fields=message`)).body.data.map(
      (one: { message: string }) => one.message,
    )
  expect(await newest()).not.toContain('late')
  expect((await simulator.get(`/${sent.body.message_id}`)).body.error).toMatchObject({ code: 100, error_subcode: 33 })
  await simulator.ask('POST', 'clock', { advance_ms: 31_000 })
  expect(await newest()).toContain('earlier')
  expect(await newest()).not.toContain('late')
  await simulator.ask('POST', 'clock', { advance_ms: 30_000 })
  expect(await newest()).toEqual(['earlier', 'late'])
})
