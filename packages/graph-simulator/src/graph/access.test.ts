import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { startTestSimulator, type TestSimulator } from '../testing/start-simulator.ts'

test('a call without a token is 104, with an unknown one 190, both told in WWW-Authenticate', async () => {
  await using simulator = await startTestSimulator()
  const without = await simulator.get('/me', null)
  expect(without.status).toBe(400)
  expect(without.body.error).toMatchObject({
    code: 104,
    type: 'OAuthException',
    fbtrace_id: expect.stringMatching(/^A/),
  })
  const unknown = await simulator.get('/me', 'EAAnonsense')
  expect(unknown.body.error).toMatchObject({ code: 190 })
  expect(unknown.headers.get('www-authenticate')).toBe(
    'OAuth "Facebook Platform" "invalid_token" "Invalid OAuth access token - Cannot parse access token"',
  )
})

test('the token is taken from the header, the query and the body', async () => {
  await using simulator = await startTestSimulator()
  const byQuery = await fetch(`${simulator.url}/me?access_token=${simulator.token}`)
  expect(byQuery.status).toBe(200)
  const byBody = await fetch(`${simulator.url}/v26.0/${simulator.pageId}`, {
    method: 'POST',
    body: new URLSearchParams({ access_token: simulator.token, about: 'By body' }),
  })
  expect(await byBody.json()).toEqual({ success: true })
  const { body } = await simulator.ask('GET', 'calls')
  expect(JSON.stringify(body)).not.toContain(simulator.token)
})

test.each([458, 459, 460, 463, 464, 467, 492])('a token can die with 190/%i, and come back', async (subcode) => {
  await using simulator = await startTestSimulator()
  await simulator.ask('PUT', 'tokens', { subcode })
  const { body, status } = await simulator.get('/me/conversations')
  expect(status).toBe(400)
  expect(body.error).toMatchObject({ code: 190, error_subcode: subcode, type: 'OAuthException' })
  await simulator.ask('PUT', 'tokens', { state: 'valid' })
  expect((await simulator.get('/me/conversations')).status).toBe(200)
})

test('a token can die without a subcode, as a session, by time, and after some calls', async () => {
  await using simulator = await startTestSimulator()
  const error = async () => (await simulator.get('/me')).body.error
  await simulator.ask('PUT', 'tokens', { state: 'impersonation' })
  expect(await error()).toMatchObject({ code: 190, message: expect.stringContaining('before impersonating') })
  expect((await error()).error_subcode).toBeUndefined()
  await simulator.ask('PUT', 'tokens', { state: 'session' })
  expect((await error()).code).toBe(102)
  await simulator.ask('PUT', 'tokens', { state: 'valid', expires_at_ms: Date.now() + 60_000 })
  expect(await error()).toBeUndefined()
  await simulator.ask('POST', 'clock', { advance_ms: 61_000 })
  expect((await error()).error_subcode).toBe(463)
  const { body: fresh } = await simulator.ask('POST', 'tokens', {})
  await simulator.ask('PUT', 'tokens', { token: fresh.access_token, state: 'password_changed', after_calls: 2 })
  const statuses = []
  for (let i = 0; i < 4; i++) statuses.push((await simulator.get('/me', fresh.access_token)).status)
  expect(statuses).toEqual([200, 200, 400, 400])
})

test.each([
  ['pages_messaging', 'GET', '/me/conversations', 230, 403],
  ['pages_messaging', 'POST', '/me/messages', 230, 403],
  ['pages_read_engagement', 'GET', '/me?fields=name', 10, 400],
  ['pages_manage_metadata', 'POST', '/me?about=x', 200, 400],
  ['pages_manage_metadata', 'GET', '/me/subscribed_apps', 200, 400],
])('without %s, %s %s is refused with %i', async (scope, method, path, code, status) => {
  await using simulator = await startTestSimulator()
  await simulator.ask('PUT', 'tokens', { missing_scopes: [scope] })
  const answer = await simulator.graph(method, path)
  expect(answer.status).toBe(status)
  expect(answer.body.error.code).toBe(code)
})

test('appsecret_proof is checked when given and can be required', async () => {
  await using simulator = await startTestSimulator({ appSecret: 'a-secret' })
  const proof = createHmac('sha256', 'a-secret').update(simulator.token).digest('hex')
  expect((await simulator.get(`/me?appsecret_proof=${proof}`)).status).toBe(200)
  const wrong = await simulator.get(`/me?appsecret_proof=${'0'.repeat(64)}`)
  expect(wrong.body.error).toMatchObject({ code: 100, message: 'Invalid appsecret_proof provided in the API argument' })
  await simulator.ask('PUT', 'switches', { requireAppSecretProof: true })
  expect((await simulator.get('/me')).body.error.message).toContain('require an appsecret_proof')
  const time = '1795383181'
  const timed = createHmac('sha256', 'a-secret').update(`${simulator.token}|${time}`).digest('hex')
  expect((await simulator.get(`/me?appsecret_proof=${timed}&appsecret_time=${time}`)).status).toBe(200)
})

test('the version that answers is the one asked for while it lives, else the oldest living one', async () => {
  await using simulator = await startTestSimulator()
  const version = async (path: string) => {
    const answer = await fetch(`${simulator.url}${path}?access_token=${simulator.token}`)
    return [answer.status, answer.headers.get('facebook-api-version')]
  }
  await simulator.ask('POST', 'clock', { set: '2026-11-22T00:00:00Z' })
  expect(await version('/v25.0/me')).toEqual([200, 'v25.0'])
  expect(await version('/v3.2/me')).toEqual([200, 'v21.0'])
  expect(await version('/me')).toEqual([200, 'v21.0'])
  expect((await version('/v99.0/me'))[0]).toBe(400)
})

const onPage = (simulator: TestSimulator, path: string, token: string) =>
  simulator.get(`/${simulator.pageId}${path}`, token)

test('another page’s token sees neither the page nor its conversations', async () => {
  await using simulator = await startTestSimulator({ pages: [{}, {}] })
  const other = simulator.pages[1]!.accessToken
  expect((await onPage(simulator, '', other)).body.error).toMatchObject({ code: 100, error_subcode: 33 })
  const { body } = await simulator.get('/me/conversations?limit=1')
  expect((await simulator.get(`/${body.data[0].id}`, other)).body.error.error_subcode).toBe(33)
  expect((await simulator.get(`/${body.data[0].id}/messages`, other)).status).toBe(400)
})

test('a page gives its token to itself and to who may act for it, not to whoever may read it', async () => {
  await using simulator = await startTestSimulator({ pages: [{}, {}] })
  await simulator.ask('PUT', 'switches', { publicPageAccess: true })
  const { body: user } = await simulator.ask('POST', 'tokens', { kind: 'user' })
  const { body: stranger } = await simulator.ask('POST', 'tokens', { kind: 'user' })
  await simulator.ask('PUT', 'tokens', { token: stranger.access_token, missing_scopes: ['pages_show_list'] })
  const tokenFor = async (token: string) => {
    const { status, body } = await onPage(simulator, '?fields=id,name,access_token', token)
    expect([status, body.id]).toEqual([200, simulator.pageId])
    return body.access_token
  }
  expect(await tokenFor(simulator.token)).toBe(simulator.token)
  expect(await tokenFor(user.access_token)).toBe(simulator.token)
  expect(await tokenFor(stranger.access_token)).toBeUndefined()
  expect(await tokenFor(simulator.pages[1]!.accessToken)).toBeUndefined()
})

test('log in, exchange, list the pages, inspect their tokens: the whole way of connecting a page', async () => {
  await using simulator = await startTestSimulator({ pages: Array.from({ length: 30 }, () => ({ conversations: 1 })) })
  const { id, secret } = simulator.app
  const back = 'https://app.example/callback'
  const dialog = `${simulator.url}/v26.0/dialog/oauth?client_id=${id}&redirect_uri=${back}&state=s1&scope=pages_messaging`
  const redirect = await fetch(dialog, { redirect: 'manual' })
  const location = new URL(redirect.headers.get('location')!)
  expect([redirect.status, location.searchParams.get('state')]).toEqual([302, 's1'])
  const code = location.searchParams.get('code')
  const exchange = `/oauth/access_token?client_id=${id}&client_secret=${secret}&redirect_uri=${back}&code=${code}`
  const { body: short } = await simulator.get(exchange, null)
  expect(short).toMatchObject({ token_type: 'bearer', expires_in: 7_200 })
  expect((await simulator.get(exchange, null)).body.error).toMatchObject({ code: 100, error_subcode: 36009 })
  const long = await simulator.get(
    `/oauth/access_token?grant_type=fb_exchange_token&client_id=${id}&client_secret=${secret}&fb_exchange_token=${short.access_token}`,
    null,
  )
  expect(long.body.expires_in).toBe(5_183_944)
  const user = long.body.access_token
  const first = await simulator.get('/me/accounts', user)
  const second = await simulator.get(`/me/accounts?after=${first.body.paging.cursors.after}`, user)
  expect([...first.body.data, ...second.body.data]).toHaveLength(30)
  expect(first.body.data[0]).toMatchObject({
    id: simulator.pageId,
    access_token: simulator.token,
    tasks: expect.arrayContaining(['MESSAGING']),
  })
  const inspect = (token: string) => simulator.get(`/debug_token?input_token=${token}`, `${id}|${secret}`)
  expect((await inspect(simulator.token)).body.data).toMatchObject({
    app_id: id,
    type: 'PAGE',
    is_valid: true,
    expires_at: 0,
    profile_id: simulator.pageId,
    scopes: expect.arrayContaining(['pages_messaging']),
  })
  await simulator.ask('PUT', 'tokens', { token: simulator.token, state: 'expired' })
  expect((await inspect(simulator.token)).body.data).toMatchObject({
    is_valid: false,
    error: { code: 190, subcode: 463 },
  })
  expect((await inspect('nonsense')).body.data.is_valid).toBe(false)
  expect((await simulator.get('/me', user)).body).toMatchObject({ name: 'Dara Sok' })
  expect((await onPage(simulator, '/conversations', user)).body.error.code).toBe(210)
})

test('the login dialog can show a page first, be refused, and knows wrong apps', async () => {
  await using simulator = await startTestSimulator({ switches: { loginAutoApprove: false } })
  const dialog = `${simulator.url}/dialog/oauth?client_id=${simulator.app.id}&redirect_uri=https://app.example/cb&state=%22%3E%3Cscript%3E`
  const html = await (await fetch(dialog)).text()
  expect(html).toContain('Riverside Café')
  expect(html).not.toContain('<script>')
  const denied = await fetch(`${dialog}&decision=deny`, { redirect: 'manual' })
  expect(denied.headers.get('location')).toContain('error=access_denied')
  expect((await fetch(`${simulator.url}/dialog/oauth?client_id=1&redirect_uri=https://a.example`)).status).toBe(400)
})

test('wrong app credentials are told apart from a wrong code', async () => {
  await using simulator = await startTestSimulator()
  const error = async (query: string) => (await simulator.get(`/oauth/access_token?${query}`, null)).body.error.code
  expect(await error('')).toBe(101)
  expect(await error('client_id=5')).toBe(101)
  expect(await error(`client_id=${simulator.app.id}&client_secret=no`)).toBe(1)
  expect(await error(`client_id=${simulator.app.id}&client_secret=${simulator.app.secret}&code=no`)).toBe(100)
})
