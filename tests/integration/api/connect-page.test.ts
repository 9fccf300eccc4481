import { createReadPage } from '@pagesync/api/read-page.ts'
import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { createGraphClient } from '@pagesync/shared/graph/graph-client.ts'
import { systemClock } from '@pagesync/shared/lifecycle/clock.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiData, type TestTenant } from '../../support/api-data.ts'
import { AGREEING_FACEBOOK, type ApiSystem, startApiSystem } from '../../support/api-system.ts'

let system: ApiSystem
let data: ReturnType<typeof createApiData>
let tenant: TestTenant
const asked: { accessToken: string; facebookPageId: string }[] = []

beforeAll(async () => {
  system = await startApiSystem({
    readPage: async (accessToken, facebookPageId) => {
      asked.push({ accessToken, facebookPageId })
      if (accessToken === 'dead')
        throw new AppError('FACEBOOK_TOKEN_INVALID', 'Facebook answered with error 190/463', {
          facebook: { code: 190, subcode: 463, type: 'OAuthException' },
        })
      return { accessToken, name: 'Angkor Coffee' }
    },
  })
  data = createApiData(system.store)
  tenant = await data.addTenant('Angkor')
})
afterAll(() => system?.[Symbol.asyncDispose]())

const connectPage = (facebook_page_id: string, access_token: string, { key } = tenant) =>
  system.request(key, 'POST', '/pages', { body: { facebook_page_id, access_token } })

describe('connecting a page by its token', () => {
  it('asks Facebook who it is, stores it, queues its first full sync, and shows no token', async () => {
    const answer = await connectPage('201', 'good-token')
    expect(answer.status).toBe(201)
    expect(answer.body).toMatchObject({
      success: true,
      page: {
        facebook_page_id: '201',
        name: 'Angkor Coffee',
        status: 'active',
        token_status: 'valid',
        last_synced_at: null,
      },
      command: { type: 'page.full_sync', state: 'accepted', trigger: 'api' },
    })
    expect(asked.at(-1)).toEqual({ accessToken: 'good-token', facebookPageId: '201' })
    expect(JSON.stringify(answer.body)).not.toContain('good-token')
    const page = await data.pages.get(tenant.id, answer.body.page.id)
    expect(await data.pages.accessToken(page!)).toBe('good-token')
    expect((await system.request(tenant.key, 'GET', `/pages/${page!.id}`)).body.page).toEqual(answer.body.page)
  })

  it('again keeps its id, takes the new token, and makes a page active whose token was dead', async () => {
    const first = await connectPage('202', 'first')
    const { id } = first.body.page
    await data.pages.update(tenant.id, id, (row) => ({ ...row, status: 'reauth_required', token_status: 'invalid' }))
    const again = await connectPage('202', 'second')
    expect(again.status).toBe(200)
    expect(again.body.page).toMatchObject({ id, status: 'active', token_status: 'valid' })
    expect(again.body.command.id).toBe(first.body.command.id)
    expect(await data.pages.accessToken((await data.pages.get(tenant.id, id))!)).toBe('second')
  })

  it("tells Facebook's refusal, and stores nothing", async () => {
    const answer = await connectPage('203', 'dead')
    expect(answer.status).toBe(502)
    expect(answer.body).toMatchObject({ code: 'FACEBOOK_TOKEN_INVALID', facebook: { code: 190, subcode: 463 } })
    expect(await data.pages.findConnected('203')).toBeUndefined()
  })

  it('refuses a page that another tenant holds, without naming them', async () => {
    await connectPage('205', 'good')
    const other = await data.addTenant('Other Company')
    const answer = await connectPage('205', 'good', other)
    expect(answer.status).toBe(409)
    expect(answer.body.code).toBe('PAGE_ALREADY_CONNECTED')
    expect(JSON.stringify(answer.body)).not.toContain(tenant.id)
  })

  it('needs the scope admin', async () => {
    const key = await data.addKey(tenant.id, ['read', 'sync', 'push'])
    expect((await connectPage('206', 'good', { id: tenant.id, key })).status).toBe(403)
  })

  it.each([
    [{ access_token: 'x' }, '/facebook_page_id'],
    [{ facebook_page_id: '1' }, '/access_token'],
    [{ facebook_page_id: 201, access_token: 'x' }, '/facebook_page_id'],
    [{ facebook_page_id: '../me', access_token: 'x' }, '/facebook_page_id'],
    [{ facebook_page_id: '1', access_token: 'two words' }, '/access_token'],
    [{ facebook_page_id: '1', access_token: 'x', name: 'y' }, '/name'],
  ])('refuses %j', async (body, path) => {
    const answer = await system.request(tenant.key, 'POST', '/pages', { body })
    expect(answer.status).toBe(400)
    expect(answer.body.errors.map((error: { path: string }) => error.path)).toContain(path)
  })
})

describe('reading a page at Facebook', () => {
  it('is FACEBOOK_UNAVAILABLE where nobody answers', async () => {
    await using graph = createGraphClient({
      url: 'http://127.0.0.1:9',
      version: 'v26.0',
      appSecret: 'secret-of-the-app',
      clock: systemClock,
    })
    await expect(createReadPage(graph, AGREEING_FACEBOOK)('token', '1')).rejects.toMatchObject({
      code: 'FACEBOOK_UNAVAILABLE',
    })
  })
})
