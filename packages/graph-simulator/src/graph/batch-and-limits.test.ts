import { expect, test } from 'vitest'
import { createMovableClock } from '../clock/movable-clock.ts'
import { startTestSimulator, type TestSimulator } from '../testing/start-simulator.ts'

const usage = (headers: Headers) => JSON.parse(headers.get('x-business-use-case-usage') ?? '{}')
const messenger = (simulator: TestSimulator, headers: Headers) =>
  usage(headers)[simulator.pageId].find(({ type }: { type: string }) => type === 'messenger')

test('the parts of a batch are calls of their own, each with its status, headers and body as text', async () => {
  await using simulator = await startTestSimulator()
  const batch = [
    { method: 'GET', relative_url: 'me?fields=name' },
    { method: 'POST', relative_url: 'me', body: 'about=By%20batch' },
    { method: 'GET', relative_url: 'v26.0/me/nonsense' },
  ]
  const { body, status } = await simulator.graph('POST', '/', { batch })
  expect(status).toBe(200)
  expect(body.map(({ code }: { code: number }) => code)).toEqual([200, 200, 400])
  expect(JSON.parse(body[0].body)).toMatchObject({ name: 'Riverside Café' })
  expect(body[0].headers).toContainEqual({ name: 'facebook-api-version', value: 'v26.0' })
  expect(JSON.parse(body[2].body).error.code).toBe(100)
  const { body: log } = await simulator.ask('GET', 'calls')
  expect(log.totals).toMatchObject({ cost: 3, by_kind: { page: 1, page_update: 1, unsupported: 1, batch: 1 } })
})

test('a part can use what an earlier one answered', async () => {
  await using simulator = await startTestSimulator()
  const batch = [
    { method: 'GET', name: 'list', relative_url: 'me/conversations?limit=3', omit_response_on_success: false },
    { method: 'GET', relative_url: '?ids={result=list:$.data.*.id}&fields=message_count' },
  ]
  const { body } = await simulator.graph('POST', '/', { batch, include_headers: false })
  expect(Object.keys(JSON.parse(body[1].body))).toEqual(
    JSON.parse(body[0].body).data.map(({ id }: { id: string }) => id),
  )
  expect(body[0].headers).toBeUndefined()
})

test('a part that gets no answer is null, and more than 50 parts are refused', async () => {
  await using simulator = await startTestSimulator()
  await simulator.ask('POST', 'faults', { match: { kind: 'page' }, action: { timeout: true } })
  const batch = [
    { method: 'GET', relative_url: 'me' },
    { method: 'GET', relative_url: 'me' },
  ]
  expect((await simulator.graph('POST', '/', { batch })).body).toMatchObject([null, { code: 200 }])
  const tooMany = Array.from({ length: 51 }, () => ({ method: 'GET', relative_url: 'me' }))
  expect((await simulator.graph('POST', '/', { batch: tooMany })).body.error.code).toBe(100)
})

test('many ids are read by one request and count one each; a wrong one fails all', async () => {
  await using simulator = await startTestSimulator({ pages: [{ conversations: { count: 40, longShare: 1 } }] })
  const { body } = await simulator.get('/me/conversations?limit=26')
  const ids = body.data.map(({ id }: { id: string }) => id)
  const read = await simulator.get(`/?ids=${ids.slice(0, 3)}&fields=message_count`)
  expect(Object.keys(read.body)).toEqual(ids.slice(0, 3))
  const { body: log } = await simulator.ask('GET', 'calls')
  expect(log.calls.at(-1)).toMatchObject({ kind: 'multiple_ids', class: 'conversations', cost: 3 })
  expect(log.rate[simulator.pageId].calls).toBe(4)
  const edges = await simulator.get(`/messages?ids=${ids.slice(0, 25)}&limit=100&fields=id`)
  expect(edges.body[ids[24]].data).toHaveLength(100)
  expect((await simulator.get(`/messages?ids=${ids}&limit=100&fields=id`)).body.error.code).toBe(1)
  expect((await simulator.get(`/?ids=${ids[0]},t_1`)).body.error.error_subcode).toBe(33)
})

test('usage rises with every call, calls beyond the limit are refused for some minutes of the clock', async () => {
  await using simulator = await startTestSimulator({
    switches: { messengerCallsPerDay: 10, throttledCallsLengthen: false },
  })
  const call = () => simulator.get('/me/conversations?limit=1')
  expect(messenger(simulator, (await call()).headers).call_count).toBe(10)
  for (let i = 0; i < 8; i++) await call()
  expect(messenger(simulator, (await call()).headers)).toMatchObject({
    call_count: 100,
    estimated_time_to_regain_access: 0,
  })
  const refused = await call()
  expect(refused.body.error.code).toBe(80006)
  expect(messenger(simulator, refused.headers)).toMatchObject({ call_count: 100, estimated_time_to_regain_access: 5 })
  expect((await simulator.get('/me?fields=name')).status).toBe(200)
  await simulator.ask('POST', 'clock', { advance_ms: 4 * 60_000 })
  expect((await call()).body.error.code).toBe(80006)
  await simulator.ask('POST', 'clock', { advance_ms: 60_001 })
  expect((await call()).status).toBe(200)
})

test.each([4, 17, 32, 341, 613, 80001, 80006])(
  'calls can be refused with %i for a time, which grows when they go on',
  async (code) => {
    await using simulator = await startTestSimulator()
    const call = () => simulator.get('/me/conversations?limit=1')
    await simulator.ask('PUT', 'limits', { kind: 'messenger', throttle: { code, minutes: 2 } })
    const { body, headers } = await call()
    expect(body.error).toMatchObject({ code, message: expect.stringContaining(`(#${code})`) })
    expect(messenger(simulator, headers).estimated_time_to_regain_access).toBe(3)
    await simulator.ask('POST', 'clock', { advance_ms: 3 * 60_000 })
    expect((await call()).status).toBe(200)
  },
)

test('the app’s limit refuses every page with code 4, and the headers can be made to say anything', async () => {
  await using simulator = await startTestSimulator({ pages: [{}, {}], switches: { appCallsPerHour: 3 } })
  for (let i = 0; i < 3; i++) await simulator.get('/me')
  const refused = await simulator.get('/me', simulator.pages[1]!.accessToken)
  expect(refused.body.error.code).toBe(4)
  expect(JSON.parse(refused.headers.get('x-app-usage')!).call_count).toBe(100)
  await simulator.ask('PUT', 'limits', { kind: 'messenger', facebook_page_id: simulator.pageId, percent: 85 })
  expect(messenger(simulator, (await simulator.get('/me')).headers).call_count).toBe(85)
  await simulator.ask('PUT', 'switches', { usageHeaders: false })
  expect((await simulator.get('/me')).headers.get('x-app-usage')).toBeNull()
})

test('two calls a second are counted always and enforced when the switch says so', async () => {
  await using simulator = await startTestSimulator({ pages: [{}, {}], clock: createMovableClock(Date.now(), true) })
  const call = (token?: string) => simulator.get('/me/conversations?limit=1', token)
  for (let i = 0; i < 6; i++) expect((await call()).status).toBe(200)
  const { body } = await simulator.ask('GET', 'calls')
  expect(body.rate[simulator.pageId]).toMatchObject({ calls: 6, in_10s: 6 })
  await simulator.ask('PUT', 'switches', { enforceConversationRate: true, conversationBurst: 2 })
  const codes = []
  for (let i = 0; i < 3; i++) codes.push((await call()).body.error?.code)
  expect(codes).toEqual([undefined, undefined, 613])
  expect((await call(simulator.pages[1]!.accessToken)).status).toBe(200)
  expect((await simulator.get('/me')).status).toBe(200)
  await simulator.ask('POST', 'clock', { advance_ms: 500 })
  expect((await call()).status).toBe(200)
})

test('audio and video are limited to ten a second when the switch says so', async () => {
  await using simulator = await startTestSimulator({
    clock: createMovableClock(Date.now(), true),
    switches: { enforceSendRate: true },
  })
  const { body: written } = await simulator.ask('POST', 'messages', { text: 'hi' })
  const message = { attachment: { type: 'audio', payload: { url: 'https://a.example/b.mp3' } } }
  const codes = []
  for (let i = 0; i < 14; i++)
    codes.push(
      (await simulator.graph('POST', '/me/messages', { recipient: { id: written.psid }, message })).body.error?.code,
    )
  expect(codes).toEqual([...Array(10).fill(undefined), 613, 613, 613, 613])
})
