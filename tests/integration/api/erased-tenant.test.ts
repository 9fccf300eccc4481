import { LOGINS } from '@pagesync/shared/store/repositories/connection-rows.ts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createApiData } from '../../support/api-data.ts'
import { type ApiSystem, OPERATOR_TOKEN, startApiSystem } from '../../support/api-system.ts'

let system: ApiSystem
let data: ReturnType<typeof createApiData>

beforeAll(async () => {
  system = await startApiSystem({ config: { PUBLIC_API_URL: 'https://api.angkor.test' } })
  data = createApiData(system.store)
})
afterAll(() => system?.[Symbol.asyncDispose]())

const connect = (key: string) =>
  system.request(key, 'POST', '/pages', { body: { facebook_page_id: '201', access_token: 'token' } })

it('an erased tenant connects nothing by a key that is still remembered, and ends no login', async () => {
  const mine = await data.addTenant('Erased')
  // Remembered for some seconds from here on.
  expect((await system.request(mine.key, 'POST', '/connect/start', { body: {} })).status).toBe(200)
  expect((await system.request(OPERATOR_TOKEN, 'DELETE', `/tenants/${mine.id}`)).status).toBe(200)
  expect(await system.store.collection(LOGINS).count({ index: '_id' })).toBe(0)
  expect([401, 404]).toContain((await connect(mine.key)).status)
  const input = { tenantId: mine.id, facebookPageId: '201', accessToken: 'token', name: null }
  await expect(data.pages.connect(input, Date.now())).rejects.toMatchObject({ code: 'TENANT_NOT_FOUND' })
  // Nobody holds it: another tenant may have it at once.
  expect((await connect((await data.addTenant('Other')).key)).status).toBe(201)
})
