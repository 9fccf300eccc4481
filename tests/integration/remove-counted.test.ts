import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { removeCounted } from '@pagesync/shared/counting/remove-counted.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { createStatistics } from '@pagesync/shared/store/repositories/statistics.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiData } from '../support/api-data.ts'
import { countRows } from '../support/count-rows.ts'
import { createFuse, dyingStore } from '../support/crashing-ports.ts'

describe('removing rows that are counted', () => {
  let store: Store
  let folder: string
  let pages = 0
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'pagesync-remove-'))
    store = await openStore(`embedded:${folder}`)
    await ensureCollections(store)
  })
  afterAll(async () => {
    await store?.close()
    await rm(folder, { recursive: true, force: true })
  })

  const prepare = async () => {
    const data = createApiData(store)
    const page = await data.addPage(await data.addTenant('Removed'), String(8_800 + pages++))
    const [conversation] = await data.addConversations(page, 3)
    const rows = await data.addMessages(conversation!, 20, (i) => ({ origin: i < 5 ? 'sync' : 'webhook' }))
    return { pageId: page.id, keys: rows.map(({ _id }) => _id) }
  }
  const totals = async (pageId: number) => (await createStatistics(store).totals([pageId])).get(pageId)
  const now = () => Date.now()

  it('takes them off the totals, by source', async () => {
    const { pageId, keys } = await prepare()
    expect(await removeCounted({ pageId, kind: 'message', keys: keys.slice(0, 8) }, { store, now })).toBe(8)
    expect(await totals(pageId)).toMatchObject({ messages: 12, messages_sync: 0, messages_webhook: 12 })
    expect(await totals(pageId)).toMatchObject(await countRows(store, pageId))
    expect(await removeCounted({ pageId, kind: 'message', keys }, { store, now })).toBe(12)
    expect(await removeCounted({ pageId, kind: 'message', keys }, { store, now })).toBe(0)
    expect(await totals(pageId)).toMatchObject({ messages: 0, conversations: 3 })
  })

  it('takes them off once when several remove the same', async () => {
    const { pageId, keys } = await prepare()
    const removed = await Promise.all(
      [0, 5, 10].map((from) =>
        removeCounted({ pageId, kind: 'message', keys: keys.slice(from, from + 10) }, { store, now }),
      ),
    )
    expect(removed.reduce((sum, count) => sum + count)).toBe(20)
    expect(await totals(pageId)).toMatchObject(await countRows(store, pageId))
  })

  const deaths = [0, 1, 2, 3].flatMap((writes) => [false, true].map((after) => [writes, after] as const))
  it.each(deaths)('is finished by the next one after a death at write %i (after it: %s)', async (writes, diesAfter) => {
    const { pageId, keys } = await prepare()
    const removal = { pageId, kind: 'message' as const, keys: keys.slice(0, 7) }
    const dying = dyingStore(store, createFuse(writes, diesAfter))
    await expect(removeCounted(removal, { store: dying, now })).rejects.toThrow('the process is dead')
    await removeCounted(removal, { store, now: () => Date.now() + 60_000 })
    expect(await totals(pageId)).toMatchObject({ messages: 13 })
    expect(await totals(pageId)).toMatchObject(await countRows(store, pageId))
  })
})
