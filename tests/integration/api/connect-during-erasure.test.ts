import { createEraser, type Eraser, SETTLE_MS } from '@pagesync/shared/erasure/eraser.ts'
import type { Collection, Store } from '@pagesync/shared/store/collection.ts'
import { ACCOUNTS, LOGINS, PAGE_HOLDERS, SEALED_TOKENS } from '@pagesync/shared/store/repositories/connection-rows.ts'
import { createPages } from '@pagesync/shared/store/repositories/pages.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { createTombstones } from '@pagesync/shared/store/repositories/tombstones.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiData, type TestTenant } from '../../support/api-data.ts'
import { AGREEING_FACEBOOK, type ApiSystem, OPERATOR_TOKEN, startApiSystem } from '../../support/api-system.ts'
import { ERASURE_KEY, SEALER } from '../../support/token-keys.ts'

/** More writes than connecting a page takes: see the last assertion. */
const WRITES_MAX = 30

let system: ApiSystem
let data: ReturnType<typeof createApiData>
let eraser: Eraser
let shiftMs = 0
/** What happens while Facebook is asked who logged in. */
let whileAsking = async (): Promise<void> => undefined

beforeAll(async () => {
  const facebook = {
    ...AGREEING_FACEBOOK,
    tokenOfCode: async () => {
      await whileAsking()
      return 'user-token'
    },
    pages: async () => [{ id: '202', name: null, accessToken: 'page-token' }],
  }
  system = await startApiSystem({ facebook, config: { PUBLIC_API_URL: 'https://api.angkor.test' } })
  data = createApiData(system.store)
  eraser = eraserOn(system.store)
})
afterAll(() => system?.[Symbol.asyncDispose]())

const eraserOn = (store: Store): Eraser =>
  createEraser({
    store,
    tombstones: createTombstones(store, ERASURE_KEY),
    announce: async () => undefined,
    now: () => Date.now() + shiftMs,
  })
const connect = (key: string, facebook_page_id = '201') =>
  system.request(key, 'POST', '/pages', { body: { facebook_page_id, access_token: 'token' } })
const holderOf = async (id: string) => (await system.store.collection(PAGE_HOLDERS).getMany([id]))[0]?.tenant_id ?? null
const tokenOf = async (tenantId: string, id: string) => {
  const [row] = await system.store.collection(SEALED_TOKENS).getMany([`page:${tenantId}/${id}`])
  return row?.sealed ?? null
}

describe('a tenant that is being erased', () => {
  it('connects nothing by a key that is still remembered, and ends no login', async () => {
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

  it('leaves nothing of a login that had come back already when it was asked for', async () => {
    const mine = await data.addTenant('Logs in')
    const { body, headers } = await system.request(mine.key, 'POST', '/connect/start')
    const state = new URL(body.login_url).searchParams.get('state')
    const comeBack = () =>
      system.request('', 'GET', `/connect/callback?code=c&state=${state}`, {
        headers: { cookie: String(headers['set-cookie']).split(';')[0] as string },
      })
    whileAsking = async () => {
      expect((await comeBack()).body.code).toBe('LOGIN_NOT_CONTINUED')
      expect((await system.request(OPERATOR_TOKEN, 'DELETE', `/tenants/${mine.id}`)).status).toBe(200)
    }
    const answer = await comeBack()
    expect([answer.status, answer.body.code]).toEqual([404, 'TENANT_NOT_FOUND'])
    expect((await comeBack()).body.code).toBe('LOGIN_NOT_CONTINUED')
    const ofMine = { index: 'byTenant', equals: { tenant_id: mine.id } }
    for (const definition of [ACCOUNTS, SEALED_TOKENS])
      expect(await system.store.collection(definition as typeof ACCOUNTS).count(ofMine)).toBe(0)
    expect(await holderOf('202')).toBeNull()
  })
})

describe('a page that is being erased', () => {
  it('is not connected until its rows are gone, and then anew', async () => {
    const mine = await data.addTenant('Erases a page')
    const { body } = await connect(mine.key, '301')
    const asked = await eraser.erasePage(mine.id, body.page.id)
    for (const answer of [
      await connect(mine.key, '301'),
      await system.request(mine.key, 'POST', `/pages/${body.page.id}/reconnect`, { body: { access_token: 'token' } }),
    ]) {
      expect([answer.status, answer.body.code]).toEqual([409, 'PAGE_BEING_ERASED'])
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
    }
    if (!asked) throw new Error('there is no such page')
    await eraser.work(asked, Number.MAX_SAFE_INTEGER)
    expect(await holderOf('301')).toBeNull()
    const anew = await connect(mine.key, '301')
    expect(anew.status).toBe(201)
    expect(anew.body.page.id).not.toBe(body.page.id)
  })

  it('stays connected anew, with its token, at whichever write the erasure looks once more', async () => {
    let isWhole = false
    for (let writes = 0; !isWhole && writes < WRITES_MAX; writes++) {
      const facebookPageId = `31${writes}`
      const mine = await data.addTenant('Connects anew')
      const { page } = await data.pages.connect(connectInput(mine, facebookPageId, 'before'), Date.now())
      const asked = await eraser.erasePage(mine.id, page.id)
      if (!asked) throw new Error('there is no such page')
      const once = await eraser.work(asked, Number.MAX_SAFE_INTEGER)
      expect(once.pass).toBe(2)
      shiftMs += SETTLE_MS
      // It has looked whether the page is held, and not yet whether there is a token.
      const goOn = Promise.withResolvers<void>()
      const stands = Promise.withResolvers<void>()
      const stand = (): Promise<void> => {
        stands.resolve()
        return goOn.promise
      }
      const again = eraserOn(beforeWrite(system.store, 1, stand))
      const looking = again.work(once, Number.MAX_SAFE_INTEGER)
      await stands.promise
      let lookedAgain = false
      const store = beforeWrite(system.store, writes, async () => {
        lookedAgain = true
        goOn.resolve()
        expect((await looking).finished_ms).not.toBeNull()
      })
      const anew = await createPages(store, createSequences(store), SEALER).connect(
        connectInput(mine, facebookPageId, 'anew'),
        Date.now(),
      )
      isWhole = !lookedAgain
      goOn.resolve()
      await looking
      const now = await data.pages.findConnected(facebookPageId)
      expect(now?.id).toBe(anew.page.id)
      expect(now && (await data.pages.accessToken(now)), `after ${writes} writes`).toBe('anew')
    }
    expect(isWhole).toBe(true)
  })
})

describe.each(['page', 'tenant'] as const)('a %s whose erasure is asked for in the middle of a connect', (kind) => {
  it.each([
    ['only asked for', false],
    ['also done at once', true],
  ])('is erased, or connected anew as a whole; %s', async (_name, atOnce) => {
    let isWhole = false
    for (let writes = 0; !isWhole && writes < WRITES_MAX; writes++) {
      const facebookPageId = `${kind === 'page' ? 4 : 5}${atOnce ? 1 : 2}${writes}`
      const mine = await data.addTenant('In the middle')
      const { page } = await data.pages.connect(connectInput(mine, facebookPageId, 'before'), Date.now())
      let asked = false
      const ask = async () => {
        asked = true
        const row = kind === 'page' ? await eraser.erasePage(mine.id, page.id) : await eraser.eraseTenant(mine.id)
        if (atOnce && row) await eraser.work(row, Number.MAX_SAFE_INTEGER)
      }
      const store = beforeWrite(system.store, writes, ask)
      const connected = await createPages(store, createSequences(store), SEALER)
        .connect(connectInput(mine, facebookPageId, 'meanwhile'), Date.now())
        .catch(({ code }) => code as string)
      isWhole = !asked
      if (isWhole) break
      const refusals = ['PAGE_BEING_ERASED', 'TENANT_NOT_FOUND']
      if (typeof connected === 'string') expect(refusals, `after ${writes} writes`).toContain(connected)
      const [row] = kind === 'page' ? [await eraser.get(`page-${page.id}`)] : [await eraser.get(`tenant-${mine.id}`)]
      if (!row) throw new Error('nothing was asked for')
      await eraser.work(row, Number.MAX_SAFE_INTEGER)
      expect(await data.pages.get(mine.id, page.id), `after ${writes} writes`).toBeUndefined()
      const now = await data.pages.findConnected(facebookPageId)
      const state = [now?.id ?? null, await holderOf(facebookPageId), await tokenOf(mine.id, facebookPageId)]
      if (typeof connected === 'string') expect(state, `after ${writes} writes`).toEqual([null, null, null])
      else expect(now && (await data.pages.accessToken(now)), `after ${writes} writes`).toBe('meanwhile')
      // What a tenant is erased with is everything.
      if (kind === 'tenant') expect(connected).toBe('TENANT_NOT_FOUND')
    }
    expect(isWhole).toBe(true)
  })
})

const connectInput = ({ id: tenantId }: TestTenant, facebookPageId: string, accessToken: string) => ({
  tenantId,
  facebookPageId,
  accessToken,
  name: null,
})

/** The store, in which something happens once: just before a write. */
function beforeWrite(store: Store, writes: number, happens: () => Promise<void>): Store {
  let left = writes
  const write = async <T>(action: () => Promise<T>): Promise<T> => {
    if (left-- === 0) await happens()
    return action()
  }
  const watch = <T extends { readonly _id: string; readonly rev: number }>(inner: Collection<T>): Collection<T> => ({
    ...inner,
    insertMany: (rows) => write(() => inner.insertMany(rows)),
    replaceMany: (rows) => write(() => inner.replaceMany(rows)),
    increment: (id, deltas) => write(() => inner.increment(id, deltas)),
    deleteMany: (ids) => write(() => inner.deleteMany(ids)),
  })
  return {
    ...store,
    engine: store.engine,
    collection: (definition) => watch(store.collection(definition)) as never,
  }
}
