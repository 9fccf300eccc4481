import { expect, test } from 'vitest'
import { type GraphResult, startTestSimulator, type TestSimulator } from '../testing/start-simulator.ts'

const FIELDS = 'id,updated_time,message_count'

/** Pages through a listing until there is no `next`; `between` may change the page after each answer. */
async function readAll(
  simulator: TestSimulator,
  path: string,
  between: (pages: number) => Promise<unknown> = async () => undefined,
) {
  const items: { id: string; updated_time: string; message_count: number }[] = []
  const sizes: number[] = []
  let after: string | undefined
  for (let pages = 1; pages < 500; pages++) {
    const { body, status }: GraphResult = await simulator.get(path + (after === undefined ? '' : `&after=${after}`))
    expect(status).toBe(200)
    items.push(...body.data)
    sizes.push(body.data.length)
    if (body.paging?.next === undefined) break
    after = body.paging.cursors.after
    await between(pages)
  }
  return { items, sizes, ids: items.map(({ id }) => id) }
}

test('all conversations of a folder are listed once, newest first, 100 a page at most', async () => {
  await using simulator = await startTestSimulator({ pages: [{ conversations: { count: 450, doneShare: 0.2 } }] })
  const inbox = await readAll(simulator, `/me/conversations?limit=500&fields=${FIELDS}`)
  const done = await readAll(simulator, `/me/conversations?folder=page_done&limit=500&fields=${FIELDS}`)
  expect(new Set([...inbox.ids, ...done.ids]).size).toBe(450)
  expect(inbox.ids.length + done.ids.length).toBe(450)
  expect(done.ids.length).toBeGreaterThan(50)
  expect(Math.max(...inbox.sizes)).toBe(100)
  const times = inbox.items.map(({ updated_time }) => updated_time)
  expect(times).toEqual(times.toSorted().reverse())
  expect(times[0]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\+0000$/)
})

test('paging.next can be followed as it is and holds the token', async () => {
  await using simulator = await startTestSimulator({ pages: [{ conversations: 12 }] })
  const { body } = await simulator.get('/me/conversations?limit=10')
  expect(body.data).toHaveLength(10)
  const next = await fetch(body.paging.next)
  expect(((await next.json()) as { data: unknown[] }).data.length).toBeGreaterThan(0)
  await simulator.ask('PUT', 'switches', { tokenInNextUrls: false })
  const again = await simulator.get('/me/conversations?limit=10')
  expect(again.body.paging.next).not.toContain('access_token')
})

test('conversations that arrive and move while paging lead to no repetition behind them and to no loss of others', async () => {
  await using simulator = await startTestSimulator({ pages: [{ conversations: { count: 60, doneShare: 0 } }] })
  const before = (await readAll(simulator, `/me/conversations?limit=100&fields=${FIELDS}`)).ids
  const { body: oldest } = await simulator.ask('GET', `conversations/${before.at(-1)}`)
  const { ids } = await readAll(simulator, `/me/conversations?limit=10&fields=${FIELDS}`, async (pages) => {
    if (pages === 2) await simulator.ask('POST', 'messages', { text: 'new here' })
    if (pages === 3) await simulator.ask('POST', 'messages', { text: 'me again', psid: oldest.psids[0] })
  })
  expect(new Set(ids).size).toBe(ids.length)
  // The one that moved to the front is missed now and found at the top of the next listing.
  expect(ids).toEqual(before.slice(0, -1))
  const after = (await readAll(simulator, `/me/conversations?limit=100&fields=${FIELDS}`)).ids
  expect(after).toHaveLength(61)
  expect(after[0]).toBe(before.at(-1))
})

test('with cursors that move with their item, a listing starts over when that item moved up', async () => {
  await using simulator = await startTestSimulator({
    pages: [{ conversations: { count: 30, doneShare: 0 } }],
    switches: { cursorAnchor: 'item' },
  })
  const { body: first } = await simulator.get('/me/conversations?limit=10')
  const { body: last } = await simulator.ask('GET', `conversations/${first.data[9].id}`)
  await simulator.ask('POST', 'messages', { text: 'hello again', psid: last.psids[0] })
  const { body: second } = await simulator.get(`/me/conversations?limit=10&after=${first.paging.cursors.after}`)
  expect(second.data[0].id).toBe(first.data[0].id)
})

test('a cursor whose conversation was deleted is refused, and so is nonsense', async () => {
  await using simulator = await startTestSimulator({ pages: [{ conversations: 30 }] })
  const { body } = await simulator.get('/me/conversations?limit=5')
  await simulator.ask('DELETE', `conversations/${body.data[4].id}`)
  const stale = await simulator.get(`/me/conversations?limit=5&after=${body.paging.cursors.after}`)
  expect(stale.status).toBe(400)
  expect(stale.body.error).toMatchObject({ code: 2642, type: 'OAuthException' })
  const nonsense = await simulator.get('/me/conversations?after=abc')
  expect(nonsense.body.error.code).toBe(2642)
})

test('all cursors can be made stale at once', async () => {
  await using simulator = await startTestSimulator({ pages: [{ conversations: 30 }] })
  const { body } = await simulator.get('/me/conversations?limit=5')
  await simulator.ask('POST', 'cursors/expire')
  expect((await simulator.get(`/me/conversations?after=${body.paging.cursors.after}`)).body.error.code).toBe(2642)
})

test('short and empty pages with a next lose nothing', async () => {
  await using simulator = await startTestSimulator({
    pages: [{ conversations: { count: 120, doneShare: 0 } }],
    switches: { shortPages: 'sometimes' },
  })
  const { ids, sizes } = await readAll(simulator, `/me/conversations?limit=10&fields=${FIELDS}`)
  expect(new Set(ids).size).toBe(120)
  expect(sizes).toContain(5)
  expect(sizes.slice(0, -1)).toContain(0)
})

test('messages nested in the listing are capped at 25 each and at 2,500 in an answer', async () => {
  await using simulator = await startTestSimulator({
    pages: [{ conversations: { count: 120, longShare: 1, doneShare: 0 } }],
  })
  const { body } = await simulator.get('/me/conversations?limit=100&fields=messages.limit(100){id}')
  expect(body.data).toHaveLength(100)
  expect(body.data.every(({ messages }: { messages: { data: unknown[] } }) => messages.data.length === 25)).toBe(true)
  await simulator.ask('PUT', 'switches', { maxMessagesPerAnswer: 1_000 })
  const tooMuch = await simulator.get('/me/conversations?limit=100&fields=messages.limit(25){id}')
  expect(tooMuch.status).toBe(500)
  expect(tooMuch.body.error).toMatchObject({ code: 1, message: expect.stringContaining('reduce the amount of data') })
  expect((await simulator.get('/me/conversations?limit=40&fields=messages.limit(25){id}')).status).toBe(200)
})

test('a limit above the maximum is less, or refused with 1/99 when the switch says so', async () => {
  await using simulator = await startTestSimulator({ switches: { oversizedLimit: 'refuse' } })
  const { body, status } = await simulator.get('/me/conversations?limit=101')
  expect(status).toBe(500)
  expect(body.error).toMatchObject({ code: 1, error_subcode: 99 })
  expect((await simulator.get('/me/conversations?limit=-1')).body.error.code).toBe(100)
})

test('a person’s conversation is found by PSID, nobody’s is an empty list', async () => {
  await using simulator = await startTestSimulator()
  const { body } = await simulator.get('/me/conversations?limit=3&fields=participants')
  const psid = body.data[2].participants.data[0].id
  const found = await simulator.get(`/me/conversations?platform=MESSENGER&user_id=${psid}`)
  expect(found.body.data).toMatchObject([{ id: body.data[2].id }])
  expect(psid).toMatch(/^\d{17}$/)
  expect(body.data[2].id).not.toContain(psid)
  expect((await simulator.get('/me/conversations?user_id=123')).body).toEqual({ data: [] })
  expect((await simulator.get('/me/conversations?platform=instagram')).body).toEqual({ data: [] })
})

test('unread_count is left out when it is 0, and a customer’s message raises it', async () => {
  await using simulator = await startTestSimulator({ pages: [{ conversations: { count: 40, recentCustomers: 2 } }] })
  const { body } = await simulator.get('/me/conversations?limit=40&fields=unread_count,participants')
  const read = body.data.find((one: { unread_count?: number }) => one.unread_count === undefined)
  const psid = read.participants.data[0].id
  await simulator.ask('POST', 'messages', { psid, text: 'one' })
  await simulator.ask('POST', 'messages', { psid, text: 'two' })
  const { body: after } = await simulator.get('/me/conversations?limit=1&fields=unread_count')
  expect(after.data[0]).toMatchObject({ id: read.id, unread_count: 2 })
})

test('done conversations are hidden by default, and a customer who writes reopens one', async () => {
  await using simulator = await startTestSimulator({ pages: [{ conversations: { count: 40, doneShare: 0.5 } }] })
  const { body } = await simulator.get('/me/conversations?folder=page_done&fields=participants,folder')
  const [done] = body.data
  expect(done.folder).toBe('page_done')
  const inbox = await simulator.get('/me/conversations?limit=100')
  expect(inbox.body.data.map(({ id }: { id: string }) => id)).not.toContain(done.id)
  await simulator.ask('POST', 'messages', { psid: done.participants.data[0].id, text: 'hello?' })
  const { body: reopened } = await simulator.get('/me/conversations?limit=1&fields=folder')
  expect(reopened.data[0]).toMatchObject({ id: done.id, folder: 'inbox' })
})

test('folder moves by people leave updated_time alone; spam can be made unreadable; unknown folders are refused', async () => {
  await using simulator = await startTestSimulator()
  const { body } = await simulator.get('/me/conversations?limit=5&fields=updated_time')
  const third = body.data[3]
  await simulator.ask('PATCH', `conversations/${third.id}`, { folder: 'spam' })
  const spam = await simulator.get('/me/conversations?folder=spam&fields=updated_time')
  expect(spam.body.data).toEqual([third])
  await simulator.ask('PUT', 'switches', { spamFolderReadable: false })
  expect((await simulator.get('/me/conversations?folder=spam')).body.error.code).toBe(100)
  expect((await simulator.get('/me/conversations?folder=nowhere')).body.error.code).toBe(100)
})

test('requests that are quiet for 30 days are not listed', async () => {
  await using simulator = await startTestSimulator({
    pages: [{ conversations: { count: 40, otherShare: 0.5, historyDays: 300 } }],
  })
  const count = async () => (await simulator.get('/me/conversations?folder=other&limit=100')).body.data.length
  const hidden = await count()
  await simulator.ask('PUT', 'switches', { hideOldRequests: false })
  expect(await count()).toBeGreaterThan(hidden)
})

test('a group thread and a second thread of one person are listed as Facebook does', async () => {
  await using simulator = await startTestSimulator({ pages: [{ conversations: 5 }] })
  const { body } = await simulator.get('/me/conversations?limit=2&fields=participants')
  const [first, second] = body.data.map(
    (one: { participants: { data: { id: string }[] } }) => one.participants.data[0]!.id,
  )
  const group = await simulator.ask('POST', 'conversations', { psids: [first, second] })
  const again = await simulator.ask('POST', 'conversations', { psids: [first] })
  const { body: listed } = await simulator.get('/me/conversations?limit=2&fields=participants{id}')
  expect(listed.data[0].id).toBe(again.body.conversation_id)
  expect(listed.data[1]).toEqual({
    id: group.body.conversation_id,
    participants: { data: [{ id: first }, { id: second }, { id: simulator.pageId }] },
  })
})
