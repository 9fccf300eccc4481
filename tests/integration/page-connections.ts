import { createTokenSealer } from '@pagesync/shared/security/seal-tokens.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { PAGE_HOLDERS, SEALED_TOKENS } from '@pagesync/shared/store/repositories/connection-rows.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { createPages, type Pages } from '@pagesync/shared/store/repositories/pages.ts'
import { resealTokens } from '@pagesync/shared/store/repositories/reseal-tokens.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { checkTokenKeys } from '@pagesync/shared/store/repositories/token-keys-check.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'

const keyOf = (byte: number): string => Buffer.alloc(32, byte).toString('base64')
const NOW_MS = Date.UTC(2026, 10, 26)
const MINUTE_MS = 60_000

/** Holding pages and sealing their tokens, over any store. */
export function describePageConnections(name: string, open: () => Promise<Store>): void {
  describe(`connected pages ${name}`, () => {
    let store: Store
    let pages: Pages
    const ring = (...names: string[]) =>
      createTokenSealer(names.map((id) => `${id}:${keyOf(id.charCodeAt(0))}`).join(','))
    const repository = (...names: string[]): Pages => createPages(store, createSequences(store), ring(...names))
    const connect = (tenantId: string, facebookPageId: string, accessToken = 'EAAGtoken', nowMs = NOW_MS) =>
      pages.connect({ tenantId, facebookPageId, accessToken, name: 'Angkor Coffee' }, nowMs)
    const tokens = () => store.collection(SEALED_TOKENS).find({ index: '_id', limit: 1000 })

    beforeAll(async () => {
      store = await open()
      await ensureCollections(store)
      pages = repository('a')
    })
    afterAll(() => store?.close())

    it('gives a page that tenants connect in the same instant to exactly one of them', async () => {
      for (let round = 0; round < 10; round++) {
        const facebookPageId = `31${round}`
        const tenants = ['t_1', 't_2', 't_3', 't_4']
        const tries = await Promise.allSettled(tenants.map((tenant) => connect(tenant, facebookPageId)))
        const winners = tenants.filter((_, i) => tries[i]?.status === 'fulfilled')
        expect(winners).toHaveLength(1)
        for (const { status, ...rest } of tries)
          if (status === 'rejected') {
            const { reason } = rest as PromiseRejectedResult
            expect(reason).toMatchObject({ code: 'PAGE_ALREADY_CONNECTED' })
            for (const tenant of tenants) expect(reason.message).not.toContain(tenant)
          }
        expect(await pages.findConnected(facebookPageId)).toMatchObject({ tenant_id: winners[0], status: 'active' })
      }
    })

    it('keeps the id of a page that is connected again, also in the same instant', async () => {
      const all = await Promise.all([1, 2, 3].map((i) => connect('t_1', '320', `EAAG${i}`)))
      expect(new Set(all.map(({ page }) => page.id)).size).toBe(1)
      expect(all.filter(({ created }) => created)).toHaveLength(1)
      const again = await connect('t_1', '320', 'EAAGlast')
      expect(again).toMatchObject({ created: false, page: { id: all[0]?.page.id } })
      expect(await pages.accessToken(again.page)).toBe('EAAGlast')
    })

    it('forgets the token of a page that is given back, and lets another tenant have it under another id', async () => {
      const { page: first } = await connect('t_1', '330', 'EAAGfirst')
      await expect(connect('t_2', '330')).rejects.toMatchObject({ code: 'PAGE_ALREADY_CONNECTED' })
      expect(await pages.disconnect(first, NOW_MS)).toMatchObject({ status: 'disconnected', token_status: 'unknown' })
      expect(await pages.accessToken(first)).toBeUndefined()
      expect(await pages.findConnected('330')).toBeUndefined()
      const { page: second } = await connect('t_2', '330', 'EAAGsecond')
      expect(second.id).not.toBe(first.id)
      expect(await pages.findConnected('330')).toMatchObject({ id: second.id, tenant_id: 't_2' })
      expect(await pages.get('t_1', first.id)).toMatchObject({ status: 'disconnected' })
      await expect(connect('t_1', '330')).rejects.toMatchObject({ code: 'PAGE_ALREADY_CONNECTED' })
      await pages.disconnect(second, NOW_MS)
      expect((await connect('t_1', '330', 'EAAGback')).page.id).toBe(first.id)
    })

    it('disconnects for good or not at all when the same page is connected in the same instant', async () => {
      for (let round = 0; round < 10; round++) {
        const { page } = await connect('t_1', `34${round}`)
        const [, connected] = await Promise.allSettled([
          pages.disconnect(page, NOW_MS),
          connect('t_1', page.facebook_page_id, 'EAAGagain'),
        ])
        const row = await pages.get('t_1', page.id)
        const isHeld = (await pages.findConnected(page.facebook_page_id)) !== undefined
        const token = await pages.accessToken(page)
        if (row?.status === 'active')
          expect([isHeld, token, connected?.status]).toEqual([true, 'EAAGagain', 'fulfilled'])
        else expect([row?.status, isHeld, token]).toEqual(['disconnected', false, undefined])
      }
    })

    it('passes over a tenant that died while it connected, but only after a minute', async () => {
      await store
        .collection(PAGE_HOLDERS)
        .insertMany([{ _id: '350', tenant_id: 't_dead', generation: 1, changed_ms: NOW_MS }])
      await expect(connect('t_2', '350', 'x', NOW_MS + MINUTE_MS - 1)).rejects.toMatchObject({
        code: 'PAGE_ALREADY_CONNECTED',
      })
      expect((await connect('t_2', '350', 'x', NOW_MS + MINUTE_MS)).page.tenant_id).toBe('t_2')
      await expect(connect('t_1', '350', 'x', NOW_MS + 60 * MINUTE_MS)).rejects.toMatchObject({
        code: 'PAGE_ALREADY_CONNECTED',
      })
    })

    it('keeps tokens sealed, each at its own place', async () => {
      const { page } = await connect('t_1', '360', 'EAAGinclear0123456789')
      const { page: other } = await connect('t_1', '361', 'EAAGother')
      const rows = await tokens()
      expect(JSON.stringify(rows)).not.toContain('EAAG')
      const of = (id: string) => rows.find(({ facebook_id }) => facebook_id === id)
      expect(of('360')).toMatchObject({ tenant_id: 't_1', kind: 'page', key_id: 'a' })
      expect(of('360')?.sealed).toMatch(/^v1\.a\./)
      // Somebody who can write to the store copies a token to a page of theirs.
      await store.collection(SEALED_TOKENS).replaceMany([{ ...of('361')!, sealed: of('360')!.sealed }])
      await expect(pages.accessToken(other)).rejects.toMatchObject({ code: 'TOKEN_UNREADABLE' })
      expect(await pages.accessToken(page)).toBe('EAAGinclear0123456789')
      await connect('t_1', '361', 'EAAGmended')
      expect(await pages.accessToken(other)).toBe('EAAGmended')
    })

    it('changes keys: a service that misses one does not start, and after sealing anew the old one can go', async () => {
      const { page } = await connect('t_1', '370', 'EAAGrotated')
      const before = (await tokens()).filter(({ sealed }) => sealed !== null).length
      await checkTokenKeys(store, ring('a'))
      await expect(checkTokenKeys(store, ring('b'))).rejects.toMatchObject({
        code: 'CONFIGURATION_INVALID',
        message: expect.stringMatching(/^TOKEN_KEYS misses the key a, which seals \d+ stored tokens$/),
      })
      await expect(checkTokenKeys(store, createTokenSealer(`a:${keyOf(1)}`))).rejects.toMatchObject({
        code: 'CONFIGURATION_INVALID',
        message: expect.stringContaining('another key under the name a'),
      })
      await checkTokenKeys(store, ring('b', 'a'))
      // Whoever lost it starts by saying so: pages are connected again one by one.
      const without = createTokenSealer(`b:${keyOf(98)},a:lost`)
      await checkTokenKeys(store, without)
      await expect(createPages(store, createSequences(store), without).accessToken(page)).rejects.toMatchObject({
        code: 'TOKEN_UNREADABLE',
      })
      expect(await resealTokens(store, without, 1000)).toEqual({ resealed: 0, unreadable: before, remaining: before })

      // One that was damaged keeps none of the others, and no service from starting.
      const [damaged] = await tokens()
      await store.collection(SEALED_TOKENS).replaceMany([{ ...damaged!, sealed: 'v1.a.AAAA', key_id: 'a' }])
      await checkTokenKeys(store, ring('b', 'a'))
      const some = await resealTokens(store, ring('b', 'a'), 1)
      expect(some).toMatchObject({ unreadable: 1, remaining: 1 })
      expect(some.resealed).toBe(before - 1)
      expect(await resealTokens(store, ring('b', 'a'), 1000)).toEqual({ resealed: 0, unreadable: 1, remaining: 1 })
      expect(await repository('b').accessToken(page)).toBe('EAAGrotated')
      await store.collection(SEALED_TOKENS).deleteMany([damaged!._id])
      await checkTokenKeys(store, ring('b'))
      expect(await resealTokens(store, ring('b'), 1000)).toEqual({ resealed: 0, unreadable: 0, remaining: 0 })
    })
  })
}
