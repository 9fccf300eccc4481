import { readdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { createEraser } from '@pagesync/shared/erasure/eraser.ts'

import { systemClock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Change } from '@pagesync/shared/model/change.ts'
import { TOPICS } from '@pagesync/shared/model/topics.ts'
import { LOGINS, SEALED_TOKENS } from '@pagesync/shared/store/repositories/connection-rows.ts'
import { COMMANDS, CONVERSATIONS } from '@pagesync/shared/store/repositories/rows.ts'
import { createTombstones } from '@pagesync/shared/store/repositories/tombstones.ts'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createApiData, type TestTenant } from '../../support/api-data.ts'
import { type ApiSystem, startApiSystem } from '../../support/api-system.ts'
import { eventually } from '../../support/eventually.ts'
import { openSimulatedFacebook, type SimulatedFacebook } from '../../support/simulated-facebook.ts'
import { ERASURE_KEY } from '../../support/token-keys.ts'

const PAGES = ['510', '511', '512']
/** Comes to be at Facebook in the last test of all. */
const LATE_PAGE = '599'
const PUBLIC_URL = 'https://api.angkor.test'
const CALLBACK = `${PUBLIC_URL}/api/facebook/connect/callback`
const MINUTE_MS = 60_000

let facebook: SimulatedFacebook
let system: ApiSystem
let data: ReturnType<typeof createApiData>
let tenant: TestTenant
let shiftMs = 0
const changes: Change[] = []

beforeAll(async () => {
  const pages = PAGES.map((facebookPageId) => ({ facebookPageId, conversations: 0, subscribed: true }))
  facebook = await openSimulatedFacebook({ pages })
  const { facebook: login, readPage } = facebook
  const clock = { ...systemClock, now: () => Date.now() + shiftMs }
  system = await startApiSystem({ facebook: login, readPage, clock, config: { PUBLIC_API_URL: PUBLIC_URL } })
  data = createApiData(system.store)
  await system.eventLog.tail({
    topic: TOPICS.changes,
    from: 'now',
    handle: (records) => changes.push(...records.map((each) => JSON.parse(each.value.toString('utf8')) as Change)),
  })
})
afterAll(async () => {
  await system?.[Symbol.asyncDispose]()
  await facebook?.[Symbol.asyncDispose]()
})

/** Each test has the pages for itself. */
beforeEach(async () => {
  for (const facebookPageId of PAGES) {
    const held = await data.pages.findConnected(facebookPageId)
    if (held) await data.pages.disconnect(held, Date.now())
  }
  tenant = await data.addTenant('Angkor')
})

const post = (path: string, body?: object, { key } = tenant) => system.request(key, 'POST', path, { body })
const remove = (path: string, { key } = tenant) => system.request(key, 'DELETE', path)
const userToken = async (): Promise<string> =>
  (await facebook.simulator.control<{ access_token: string }>('POST', 'tokens', { kind: 'user' })).access_token
const connect = async (of = tenant) => post('/connect', { access_token: await userToken() }, of)
const pageNamed = (body: { pages: { facebook_page_id: string; id: number }[] }, facebookPageId: string) =>
  body.pages.find((page) => page.facebook_page_id === facebookPageId)!
const subscribed = async (facebookPageId: string): Promise<boolean> => {
  const { pages } = await facebook.simulator.control<{
    pages: { facebook_page_id: string; subscribed_fields: string[] | null }[]
  }>('GET', 'pages')
  return (pages.find((page) => page.facebook_page_id === facebookPageId)?.subscribed_fields?.length ?? 0) > 0
}
const commandTypes = async (pageId: number): Promise<string[]> =>
  (await system.store.collection(COMMANDS).find({ index: '_id', limit: 1000 }))
    .filter((row) => row.page_id === pageId)
    .map((row) => row.type)
    .sort()

/** A browser that keeps its cookies and goes where it is sent. */
function createBrowser(of: TestTenant) {
  const cookies = new Map<string, string>()
  return {
    cookies,
    async start(headers: Record<string, string> = {}) {
      const answer = await system.request(of.key, 'POST', '/connect/start', { headers })
      expect(answer.status).toBe(200)
      const [, name = '', value = ''] = /^([^=]+)=([^;]+)/.exec(String(answer.headers['set-cookie'])) ?? []
      cookies.set(name, value)
      return { loginUrl: answer.body.login_url as string, cookie: String(answer.headers['set-cookie']) }
    },
    /** What Facebook's dialog sends the browser back to. */
    async dialog(loginUrl: string, decision: 'allow' | 'deny' = 'allow'): Promise<URL> {
      const answer = await fetch(`${loginUrl}&decision=${decision}`, { redirect: 'manual' })
      expect(answer.status).toBe(302)
      return new URL(answer.headers.get('location')!)
    },
    /** The public address stands for the API of this test. */
    comeBack: (address: URL, accept = 'application/json') =>
      system.request('', 'GET', `${address.pathname.replace('/api/facebook', '')}${address.search}`, {
        headers: { accept, cookie: [...cookies].map(([name, value]) => `${name}=${value}`).join('; ') },
      }),
  }
}

describe('connecting by a login at Facebook', () => {
  it('leads from the dialog to connected pages, and shows no token', async () => {
    const browser = createBrowser(tenant)
    const { loginUrl, cookie } = await browser.start()
    expect(cookie).toMatch(
      /^__Host-pagesync_login_[0-9a-f]{16}=[A-Za-z0-9_-]{43}; Path=\/; Max-Age=600; HttpOnly; SameSite=Lax; Secure$/,
    )
    const dialog = new URL(loginUrl)
    expect(Object.fromEntries(dialog.searchParams)).toMatchObject({
      client_id: facebook.simulator.app.id,
      redirect_uri: CALLBACK,
      response_type: 'code',
      scope: expect.stringContaining('pages_messaging'),
      state: expect.stringMatching(/^[A-Za-z0-9_-]{43}$/),
    })
    const back = await browser.dialog(loginUrl)
    expect(back.href).toMatch(/^https:\/\/api\.angkor\.test\/api\/facebook\/connect\/callback\?code=/)
    const answer = await browser.comeBack(back)
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    expect(answer.headers['set-cookie']).toMatch(/^__Host-pagesync_login_[0-9a-f]{16}=; Path=\/; Max-Age=0.*; Secure$/)
    expect(answer.body).toMatchObject({
      success: true,
      account: { id: expect.any(Number), status: 'connected', token_status: 'valid', name: expect.any(String) },
      refused: [],
    })
    const days = (Date.parse(answer.body.account.token_expires_at) - Date.now()) / 86_400_000
    expect(days).toBeGreaterThan(55)
    expect(answer.body.pages.map((page: { facebook_page_id: string }) => page.facebook_page_id)).toEqual(PAGES)
    for (const page of answer.body.pages) {
      expect(page).toMatchObject({ status: 'active', token_status: 'valid' })
      expect(await commandTypes(page.id)).toEqual(['page.full_sync', 'page.subscribe_webhooks'])
      expect(await data.pages.accessToken((await data.pages.get(tenant.id, page.id))!)).toMatch(/^EAA/)
    }
    expect(JSON.stringify(answer.body)).not.toContain('EAA')
    const stored = await system.store
      .collection(SEALED_TOKENS)
      .find({ index: 'byTenant', equals: { tenant_id: tenant.id }, limit: 100 })
    expect(stored.map(({ kind }) => kind).sort()).toEqual(['account', 'page', 'page', 'page'])
    expect(JSON.stringify(stored)).not.toContain('EAA')
    expect((await system.request(tenant.key, 'GET', '/accounts')).body.accounts).toEqual([answer.body.account])
    const audited = await eventually(async () => {
      const { body } = await system.request(tenant.key, 'GET', '/audit-log')
      return body.audit_log.find((entry: { route: string }) => entry.route.endsWith('/connect/callback'))
    })
    expect(audited).toMatchObject({ method: 'GET', status: 200, params: {} })
    expect(JSON.stringify(audited)).not.toContain(back.searchParams.get('state'))
  })

  it('answers a person in words, with nothing that runs', async () => {
    const browser = createBrowser(tenant)
    const answer = await browser.comeBack(await browser.dialog((await browser.start()).loginUrl), 'text/html,*/*')
    expect(answer.status).toBe(200)
    expect(answer.headers['content-type']).toMatch(/^text\/html/)
    expect(answer.headers['content-security-policy']).toContain("default-src 'none'")
    expect(answer.headers['referrer-policy']).toBe('no-referrer')
    expect(answer.body).toContain('connected with 3 of 3 pages')
    const again = await browser.comeBack(new URL(`${CALLBACK}?state=x&code=y`), 'text/html')
    expect(again.status).toBe(400)
    expect(again.body).toContain('LOGIN_NOT_CONTINUED')
    const denied = await browser.comeBack(await browser.dialog((await browser.start()).loginUrl, 'deny'), 'text/html')
    expect(denied.body).toContain('LOGIN_DECLINED')
    const audited = await eventually(async () => {
      const { body } = await system.request(tenant.key, 'GET', '/audit-log')
      return body.audit_log.find(({ status }: { status: number }) => status === 400)
    })
    expect(audited).toMatchObject({ code: 'LOGIN_DECLINED', request_id: denied.headers['x-request-id'] })
  })

  it('of one browser in two windows, both end', async () => {
    const browser = createBrowser(tenant)
    const first = await browser.start()
    const second = await browser.start()
    expect((await browser.comeBack(await browser.dialog(first.loginUrl))).status).toBe(200)
    expect((await browser.comeBack(await browser.dialog(second.loginUrl))).status).toBe(200)
  })

  it('names its own address, whatever host a request names', async () => {
    const { loginUrl } = await createBrowser(tenant).start({ host: 'evil.test', 'x-forwarded-host': 'evil.test' })
    expect(new URL(loginUrl).searchParams.get('redirect_uri')).toBe(CALLBACK)
  })

  it('keeps neither the state nor the cookie', async () => {
    const browser = createBrowser(tenant)
    const state = new URL((await browser.start()).loginUrl).searchParams.get('state')!
    const rows = JSON.stringify(await system.store.collection(LOGINS).find({ index: '_id', limit: 1000 }))
    expect(rows).not.toContain(state)
    for (const value of browser.cookies.values()) expect(rows).not.toContain(value)
  })

  it('takes away logins that nobody ended', async () => {
    const logins = system.store.collection(LOGINS)
    await createBrowser(tenant).start()
    shiftMs += 11 * MINUTE_MS
    await createBrowser(tenant).start()
    expect(await logins.count({ index: '_id' })).toBe(1)
  })

  describe('is refused', () => {
    const refused = async (answer: Promise<{ status: number; body: { code: string; message: string } }>) => {
      const { status, body } = await answer
      expect([status, body.code]).toEqual([400, 'LOGIN_NOT_CONTINUED'])
      expect(await data.pages.findConnected(PAGES[0]!)).toBeUndefined()
      return body.message
    }

    it('to another browser, to one without cookies, and to the browser of another tenant, all alike', async () => {
      const browser = createBrowser(tenant)
      const back = await browser.dialog((await browser.start()).loginUrl)
      const other = createBrowser(await data.addTenant('Other'))
      const theirs = await other.dialog((await other.start()).loginUrl)
      const messages = new Set([
        await refused(createBrowser(tenant).comeBack(back)),
        await refused(other.comeBack(back)),
        await refused(browser.comeBack(theirs)),
      ])
      // The name of the cookie is no secret: with a value of another login it is as good as none.
      const [name = ''] = browser.cookies.keys()
      other.cookies.set(name, [...other.cookies.values()][0]!)
      messages.add(await refused(other.comeBack(back)))
      expect(messages.size).toBe(1)
      expect((await browser.comeBack(back)).status).toBe(200)
    })

    it('with a cookie that a neighbour of the domain could have set for the victim of a login of their own', async () => {
      const browser = createBrowser(tenant)
      const back = await browser.dialog((await browser.start()).loginUrl)
      const [[name, value] = ['', '']] = browser.cookies
      const victim = createBrowser(tenant)
      victim.cookies.set(name.replace('__Host-', ''), value)
      await refused(victim.comeBack(back))
    })

    it('the second time, also at the same moment', async () => {
      const browser = createBrowser(tenant)
      const back = await browser.dialog((await browser.start()).loginUrl)
      const answers = await Promise.all([1, 2, 3].map(() => browser.comeBack(back)))
      expect(answers.map(({ status }) => status).sort()).toEqual([200, 400, 400])
      expect((await browser.comeBack(back)).body.code).toBe('LOGIN_NOT_CONTINUED')
    })

    it('after ten minutes', async () => {
      const browser = createBrowser(tenant)
      const back = await browser.dialog((await browser.start()).loginUrl)
      shiftMs += 10 * MINUTE_MS
      await refused(browser.comeBack(back))
    })

    it.each([
      ['without a state', '?code=abc'],
      ['with a state that nobody gave', `?code=abc&state=${'A'.repeat(43)}`],
      ['with an empty state', '?code=abc&state='],
      ['with nothing', ''],
    ])('%s', async (_what, query) => {
      await refused(createBrowser(tenant).comeBack(new URL(`${CALLBACK}${query}`)))
    })

    it('with two states, without a crash', async () => {
      const answer = await createBrowser(tenant).comeBack(new URL(`${CALLBACK}?code=a&state=b&state=c`))
      expect(answer.status).toBe(400)
    })

    it('when the person says no, and that ends the login', async () => {
      const browser = createBrowser(tenant)
      const { loginUrl } = await browser.start()
      const declined = await browser.comeBack(await browser.dialog(loginUrl, 'deny'))
      expect([declined.status, declined.body.code]).toEqual([400, 'LOGIN_DECLINED'])
      await refused(browser.comeBack(await browser.dialog(loginUrl)))
    })

    it('when the key that began it is revoked meanwhile', async () => {
      const key = await data.addKey(tenant.id, ['admin'])
      const browser = createBrowser({ id: tenant.id, key })
      const back = await browser.dialog((await browser.start()).loginUrl)
      const { api_keys: keys } = (await system.request(tenant.key, 'GET', '/api-keys')).body
      await remove(`/api-keys/${keys.find(({ prefix }: { prefix: string }) => key.startsWith(prefix)).id}`)
      await refused(browser.comeBack(back))
      const tried = await eventually(async () => {
        const { body } = await system.request(tenant.key, 'GET', '/audit-log')
        return body.audit_log.find((entry: { route: string }) => entry.route.endsWith('/connect/callback'))
      })
      expect(tried).toMatchObject({ status: 400, code: 'LOGIN_NOT_CONTINUED' })
    })

    it("with another login's code, which was for nothing", async () => {
      const browser = createBrowser(tenant)
      const back = await browser.dialog((await browser.start()).loginUrl)
      expect((await browser.comeBack(back)).status).toBe(200)
      const second = await browser.dialog((await browser.start()).loginUrl)
      second.searchParams.set('code', back.searchParams.get('code')!)
      const answer = await browser.comeBack(second)
      expect([answer.status, answer.body.code]).toEqual([502, 'FACEBOOK_REJECTED'])
      expect(JSON.stringify(answer.body)).not.toContain(back.searchParams.get('code')!)
    })
  })
})

describe('connecting by a user token', () => {
  it('does the same', async () => {
    const answer = await connect()
    expect(answer.status).toBe(200)
    expect(answer.body.pages).toHaveLength(3)
    const again = await connect()
    expect(again.body.account.id).toBe(answer.body.account.id)
    expect(again.body.pages).toEqual(answer.body.pages)
  })

  it.each([
    ['nobody', async () => 'EAAnobody'],
    ['a page', async () => facebook.simulator.pages[0]!.accessToken],
    [
      'a person who changed the password',
      async () => {
        const token = await userToken()
        await facebook.simulator.control('PUT', 'tokens', { token, subcode: 460 })
        return token
      },
    ],
  ])('refuses the token of %s, connects nothing, and shows nothing of it', async (_who, tokenOf) => {
    const token = await tokenOf()
    const answer = await post('/connect', { access_token: token })
    expect([answer.status, answer.body.code]).toEqual([502, 'FACEBOOK_TOKEN_INVALID'])
    expect(JSON.stringify(answer.body)).not.toContain(token)
    expect((await system.request(tenant.key, 'GET', '/accounts')).body.accounts).toEqual([])
  })

  it('leaves to another tenant what it holds, page by page, without naming it', async () => {
    const other = await data.addTenant('Other Company')
    const held = await post('/pages', { facebook_page_id: '511', access_token: await pageToken('511') }, other)
    expect(held.status).toBe(201)
    const answer = await connect()
    expect(answer.status).toBe(200)
    expect(answer.body.pages.map((page: { facebook_page_id: string }) => page.facebook_page_id)).toEqual(['510', '512'])
    expect(answer.body.refused).toEqual([
      {
        facebook_page_id: '511',
        name: expect.any(String),
        code: 'PAGE_ALREADY_CONNECTED',
        message: 'The page is connected elsewhere',
      },
    ])
    expect(JSON.stringify(answer.body)).not.toContain(other.id)
  })

  it('reads all cursors of a person with more pages than Facebook lists at once', async () => {
    const many = Array.from({ length: 130 }, (_, i) => ({ facebookPageId: String(7_000 + i), conversations: 0 }))
    await using crowded = await openSimulatedFacebook({ pages: many })
    const { access_token } = await crowded.simulator.control<{ access_token: string }>('POST', 'tokens', {
      kind: 'user',
    })
    const listed = await crowded.facebook.pages(access_token)
    expect(listed.map(({ id }) => id)).toEqual(many.map(({ facebookPageId }) => facebookPageId))
    expect(new Set(listed.map(({ accessToken }) => accessToken)).size).toBe(130)
  })
})

const pageToken = async (facebook_page_id: string): Promise<string> =>
  (await facebook.simulator.control<{ access_token: string }>('POST', 'tokens', { facebook_page_id })).access_token

describe("an account's pages", () => {
  it('are disconnected with it: webhooks end, tokens are forgotten, rows stay', async () => {
    const { body } = await connect()
    const answer = await remove(`/accounts/${body.account.id}`)
    expect(answer.status).toBe(200)
    expect(answer.body.account).toMatchObject({ id: body.account.id, status: 'disconnected', token_status: 'unknown' })
    expect(answer.body.pages).toHaveLength(3)
    for (const { page, webhooks_unsubscribed } of answer.body.pages) {
      expect([page.status, page.webhook_subscribed, webhooks_unsubscribed]).toEqual(['disconnected', false, true])
      expect(await subscribed(page.facebook_page_id)).toBe(false)
      expect((await system.request(tenant.key, 'GET', `/pages/${page.id}`)).status).toBe(200)
    }
    const tokens = await system.store
      .collection(SEALED_TOKENS)
      .find({ index: 'byTenant', equals: { tenant_id: tenant.id }, limit: 100 })
    expect(tokens.map(({ sealed }) => sealed)).toEqual([null, null, null, null])
    expect((await post(`/accounts/${body.account.id}/sync-pages`)).body.code).toBe('PAGE_REAUTH_REQUIRED')
    const again = await connect()
    expect(again.body.account).toMatchObject({ id: body.account.id, status: 'connected' })
    expect(pageNamed(again.body, '510').id).toBe(pageNamed(body, '510').id)
  })

  it('are erased with it where that is asked for, those disconnected before among them', async () => {
    const { body } = await connect()
    const { id } = pageNamed(body, '510')
    await data.addConversations((await data.pages.get(tenant.id, id))!, 2)
    await remove(`/pages/${id}`)
    expect((await remove(`/accounts/${body.account.id}?erase=maybe`)).status).toBe(400)
    const answer = await remove(`/accounts/${body.account.id}?erase=true`)
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    expect(answer.body.pages).toHaveLength(2)
    expect(answer.body.erasures.map(({ kind }: { kind: string }) => kind)).toEqual(['page', 'page', 'page'])
    // The name of the person goes with it.
    expect(answer.body.account).toMatchObject({ id: body.account.id, status: 'disconnected' })
    expect((await system.request(tenant.key, 'GET', '/accounts')).body.accounts).toEqual([])
    expect((await remove(`/accounts/${body.account.id}`)).status).toBe(404)
    const early = await connect()
    expect(early.body.pages).toEqual([])
    expect(early.body.refused.map(({ code }: { code: string }) => code)).toEqual(Array(3).fill('PAGE_BEING_ERASED'))
    // What a worker does.
    const eraser = createEraser({
      store: system.store,
      tombstones: createTombstones(system.store, ERASURE_KEY),
      announce: async () => undefined,
      now: () => Date.now() + shiftMs,
    })
    for (const { id: erasureId } of answer.body.erasures)
      await eraser.work((await eraser.get(erasureId))!, Number.POSITIVE_INFINITY)
    expect((await system.request(tenant.key, 'GET', `/pages/${id}/conversations`)).status).toBe(404)
    expect(await system.store.collection(CONVERSATIONS).count({ index: 'byPage', equals: { page_id: id } })).toBe(0)
  })

  it("show that the person's token is dead once Facebook says so", async () => {
    const { body } = await connect()
    const { tokens } = await facebook.simulator.control<{ tokens: { kind: string; access_token: string }[] }>(
      'GET',
      'tokens',
    )
    for (const { access_token: token, kind } of tokens)
      if (kind === 'user') await facebook.simulator.control('PUT', 'tokens', { token, subcode: 458 })
    expect((await post(`/accounts/${body.account.id}/sync-pages`)).body.code).toBe('FACEBOOK_TOKEN_INVALID')
    const { accounts } = (await system.request(tenant.key, 'GET', '/accounts')).body
    expect(accounts[0]).toMatchObject({ status: 'connected', token_status: 'invalid' })
  })

  it('ask for a new login where the key that sealed the token is lost, and are disconnected all the same', async () => {
    const { body } = await connect()
    const tokens = system.store.collection(SEALED_TOKENS)
    const sealed = await tokens.find({ index: 'byTenant', equals: { tenant_id: tenant.id }, limit: 100 })
    await tokens.replaceMany(sealed.map((row) => ({ ...row, sealed: 'v1.lost.AAAA', key_id: 'lost' })))
    for (const path of [`/accounts/${body.account.id}/sync-pages`, `/pages/${pageNamed(body, '510').id}/reconnect`]) {
      const answer = await post(path)
      expect([answer.status, answer.body.code], path).toEqual([409, 'PAGE_REAUTH_REQUIRED'])
    }
    expect((await remove(`/pages/${pageNamed(body, '511').id}`)).body).toMatchObject({ webhooks_unsubscribed: false })
    expect((await connect()).body.pages).toHaveLength(3)
  })
})

describe('a page', () => {
  it('is disconnected even if its token is dead, and says that Facebook did not hear of it', async () => {
    const { body } = await connect()
    const { id } = pageNamed(body, '510')
    const token = (await data.pages.accessToken((await data.pages.get(tenant.id, id))!))!
    await facebook.simulator.control('PUT', 'tokens', { token, subcode: 460 })
    const answer = await remove(`/pages/${id}`)
    expect(answer.body).toMatchObject({ success: true, webhooks_unsubscribed: false, page: { status: 'disconnected' } })
    expect((await remove(`/pages/${id}`)).body.page.status).toBe('disconnected')
    expect((await post(`/pages/${id}/sync-from-facebook`)).body.code).toBe('PAGE_REAUTH_REQUIRED')
  })

  it('moves to another tenant: what the first synced stays theirs alone, under another id', async () => {
    const { body } = await connect()
    const first = pageNamed(body, '510')
    const [conversation] = await data.addConversations((await data.pages.get(tenant.id, first.id))!, 1)
    const other = await data.addTenant('Other Company')
    expect((await connect(other)).body.refused).toHaveLength(3)
    await remove(`/pages/${first.id}`)
    const moved = pageNamed((await connect(other)).body, '510')
    expect(moved.id).not.toBe(first.id)
    expect((await system.request(other.key, 'GET', `/pages/${moved.id}/conversations`)).body.conversations).toEqual([])
    expect((await system.request(other.key, 'GET', `/conversations/${conversation!.id}`)).status).toBe(404)
    const kept = await system.request(tenant.key, 'GET', `/pages/${first.id}/conversations`)
    expect(kept.body.conversations.map(({ id }: { id: number }) => id)).toEqual([conversation!.id])
    const back = await post(`/pages/${first.id}/reconnect`)
    expect([back.status, back.body.code]).toEqual([409, 'PAGE_ALREADY_CONNECTED'])
  })

  it('is connected again by its account: id and commands stay, and it is announced once', async () => {
    const { body } = await connect()
    const { id } = pageNamed(body, '510')
    const asked = await system.request(tenant.key, 'POST', `/pages/${id}/sync-contacts-from-facebook`, {
      headers: { prefer: 'respond-async' },
    })
    const dead = await data.pages.update(tenant.id, id, (row) => ({
      ...row,
      status: 'reauth_required',
      token_status: 'invalid',
    }))
    const commands = system.store.collection(COMMANDS)
    const [row] = await commands
      .find({ index: '_id', limit: 1000 })
      .then((rows) => rows.filter((each) => each.command_id === asked.body.command.id))
    await commands.replaceMany([{ ...row!, state: 'waiting', due_ms: Date.now() + 3_600_000 }])
    const fresh = await pageToken('510')
    const answer = await post(`/pages/${id}/reconnect`)
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    expect(answer.body.page).toMatchObject({ id, status: 'active', token_status: 'valid' })
    expect(await data.pages.accessToken(dead)).toBe(fresh)
    const [woken] = await commands.getMany([row!._id])
    expect(woken!.due_ms).toBeLessThanOrEqual(Date.now() + shiftMs)
    await eventually(
      () => changes.some(({ type, page_id }) => type === 'page.token_restored' && page_id === id) || undefined,
    )
    await post(`/pages/${id}/reconnect`)
    expect(changes.filter(({ type, page_id }) => type === 'page.token_restored' && page_id === id)).toHaveLength(1)
    expect((await data.pages.get(tenant.id, id))!.token_news).toEqual([])
  })

  it('is connected again by a new token of its own, and by no other', async () => {
    const made = await post('/pages', { facebook_page_id: '511', access_token: await pageToken('511') })
    const { id } = made.body.page
    const without = await post(`/pages/${id}/reconnect`)
    expect([without.status, without.body.errors[0].path]).toEqual([400, '/access_token'])
    const fresh = await pageToken('511')
    expect((await post(`/pages/${id}/reconnect`, { access_token: fresh })).body.page.id).toBe(id)
    expect(await data.pages.accessToken((await data.pages.get(tenant.id, id))!)).toBe(fresh)
    const wrong = await post(`/pages/${id}/reconnect`, { access_token: 'EAAnobody' })
    expect([wrong.status, wrong.body.code]).toEqual([502, 'FACEBOOK_TOKEN_INVALID'])
    expect(await data.pages.accessToken((await data.pages.get(tenant.id, id))!)).toBe(fresh)
  })

  it('is not claimed by a token that may read it and nothing more', async () => {
    await facebook.simulator.control('PUT', 'switches', { publicPageAccess: true })
    const stranger = await userToken()
    await facebook.simulator.control('PUT', 'tokens', { token: stranger, missing_scopes: ['pages_show_list'] })
    const { body: mine } = await post('/pages', { facebook_page_id: '511', access_token: await pageToken('511') })
    for (const access_token of [stranger, await pageToken('512')]) {
      const claimed = await post('/pages', { facebook_page_id: '510', access_token })
      expect([claimed.status, claimed.body.errors?.[0].path]).toEqual([400, '/access_token'])
      expect(JSON.stringify(claimed.body)).not.toContain(access_token)
      expect(await data.pages.findConnected('510')).toBeUndefined()
      const again = await post(`/pages/${mine.page.id}/reconnect`, { access_token })
      expect([again.status, again.body.errors?.[0].path]).toEqual([400, '/access_token'])
    }
    await facebook.simulator.control('PUT', 'switches', { publicPageAccess: false })
  })

  it("is connected by the token of a person who may act for it, and keeps the page's own", async () => {
    const token = await userToken()
    const fresh = await pageToken('512')
    const made = await post('/pages', { facebook_page_id: '512', access_token: token })
    expect(made.status, JSON.stringify(made.body)).toBe(201)
    const page = (await data.pages.get(tenant.id, made.body.page.id))!
    expect(await data.pages.accessToken(page)).toBe(fresh)
    expect((await post(`/pages/${page.id}/reconnect`, { access_token: token })).status).toBe(200)
    expect(await data.pages.accessToken(page)).toBe(fresh)
  })

  it('outlives the hour or two of the token of a person that it was connected by', async () => {
    const { access_token } = await facebook.simulator.control<{ access_token: string }>('POST', 'tokens', {
      kind: 'user',
      lifetime_ms: 60 * MINUTE_MS,
    })
    const made = await post('/pages', { facebook_page_id: '512', access_token })
    expect(made.status, JSON.stringify(made.body)).toBe(201)
    const kept = await data.pages.accessToken((await data.pages.get(tenant.id, made.body.page.id))!)
    const { tokens } = await facebook.simulator.control<{ tokens: { access_token: string; expires_at_ms: number }[] }>(
      'GET',
      'tokens',
    )
    expect(tokens.find((each) => each.access_token === kept)?.expires_at_ms).toBe(0)
  })

  it('asks for the scope admin, and for no key of some pages where it is about the tenant', async () => {
    const { body } = await connect()
    const { id } = pageNamed(body, '510')
    const reader = { id: tenant.id, key: await data.addKey(tenant.id, ['read', 'sync', 'push']) }
    expect((await remove(`/pages/${id}`, reader)).status).toBe(403)
    const limited = { id: tenant.id, key: await data.addKey(tenant.id, ['read', 'admin'], [id]) }
    for (const path of ['/connect', '/connect/start', `/accounts/${body.account.id}/sync-pages`])
      expect((await post(path, path === '/connect' ? { access_token: 'x' } : undefined, limited)).status, path).toBe(
        403,
      )
    expect((await remove(`/pages/${id}`, limited)).status).toBe(200)
  })
})

describe("an account's pages, brought up to date", () => {
  it('are connected where they are new; one that was disconnected here stays so', async () => {
    const { body } = await connect()
    const gone = pageNamed(body, '510')
    expect((await remove(`/pages/${gone.id}`)).status).toBe(200)
    await facebook.simulator.control('POST', 'pages', { facebook_page_id: LATE_PAGE, conversations: 0 })
    const answer = await post(`/accounts/${body.account.id}/sync-pages`)
    expect(answer.status).toBe(200)
    const states = Object.fromEntries(
      answer.body.pages.map((page: { facebook_page_id: string; status: string }) => [
        page.facebook_page_id,
        page.status,
      ]),
    )
    expect(states).toEqual({ 510: 'disconnected', 511: 'active', 512: 'active', [LATE_PAGE]: 'active' })
    expect(await commandTypes(pageNamed(answer.body, LATE_PAGE).id)).toContain('page.full_sync')
  })
})

it('leaves no token, no code, no state and no secret of the app in clear in any file of the store or the event log', async () => {
  const browser = createBrowser(tenant)
  const back = await browser.dialog((await browser.start()).loginUrl)
  expect((await browser.comeBack(back)).status).toBe(200)
  const { tokens } = await facebook.simulator.control<{ tokens: { access_token: string }[] }>('GET', 'tokens')
  const secrets = [
    ...tokens.map(({ access_token }) => access_token),
    back.searchParams.get('code')!,
    back.searchParams.get('state')!,
    ...browser.cookies.values(),
    facebook.simulator.app.secret,
    tenant.key,
  ]
  expect(secrets.length).toBeGreaterThan(10)
  const files = (await readdir(system.directory)).map((name) => join(system.directory, name))
  expect(files.length).toBeGreaterThan(1)
  let bytes = 0
  for (const file of files) {
    const content = await readFile(file)
    bytes += content.length
    for (const secret of secrets) expect(content.includes(secret), `${file} holds a secret`).toBe(false)
  }
  // What is looked for would be found: names of people and pages lie in clear.
  const all = Buffer.concat(await Promise.all(files.map((file) => readFile(file))))
  expect(all.includes(tenant.id)).toBe(true)
  expect(bytes).toBeGreaterThan(100_000)
})
