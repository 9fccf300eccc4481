import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { OWNED_STEPS } from '@pagesync/shared/erasure/erase-owned.ts'
import { createEraser, type Eraser, SETTLE_MS } from '@pagesync/shared/erasure/eraser.ts'
import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { systemClock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Change } from '@pagesync/shared/model/change.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { ERASURE_KEYS, ERASURES } from '@pagesync/shared/store/repositories/privacy-rows.ts'
import { MESSAGES, PAGES } from '@pagesync/shared/store/repositories/rows.ts'
import { createTombstones } from '@pagesync/shared/store/repositories/tombstones.ts'
import { carryOnErasures } from '@pagesync/sync-worker/privacy/carry-on-erasures.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiData } from '../support/api-data.ts'
import { startApiSystem } from '../support/api-system.ts'
import { createFuse, dyingStore, type Fuse } from '../support/crashing-ports.ts'
import { grepStore } from '../support/privacy-bed.ts'
import { ERASURE_KEY } from '../support/token-keys.ts'

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

describe('an erasure that fails', () => {
  it('keeps none of the others, is put off, and goes on where it was', async () => {
    const data = createApiData(store)
    const page = await data.addPage(await data.addTenant('Mine'), '8803')
    const [mine, theirs] = await data.addConversations(page, 2)
    if (!mine || !theirs) throw new Error('there are no conversations')
    for (const each of [mine, theirs]) await data.addMessages(each, 3)
    const time = { nowMs: Date.now() }
    let isBroken = true
    const eraser = eraserOn(
      storeThatRefuses(store, mine._id, () => isBroken),
      time,
      [],
    )
    const failed: unknown[] = []
    const logger = { info: () => undefined, error: (fields: unknown) => void failed.push(fields) }
    const pass = async (afterMs = SETTLE_MS) => {
      time.nowMs += afterMs
      await carryOnErasures({ eraser, clock: { ...systemClock, now: () => time.nowMs }, logger }, NEVER)
    }
    const ids: string[] = []
    // The one that fails is looked at first.
    for (const each of [mine, theirs]) {
      const [contact] = await data.contactsOf(each)
      if (!contact) throw new Error('there is no contact')
      ids.push((await eraser.eraseContact(page, contact))._id)
      time.nowMs++
    }
    await pass()
    expect(failed).toMatchObject([{ erasure: ids[0], failures: 1, err: { code: 'INTERNAL' } }])
    expect((await eraser.get(ids[1] as string))?.erased_ms).not.toBeNull()
    await pass(1_000)
    expect(failed).toHaveLength(1)
    for (let round = 0; failed.length < 3 && round < 100; round++) await pass()
    expect(failed.at(-1)).toMatchObject({ failures: 3 })
    isBroken = false
    for (let round = 0; round < 100 && (await eraser.get(ids[0] as string))?.finished_ms === null; round++) await pass()
    expect(await eraser.get(ids[0] as string)).toMatchObject({
      finished_ms: expect.any(Number),
      removed: { messages: 3 },
    })
  })
})

const NEVER = new AbortController().signal

/** The store with a bug: it cannot read the messages of one conversation. */
function storeThatRefuses(inner: Store, conversationKey: string, isBroken: () => boolean): Store {
  return {
    ...inner,
    engine: inner.engine,
    collection: (definition) => {
      const collection = inner.collection(definition)
      if (definition.name !== MESSAGES.name) return collection
      return {
        ...collection,
        find: async (query) => {
          if (isBroken() && query.equals?.conversation_key === conversationKey) throw new AppError('INTERNAL', 'a bug')
          return collection.find(query)
        },
      }
    },
  }
}

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

it('a tenant with more pages than the store is asked for in one go is erased, too', async () => {
  const tenant = await createApiData(store).addTenant('Large')
  const template = await createApiData(store).addPage(tenant, '6600000')
  const pages = Array.from({ length: 5_000 }, (_, i) => {
    const facebook_page_id = String(6_600_001 + i)
    return { ...template, _id: `${tenant.id}/${facebook_page_id}`, id: 6_600_001 + i, facebook_page_id }
  })
  await store.collection(PAGES).insertMany(pages)
  const eraser = eraserOn(store, { nowMs: Date.now() }, [])
  const job = (await eraser.eraseTenant(tenant.id))!
  expect(job.pages).toHaveLength(5_001)
  const deps = {
    store,
    tombstones: createTombstones(store, ERASURE_KEY),
    announce: async () => undefined,
    now: Date.now,
  }
  for (const { name, run } of OWNED_STEPS) {
    // The others look at page after page.
    if (!['cut_off', 'sealed_tokens', 'pages', 'dead_letters_of_nobody'].includes(name)) continue
    for (let cursor: string | null = null; ; ) {
      const { next }: { next: string | null } = await run(job, cursor, deps)
      if (next === null) break
      cursor = next
    }
  }
  expect(await store.collection(PAGES).count({ index: 'byTenant', equals: { tenant_id: tenant.id } })).toBe(0)
})

it('another ERASURE_KEY than that of the tombstones is refused, until somebody gives that one up', async () => {
  const other = createTombstones(store, 'another-erasure-key-of-the-tests-0123')
  const same = createTombstones(store, ERASURE_KEY)
  await same.checkKey()
  await same.checkKey()
  await expect(other.checkKey()).rejects.toMatchObject({
    code: 'CONFIGURATION_INVALID',
    message: expect.stringMatching(/^ERASURE_KEY is another one/),
  })
  await store.collection(ERASURE_KEYS).deleteMany(['current'])
  await other.checkKey()
  await expect(same.checkKey()).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
  await store.collection(ERASURE_KEYS).deleteMany(['current'])
})

it('the API does not start with another ERASURE_KEY', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'pagesync-erasure-key-'))
  const start = async (key: string) =>
    startApiSystem({ store: await openStore(`embedded:${directory}`), config: { ERASURE_KEY: key } })
  await (await start(ERASURE_KEY))[Symbol.asyncDispose]()
  await expect(start('another-erasure-key-of-the-tests-0123')).rejects.toMatchObject({ code: 'CONFIGURATION_INVALID' })
  await rm(directory, { recursive: true, force: true })
})
