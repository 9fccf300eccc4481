import { expect, test } from 'vitest'
import { startReceiver } from '../testing/start-receiver.ts'
import { startTestSimulator } from '../testing/start-simulator.ts'

const FIELDS =
  'id,name,username,category,category_list,about,description,phone,website,emails,link,picture{url},cover,fan_count,followers_count,single_line_address,location,hours,is_published,verification_status,unread_message_count,has_transitioned_to_new_page_experience'

test('the page node answers the fields that are asked for, and no others', async () => {
  await using simulator = await startTestSimulator({ pages: [{ name: 'Riverside Café', details: { fan_count: 7 } }] })
  const { body } = await simulator.get(`/me?fields=${FIELDS}`)
  expect(body).toMatchObject({
    id: simulator.pageId,
    name: 'Riverside Café',
    fan_count: 7,
    picture: { data: { url: expect.any(String) } },
  })
  expect(Object.keys(body.picture.data)).toEqual(['url'])
  expect((await simulator.get('/me')).body).toEqual({ name: 'Riverside Café', id: simulator.pageId })
  expect((await simulator.get('/me?fields=location{city}')).body).toEqual({
    location: { city: 'Phnom Penh' },
    id: simulator.pageId,
  })
})

test('one unknown or forbidden field fails the whole call', async () => {
  await using simulator = await startTestSimulator({
    switches: { forbiddenFields: { emails: 10, phone: 200, bio: 100 } },
  })
  const error = async (fields: string) => (await simulator.get(`/me?fields=${fields}`)).body.error
  expect(await error('name,nonsense')).toMatchObject({
    code: 100,
    message: '(#100) Tried accessing nonexisting field (nonsense) on node type (Page)',
  })
  expect((await error('name,emails')).code).toBe(10)
  expect((await error('name,phone')).code).toBe(200)
  expect((await error('name,bio')).code).toBe(100)
  expect((await error('name,{')).code).toBe(2500)
})

test('an update changes what can be read, an empty string clears, and nothing else is told', async () => {
  await using simulator = await startTestSimulator()
  const { body } = await simulator.graph('POST', '/me', {
    about: 'Open late',
    website: '',
    emails: ['a@b.example'],
    location: { city: 'Kampot' },
  })
  expect(body).toEqual({ success: true })
  expect((await simulator.get('/me?fields=about,website,emails,single_line_address')).body).toEqual({
    about: 'Open late',
    emails: ['a@b.example'],
    single_line_address: 'Kampot',
    id: simulator.pageId,
  })
  await simulator.ask('PUT', 'switches', { emptyStringClears: false })
  await simulator.graph('POST', '/me', { about: '' })
  expect((await simulator.get('/me?fields=about')).body.about).toBe('Open late')
})

test.each([{ name: 'x' }, { about: 'x'.repeat(256) }, { emails: ['nonsense'] }, { hours: 'always' }])(
  '%j is refused and changes nothing',
  async (change) => {
    await using simulator = await startTestSimulator()
    const before = await simulator.get('/me?fields=about,emails,hours,name')
    const { body, status } = await simulator.graph('POST', '/me', { phone: '1', ...change })
    expect([status, body.error.code]).toEqual([400, 100])
    expect((await simulator.get('/me?fields=about,emails,hours,name')).body).toEqual(before.body)
  },
)

test.each([
  ['POST', '{c}', { is_subscribed: false }],
  ['POST', '{c}', { marked_read: true }],
  ['POST', '{c}/mute', {}],
  ['POST', '{c}/archive', {}],
  ['POST', '{c}/messages', { message: 'x' }],
  ['DELETE', '{c}', undefined],
  ['POST', '{m}', { text: 'x' }],
  ['GET', 't_123', undefined],
  ['GET', '987654', undefined],
])('%s %s does not exist on Facebook: 100/33, a GraphMethodException', async (method, path, body) => {
  await using simulator = await startTestSimulator()
  const { body: listed } = await simulator.get('/me/conversations?limit=1&fields=messages.limit(1)')
  const [conversation] = listed.data
  const answer = await simulator.graph(
    method,
    `/${path.replace('{c}', conversation.id).replace('{m}', conversation.messages.data[0].id)}`,
    body,
  )
  expect(answer.status).toBe(400)
  expect(answer.body.error).toMatchObject({ code: 100, error_subcode: 33, type: 'GraphMethodException' })
  expect(answer.body.error.message).toMatch(
    new RegExp(`^Unsupported ${method.toLowerCase()} request. Object with ID '`),
  )
  expect((await simulator.ask('GET', 'calls')).body.calls.at(-1).kind).toBe('unsupported')
})

test('an unknown edge that is read is a field that does not exist', async () => {
  await using simulator = await startTestSimulator()
  const { body } = await simulator.get('/me/archive')
  expect(body.error).toMatchObject({ code: 100, message: expect.stringContaining('nonexisting field (archive)') })
  expect((await simulator.get('/me/conversations/x')).body.error.code).toBe(2500)
})

test('labels are made, put on and taken off, listed, deleted, and told by inbox_labels', async () => {
  await using receiver = await startReceiver()
  await using simulator = await startTestSimulator({ webhookUrl: receiver.url })
  const { body: written } = await simulator.ask('POST', 'messages', { text: 'hi' })
  const { psid } = written
  const { body: label } = await simulator.graph('POST', '/me/custom_labels', { page_label_name: 'Archived' })
  expect((await simulator.graph('POST', '/me/custom_labels', { page_label_name: 'Archived' })).body.error.code).toBe(
    100,
  )
  expect((await simulator.graph('POST', `/${label.id}/label?user=${psid}`)).body).toEqual({ success: true })
  await simulator.graph('POST', `/${label.id}/label?user=${psid}`)
  const named = [{ id: label.id, page_label_name: 'Archived' }]
  expect((await simulator.get(`/${psid}/custom_labels?fields=page_label_name`)).body.data).toMatchObject(named)
  expect((await simulator.get('/me/custom_labels?fields=page_label_name')).body.data).toMatchObject(named)
  await simulator.graph('DELETE', `/${label.id}/label?user=${psid}`)
  expect((await simulator.get(`/${psid}/custom_labels`)).body).toEqual({ data: [] })
  await simulator.ask('POST', 'events', { kind: 'inbox_labels', psid, label: 'Muted' })
  const told = receiver
    .items()
    .filter(({ field }) => field === 'inbox_labels')
    .map(({ value }) => [value.action, value.label.page_label_name, value.user.id])
  expect(told).toEqual([
    ['add', 'Archived', psid],
    ['remove', 'Archived', psid],
    ['add', 'Muted', psid],
  ])
  expect((await simulator.graph('DELETE', `/${label.id}`)).body).toEqual({ success: true })
  expect((await simulator.get(`/${label.id}`)).body.error.error_subcode).toBe(33)
})

test('without the contact terms label calls answer 2/2018344, which is not transient', async () => {
  await using simulator = await startTestSimulator({ switches: { contactTermsAccepted: false } })
  const { body, status } = await simulator.graph('POST', '/me/custom_labels', { page_label_name: 'Archived' })
  expect(status).toBe(500)
  expect(body.error).toMatchObject({ code: 2, error_subcode: 2018344, is_transient: false })
})

test('profiles are open, empty, refused or missing as the person’s state says', async () => {
  await using simulator = await startTestSimulator({
    pages: [{ conversations: { count: 5, profileDeniedShare: 0, profilePhoneShare: 0 } }],
  })
  const { body: written } = await simulator.ask('POST', 'messages', { text: 'hi', name: 'Ada Lovelace' })
  const profile = () => simulator.get(`/${written.psid}?fields=first_name,last_name,profile_pic`)
  expect((await profile()).body).toMatchObject({ first_name: 'Ada', last_name: 'Lovelace', id: written.psid })
  const set = (state: string) => simulator.ask('PUT', 'people', { psid: written.psid, profile: state })
  await set('denied')
  expect([(await profile()).status, (await profile()).body]).toEqual([200, {}])
  await set('phone')
  expect((await profile()).body.error).toMatchObject({ code: 100, error_subcode: 2018218 })
  await set('permission')
  expect((await profile()).body.error.code).toBe(2018247)
})

test('the app is subscribed to a page, and the fields are replaced', async () => {
  await using simulator = await startTestSimulator({ pages: [{ subscribed: false }] })
  expect((await simulator.get('/me/subscribed_apps')).body).toEqual({ data: [] })
  await simulator.graph('POST', '/me/subscribed_apps?subscribed_fields=messages,message_echoes')
  await simulator.graph('POST', '/me/subscribed_apps', { subscribed_fields: ['messages', 'feed'] })
  expect((await simulator.get('/me/subscribed_apps')).body.data[0]).toMatchObject({
    id: simulator.app.id,
    subscribed_fields: ['messages', 'feed'],
  })
  expect((await simulator.graph('POST', '/me/subscribed_apps?subscribed_fields=nonsense')).body.error.code).toBe(100)
  expect((await simulator.graph('POST', '/me/subscribed_apps')).body.error.code).toBe(100)
  await simulator.graph('DELETE', '/me/subscribed_apps')
  expect((await simulator.get('/me/subscribed_apps')).body).toEqual({ data: [] })
})

test('the callback is asked before it is subscribed: 2200 when it does not answer the challenge', async () => {
  await using receiver = await startReceiver('right')
  await using simulator = await startTestSimulator()
  const { id, secret } = simulator.app
  const subscribe = (verifyToken: string, url = receiver.url) =>
    simulator.graph(
      'POST',
      `/${id}/subscriptions`,
      { object: 'page', callback_url: url, verify_token: verifyToken, fields: 'messages' },
      `${id}|${secret}`,
    )
  const wrong = await subscribe('wrong')
  expect(wrong.body.error).toMatchObject({ code: 2200, message: expect.stringContaining('HTTP Status Code = 403') })
  expect((await subscribe('right', 'http://127.0.0.1:9/none')).body.error.code).toBe(2200)
  expect((await subscribe('right')).body).toEqual({ success: true })
  const listed = await simulator.get(`/${id}/subscriptions`, `${id}|${secret}`)
  expect(listed.body.data).toMatchObject([
    { object: 'page', callback_url: receiver.url, fields: [{ name: 'messages' }] },
  ])
  await simulator.ask('POST', 'messages', { text: 'now it arrives' })
  expect(receiver.received).toHaveLength(1)
  await simulator.graph('DELETE', `/${id}/subscriptions`, undefined, `${id}|${secret}`)
  expect((await simulator.ask('POST', 'messages', { text: 'not any more' })).body.webhooks[0].skipped).toBe(
    'no_callback',
  )
})

test('people can be moved to spam and blocked, ten at a time at most', async () => {
  await using simulator = await startTestSimulator()
  const { body: written } = await simulator.ask('POST', 'messages', { text: 'buy followers' })
  const moderate = (ids: string[], actions: string[]) =>
    simulator.graph('POST', '/me/moderate_conversations', { user_ids: ids.map((id) => ({ id })), actions })
  expect((await moderate([written.psid], ['MOVE_TO_SPAM', 'BLOCK_USER'])).body).toEqual({ success: true })
  expect((await simulator.get('/me/conversations?folder=spam')).body.data[0].id).toBe(written.conversation_id)
  expect(
    (await simulator.graph('POST', '/me/messages', { recipient: { id: written.psid }, message: { text: 'x' } })).body
      .error.code,
  ).toBe(551)
  expect((await moderate(Array(11).fill(written.psid), ['BLOCK_USER'])).body.error.code).toBe(100)
  expect((await moderate([written.psid], ['ARCHIVE'])).body.error.code).toBe(100)
})
