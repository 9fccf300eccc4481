import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createEraser, type Eraser, SETTLE_MS } from '@pagesync/shared/erasure/eraser.ts'
import type { Change } from '@pagesync/shared/model/change.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { ERASURES } from '@pagesync/shared/store/repositories/privacy-rows.ts'
import { createTombstones } from '@pagesync/shared/store/repositories/tombstones.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiData } from '../support/api-data.ts'
import { ERASURE_KEY } from '../support/api-system.ts'
import { createFuse, dyingStore, type Fuse } from '../support/crashing-ports.ts'
import { grepStore } from '../support/privacy-bed.ts'

/** More writes than an erasure of this size takes: see the last assertion. */
const WRITES_MAX = 200

let store: Store
let folder: string
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'pagesync-erasure-crash-'))
  store = await openStore(`embedded:${folder}`)
  await ensureCollections(store)
})
afterAll(async () => {
  await store?.close()
  await rm(folder, { recursive: true, force: true })
})

describe('a process that is killed in the middle of an erasure', () => {
  it.each([
    ['before', false],
    ['after', true],
  ] as const)('%s any one of its writes: another one ends it, and it is told once', async (_when, diesAfter) => {
    const data = createApiData(store)
    const tenant = await data.addTenant('Mine')
    const page = await data.addPage(tenant, diesAfter ? '8801' : '8802')
    let isWhole = false
    for (let writes = 0; !isWhole && writes < WRITES_MAX; writes++) {
      const [conversation] = await data.addConversations(page, 1)
      if (!conversation) throw new Error('there is no conversation')
      await data.addMessages(conversation, 3, () => ({ text: `secret ${writes} ${diesAfter}.` }))
      const [contact] = await data.contactsOf(conversation)
      if (!contact) throw new Error('there is no contact')
      expect((await grepStore(store, contact.psid)).length).toBeGreaterThan(2)

      const time = { nowMs: Date.now() }
      const told: Change[] = []
      const fuse = createFuse(writes, diesAfter)
      const dying = eraserOn(dyingStore(store, fuse), time, told, fuse)
      isWhole = await eraseAll(dying, page, contact, time).then(
        () => true,
        () => false,
      )
      // A request that failed is repeated; if its row was written, workers go on without anybody.
      const living = eraserOn(store, time, told)
      const [row] = await store.collection(ERASURES).getMany([`contact-${contact.id}`])
      if (!row) await living.eraseContact(page, contact)
      await endDue(living, time)

      expect(await grepStore(store, contact.psid), `after ${writes} writes`).toEqual([])
      expect(await grepStore(store, `secret ${writes} ${diesAfter}.`)).toEqual([])
      expect(new Set(told.map(({ id }) => id)).size).toBe(1)
      const [ended] = await store.collection(ERASURES).getMany([`contact-${contact.id}`])
      expect(ended).toMatchObject({ due_ms: null, person: null })
    }
    // So there was no write that it was not killed at.
    expect(isWhole).toBe(true)
  })
})

function eraserOn(on: Store, time: { nowMs: number }, told: Change[], fuse?: Fuse): Eraser {
  const tell = async (changes: readonly Change[]) => void told.push(...changes)
  return createEraser({
    store: on,
    tombstones: createTombstones(on, ERASURE_KEY),
    announce: (changes) => (fuse ? fuse.write(() => tell(changes)) : tell(changes)),
    now: () => time.nowMs,
  })
}

async function eraseAll(
  eraser: Eraser,
  ...[page, contact, time]: [...Parameters<Eraser['eraseContact']>, { nowMs: number }]
) {
  const row = await eraser.work(await eraser.eraseContact(page, contact), Number.MAX_SAFE_INTEGER)
  time.nowMs += SETTLE_MS
  const [due] = await eraser.due(1)
  await eraser.work(due ?? row, Number.MAX_SAFE_INTEGER)
}

/** Workers look for what stands still, as time goes on. */
async function endDue(eraser: Eraser, time: { nowMs: number }): Promise<void> {
  for (let round = 0; round < 3; round++) {
    time.nowMs += SETTLE_MS
    for (const row of await eraser.due(20)) await eraser.work(row, Number.MAX_SAFE_INTEGER)
  }
}
