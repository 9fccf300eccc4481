import { createHmac } from 'node:crypto'
import { createAccounts } from '@pagesync/shared/store/repositories/accounts.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OPERATOR_TOKEN } from '../support/api-system.ts'
import { eventually } from '../support/eventually.ts'
import { openEmbeddedEngines } from '../support/open-engines.ts'
import { openPrivacyBed, type PrivacyBed } from '../support/privacy-bed.ts'
import { SEALER } from '../support/token-keys.ts'

let bed: PrivacyBed
beforeAll(async () => {
  bed = await openPrivacyBed(openEmbeddedEngines)
})
afterAll(() => bed?.[Symbol.asyncDispose]())

const signed = (userId: string, secret = bed.appSecret, issuedMs = bed.clock.now()): string => {
  const content = { algorithm: 'HMAC-SHA256', issued_at: Math.ceil(issuedMs / 1_000), user_id: userId }
  const payload = Buffer.from(JSON.stringify(content)).toString('base64url')
  return `${createHmac('sha256', secret).update(payload).digest('base64url')}.${payload}`
}
const post = (path: string, text: string) =>
  fetch(`${bed.url}${path}`, { method: 'POST', body: new URLSearchParams({ signed_request: text }) })
const accounts = () => createAccounts(bed.store, createSequences(bed.store), SEALER)
const connect = async (facebookUserId: string) => {
  const account = await accounts().connect(
    {
      tenantId: bed.tenant.id,
      facebookUserId,
      name: 'Owner of the page',
      accessToken: 'EAAUser',
      tokenExpiresMs: null,
      dataAccessExpiresMs: null,
    },
    bed.clock.now(),
  )
  const input = { tenantId: bed.tenant.id, facebookPageId: bed.page.facebook_page_id, accessToken: bed.pageToken }
  await bed.data.pages.connect({ ...input, name: null, accountKey: account._id }, bed.clock.now())
  return account
}
const pageStatus = async () => (await bed.data.pages.get(bed.tenant.id, bed.page.id))?.status

describe("Facebook's callbacks", () => {
  it.each(['/deauthorize', '/data-deletion'])('%s believes nobody but Facebook', async (path) => {
    const answer = await post(path, signed('1', 'another secret'))
    expect(answer.status).toBe(401)
    expect(await answer.json()).toMatchObject({ success: false, code: 'SIGNATURE_MISMATCH' })
    expect((await post(path, signed('1', bed.appSecret, bed.clock.now() - 2 * 86_400_000))).status).toBe(401)
    expect((await fetch(`${bed.url}${path}`, { method: 'POST', body: new URLSearchParams() })).status).toBe(400)
    expect((await post(path, 'x'.repeat(20_000))).status).toBe(413)
  })

  it('who removes the app has no account here any more, and their pages are disconnected', async () => {
    const account = await connect('771')
    expect(await pageStatus()).toBe('active')
    const answer = await post('/deauthorize', signed('771'))
    expect(answer.status).toBe(200)
    await eventually(async () => (await pageStatus()) === 'disconnected', 30_000)
    await eventually(async () => (await accounts().get(bed.tenant.id, account.id))?.status === 'disconnected', 30_000)
    expect(await accounts().accessToken(account)).toBeUndefined()
    expect(await bed.data.pages.accessToken(bed.page)).toBeUndefined()

    // The tenant sees what became of it, the operator also that it came.
    const told = {
      request_id: answer.headers.get('x-request-id'),
      actor: { kind: 'facebook', id: 'facebook' },
      method: 'POST',
      route: '/api/facebook/deauthorize',
      address: expect.stringContaining('127.0.0.1'),
      status: 200,
    }
    const entries = async (token?: string) =>
      (await bed.request('GET', '/audit-log', undefined, token)).body.audit_log.filter(
        (entry: { actor: { kind: string } }) => entry.actor.kind === 'facebook',
      )
    const ofTenant = { ...told, tenant_id: bed.tenant.id, params: { account_id: String(account.id) } }
    expect(await eventually(async () => ((await entries()).length > 0 ? entries() : false))).toMatchObject([ofTenant])
    const all = await entries(OPERATOR_TOKEN)
    expect(all).toHaveLength(2)
    expect(all).toContainEqual(expect.objectContaining({ ...told, tenant_id: null, params: {} }))
  })

  it('a page that was connected again by a token of its own outlives whoever connected it first', async () => {
    const account = await connect('776')
    const input = { tenantId: bed.tenant.id, facebookPageId: bed.page.facebook_page_id, accessToken: bed.pageToken }
    await bed.data.pages.connect({ ...input, name: null }, bed.clock.now())
    expect((await post('/deauthorize', signed('776'))).status).toBe(200)
    await eventually(async () => (await accounts().get(bed.tenant.id, account.id))?.status === 'disconnected', 30_000)
    await eventually(async () => (await bed.openDeletions()) === 0, 30_000)
    expect(await pageStatus()).toBe('active')
    expect(await bed.data.pages.accessToken(bed.page)).toBe(bed.pageToken)
  })

  it('who connects again after that stays connected, though Facebook repeats itself', async () => {
    const before = signed('771', bed.appSecret, bed.clock.now() - 60_000)
    await connect('771')
    expect((await post('/deauthorize', before)).status).toBe(200)
    await eventually(async () => (await bed.openDeletions()) === 0, 30_000)
    expect(await pageStatus()).toBe('active')
  })

  it('who wants to be deleted is: the account, and what pages know of them, as the status page says', async () => {
    const userId = bed.simulator.userId
    const { body } = await bed.control('POST', '/messages', {
      facebook_page_id: bed.page.facebook_page_id,
      text: 'erase me entirely',
      name: 'Somebody Leaving',
    })
    await eventually(async () => (await bed.grep('erase me entirely')).includes('messages'), 30_000)
    await bed.control('PUT', '/people', {
      facebook_page_id: bed.page.facebook_page_id,
      psid: body.psid,
      app_user: true,
    })
    const account = await connect(userId)
    const request = signed(userId)
    const answer = (await (await post('/data-deletion', request)).json()) as { url: string; confirmation_code: string }
    expect(answer.url).toMatch(new RegExp(`/api/facebook/data-deletion/${answer.confirmation_code}$`))
    expect(answer.confirmation_code).toMatch(/^[A-Za-z0-9_-]{32}$/)
    // Facebook may repeat itself.
    expect(await (await post('/data-deletion', request)).json()).toEqual(answer)
    const status = async () => (await bed.request('GET', `/data-deletion/${answer.confirmation_code}`)).body.deletion
    await eventually(async () => (await bed.openDeletions()) === 0, 30_000)
    bed.moveClock(40_000)
    await eventually(async () => (await status()).state === 'finished', 60_000)
    expect(await status()).toMatchObject({
      accounts_erased: 1,
      conversations_erased: 1,
      conversations_pending: 0,
      contacts_unknown: false,
      topics_until: expect.any(String),
    })
    expect(await accounts().get(bed.tenant.id, account.id)).toBeUndefined()
    bed.moveClock(130_000)
    for (const text of ['erase me entirely', body.psid, 'Somebody Leaving'])
      await eventually(async () => (await bed.grep(text)).length === 0, 30_000)
    const page = await fetch(`${bed.url}/data-deletion/${answer.confirmation_code}`, {
      headers: { accept: 'text/html' },
    })
    expect(page.headers.get('content-type')).toContain('text/html')
    expect(await page.text()).toContain(answer.confirmation_code)
    expect((await bed.request('GET', '/data-deletion/unknown')).status).toBe(404)
  })

  it('an account is erased with its pages where that is asked for', async () => {
    const account = await connect('772')
    const { status, body } = await bed.request('DELETE', `/accounts/${account.id}?erase=true`)
    expect(status, JSON.stringify(body)).toBe(200)
    expect(body.erasures).toMatchObject([{ kind: 'page' }])
    const erasure = `/erasures/${body.erasures[0].id}`
    const state = async () => (await bed.request('GET', erasure)).body.erasure.state
    // Whoever asked has so long; then workers do it.
    bed.moveClock(40_000)
    await eventually(async () => (await state()) !== 'pending', 30_000)
    expect(await bed.data.pages.get(bed.tenant.id, bed.page.id)).toBeUndefined()
    for (const collection of ['messages', 'conversations', 'contacts', 'accounts'])
      expect(await bed.grep(`"page_id":${bed.page.id},`)).not.toContain(collection)
    // Connected anew within the time in which the erasure looks once more: that stays.
    const input = { tenantId: bed.tenant.id, facebookPageId: bed.page.facebook_page_id, accessToken: bed.pageToken }
    const { page } = await bed.data.pages.connect({ ...input, name: 'Anew' }, bed.clock.now())
    bed.moveClock(130_000)
    await eventually(async () => (await state()) === 'finished', 30_000)
    expect((await bed.data.pages.get(bed.tenant.id, page.id))?.status).toBe('active')
    expect(await bed.data.pages.accessToken(page)).toBe(bed.pageToken)
  })
})
