import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { eventually } from '../../../../tests/support/eventually.ts'
import { createSimulator } from '../create-simulator.ts'
import { ENVIRONMENT_VARIABLES } from '../read-environment.ts'
import { SwitchesSchema } from '../switches/switches.ts'
import { startReceiver } from '../testing/start-receiver.ts'
import { startTestSimulator } from '../testing/start-simulator.ts'
import { CONTROL_ROUTES } from './control-api.ts'
import { EVENT_SCHEMAS } from './event-schemas.ts'

test('a new customer gets a PSID, a name and a conversation; a known one writes into hers', async () => {
  await using simulator = await startTestSimulator()
  const { body: first } = await simulator.ask('POST', 'messages', { facebook_page_id: simulator.pageId, text: 'hi' })
  expect(first).toEqual({
    psid: expect.stringMatching(/^\d{17}$/),
    name: expect.any(String),
    mid: expect.stringMatching(/^m_/),
    conversation_id: expect.stringMatching(/^t_\d+$/),
    created_time: expect.stringMatching(/\+0000$/),
    timestamp: expect.any(Number),
    webhooks: [{ status: null, ms: 0, skipped: 'no_callback' }],
  })
  const { body: second } = await simulator.ask('POST', 'messages', { psid: first.psid, text: 'again' })
  expect(second.conversation_id).toBe(first.conversation_id)
  const { body } = await simulator.ask('GET', `conversations/${first.psid}`)
  expect(body).toMatchObject({ unread_count: 2, message_count: 2, folder: 'inbox', names: [first.name] })
  expect(body.messages.map(({ text }: { text: string }) => text)).toEqual(['again', 'hi'])
})

test('a numeric page id is taken too, and one page alone need not be named', async () => {
  await using simulator = await startTestSimulator({ pages: [{}, {}] })
  const [first] = simulator.pages
  expect(
    (await simulator.ask('POST', 'messages', { facebook_page_id: Number(first!.facebookPageId), text: 'x' })).status,
  ).toBe(200)
  const { status, body } = await simulator.ask('POST', 'messages', { text: 'x' })
  expect([status, body.problems[0]]).toEqual([400, expect.stringContaining('facebook_page_id')])
})

test.each([
  ['POST', 'messages', {}, 400, '/text'],
  ['POST', 'messages', { text: 5 }, 400, '/text'],
  ['POST', 'messages', { text: 'x', deliveries: -1 }, 400, '/deliveries'],
  ['POST', 'messages', { text: 'x', nonsense: 1 }, 400, '/nonsense'],
  ['POST', 'messages', { text: 'x', psid: '5' }, 404, 'PSID 5'],
  ['POST', 'messages', { text: 'x', facebook_page_id: '5' }, 404, 'page 5'],
  ['POST', 'clock', {}, 400, 'advance_ms'],
  ['POST', 'clock', { set: 'soon' }, 400, '/set'],
  ['PUT', 'switches', { nonsense: true }, 400, '/nonsense'],
  ['PUT', 'switches', { shortPages: 'perhaps' }, 400, '/shortPages'],
  ['PUT', 'tokens', { subcode: 1 }, 400, '/subcode'],
  ['PUT', 'limits', {}, 400, 'percent or throttle'],
  ['POST', 'traffic', { rate: 0 }, 400, '/rate'],
  ['GET', 'calls?since=x', undefined, 400, 'since'],
  ['GET', 'conversations/t_1', undefined, 404, 't_1'],
  ['DELETE', 'messages/m_1', undefined, 404, 'm_1'],
  ['GET', 'nonsense', undefined, 404, 'GET /_control/nonsense'],
])('%s %s with %j is refused with %i and says why', async (method, path, body, status, words) => {
  await using simulator = await startTestSimulator()
  const answer = await simulator.ask(method, path, body)
  expect(answer.status).toBe(status)
  expect(JSON.stringify(answer.body)).toContain(words)
})

test('a body that is not JSON is refused', async () => {
  await using simulator = await startTestSimulator()
  const answer = await fetch(`${simulator.url}/_control/messages`, { method: 'POST', body: '{' })
  expect([answer.status, await answer.json()]).toEqual([
    400,
    { error: 'The request is not valid', problems: ['body: not JSON'] },
  ])
})

test('the call log shows every Graph call without its token, and counts what it has forgotten', async () => {
  await using simulator = await startTestSimulator()
  await simulator.get('/me/conversations?limit=3')
  await simulator.get('/me?fields=nonsense')
  const { body } = await simulator.ask('GET', 'calls')
  expect(body.calls).toMatchObject([
    {
      n: 1,
      method: 'GET',
      path: '/me/conversations',
      kind: 'conversations',
      class: 'conversations',
      page: simulator.pageId,
      status: 200,
      query: { limit: '3' },
    },
    { n: 2, kind: 'page', status: 400, code: 100 },
  ])
  expect((await simulator.ask('GET', 'calls?since=1')).body.calls).toHaveLength(1)
  expect(body.totals).toMatchObject({
    calls: 2,
    by_kind: { conversations: 1, page: 1 },
    by_status: { 200: 1, 400: 1 },
    by_code: { 100: 1 },
  })
  await simulator.ask('DELETE', 'calls')
  expect((await simulator.ask('GET', 'calls')).body).toMatchObject({ calls: [], totals: { calls: 0 }, rate: {} })
})

test('the same seed and time give the same pages, tokens, conversations and messages', async () => {
  const dump = async (seed: number) => {
    await using simulator = await createSimulator({ seed, pages: [{ conversations: 20, epoch: 1_795_000_000_000 }] })
    const { conversations } = await simulator.control<{ conversations: { conversation_id: string }[] }>(
      'GET',
      'conversations',
    )
    const whole = await simulator.control('GET', `conversations/${conversations[3]!.conversation_id}`)
    return { pages: simulator.pages, conversations, whole }
  }
  expect(await dump(5)).toEqual(await dump(5))
  expect((await dump(6)).pages).not.toEqual((await dump(5)).pages)
})

test('calls in the process and over HTTP mean the same', async () => {
  await using simulator = await startTestSimulator()
  const inside = await simulator.control<{ psid: string }>('POST', 'messages', { text: 'inside' })
  expect((await simulator.ask('GET', `conversations/${inside.psid}`)).body).toEqual(
    await simulator.control('GET', `conversations/${inside.psid}`),
  )
  await expect(simulator.control('POST', 'messages', {})).rejects.toThrow('not valid')
})

test('pages can be added with their token and shape', async () => {
  await using simulator = await startTestSimulator()
  const { body: page } = await simulator.ask('POST', 'pages', {
    name: 'New',
    facebook_page_id: '4242',
    access_token: 'EAAnewpage',
    conversations: 3,
    done_share: 0,
    subscribed: false,
  })
  expect(page).toMatchObject({
    facebook_page_id: '4242',
    access_token: 'EAAnewpage',
    conversations: 3,
    subscribed_fields: null,
  })
  expect((await simulator.get('/me/conversations', 'EAAnewpage')).body.data).toHaveLength(3)
  expect((await simulator.ask('POST', 'pages', { facebook_page_id: '4242' })).status).toBe(409)
  const changed = await simulator.ask('PATCH', 'pages/4242', {
    details: { about: 'x', phone: null },
    subscribed_fields: ['messages'],
  })
  expect(changed.body.subscribed_fields).toEqual(['messages'])
  expect((await simulator.get('/me?fields=about,phone', 'EAAnewpage')).body).toEqual({ about: 'x', id: '4242' })
  expect((await simulator.ask('PATCH', 'pages/4242', { subscribed_fields: ['nonsense'] })).status).toBe(400)
})

test('customers write at a rate, known and new ones, until stopped', async () => {
  await using receiver = await startReceiver()
  await using simulator = await startTestSimulator({ webhookUrl: receiver.url })
  const { body } = await simulator.ask('POST', 'traffic', {
    rate: 200,
    seconds: 0.3,
    people: 5,
    new_share: 0.5,
    wait: true,
  })
  expect(body).toMatchObject({ running: false, written: 60, delivered: 60, failed: 0 })
  expect(receiver.received).toHaveLength(60)
  const { body: endless } = await simulator.ask('POST', 'traffic', { rate: 50 })
  await eventually(async () => (await simulator.ask('GET', 'traffic')).body.traffic[1].written > 2)
  expect((await simulator.ask('DELETE', `traffic/${endless.id}`)).body).toEqual({ stopped: 1 })
})

test('reset brings back the beginning', async () => {
  await using simulator = await startTestSimulator()
  const before = (await simulator.ask('GET', 'conversations')).body.conversations.map(
    ({ conversation_id }: { conversation_id: string }) => conversation_id,
  )
  await simulator.ask('POST', 'messages', { text: 'x' })
  await simulator.ask('PUT', 'switches', { shortPages: 'sometimes' })
  await simulator.ask('PUT', 'tokens', { state: 'expired' })
  await simulator.ask('POST', 'clock', { advance_ms: 1_000_000 })
  await simulator.ask('POST', 'reset')
  const after = await simulator.ask('GET', 'conversations')
  expect(after.body.conversations.map(({ conversation_id }: { conversation_id: string }) => conversation_id)).toEqual(
    before,
  )
  expect((await simulator.ask('GET', 'switches')).body.shortPages).toBe('never')
  expect((await simulator.get('/me')).status).toBe(200)
  expect((await simulator.ask('GET', 'calls')).body.totals.calls).toBe(1)
  expect(Math.abs((await simulator.ask('GET', 'clock')).body.now_ms - Date.now())).toBeLessThan(60_000)
})

test('switches go back to their defaults', async () => {
  await using simulator = await startTestSimulator()
  await simulator.ask('PUT', 'switches', { maxNestedMessages: 3, httpStatusByCode: { 190: 401 } })
  await simulator.ask('PUT', 'tokens', { state: 'invalid' })
  expect((await simulator.get('/me')).status).toBe(401)
  expect((await simulator.ask('DELETE', 'switches')).body).toMatchObject({
    maxNestedMessages: 25,
    httpStatusByCode: { 230: 403 },
  })
})

test('the README names every call, every kind of event, every switch with its default and every variable', () => {
  const readme = readFileSync(new URL('../../README.md', import.meta.url), 'utf8')
  const missing = [
    ...CONTROL_ROUTES.map(({ route }) => `\`${route}\``),
    ...Object.keys(EVENT_SCHEMAS).map((kind) => `\`${kind}\``),
    ...Object.keys(ENVIRONMENT_VARIABLES).map((name) => `\`${name}\``),
    ...Object.entries(SwitchesSchema.properties).map(
      ([name, schema]) => `| \`${name}\` | \`${JSON.stringify(schema.default)}\` |`,
    ),
  ].filter((text) => !readme.includes(text))
  expect(missing).toEqual([])
})
