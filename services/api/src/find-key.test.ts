import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { API_KEYS } from '@pagesync/shared/store/repositories/rows.ts'
import { createTenants } from '@pagesync/shared/store/repositories/tenants.ts'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createFindKey } from './find-key.ts'

let directory: string
let store: Store
let nowMs = Date.UTC(2026, 0, 8)
const clock = { now: () => nowMs, sleep: async () => undefined }

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pagesync-keys-'))
  store = await openStore(`embedded:${directory}`)
  await ensureCollections(store)
})
afterAll(async () => {
  await store?.close()
  await rm(directory, { recursive: true, force: true })
})

const newKey = (expiresMs: number | null = null) =>
  createTenants(store).createApiKey({ tenantId: 't_1', name: 'test', scopes: ['read'], expiresMs }, nowMs)

it('refuses a revoked key within five seconds, and spares the store until then', async () => {
  const { key, row } = await newKey()
  const findKey = createFindKey(createTenants(store), clock)
  expect(await findKey(key)).toMatchObject({ key_id: row.key_id })
  await store.collection(API_KEYS).replaceMany([{ ...row, revoked_ms: nowMs }])
  nowMs += 3_999
  expect(await findKey(key)).toBeDefined()
  nowMs += 1
  expect(await findKey(key)).toBeUndefined()
})

it('refuses an expired key at once, remembered or not', async () => {
  const { key } = await newKey(nowMs + 1_000)
  const findKey = createFindKey(createTenants(store), clock)
  expect(await findKey(key)).toBeDefined()
  nowMs += 1_000
  expect(await findKey(key)).toBeUndefined()
})

it('finds a key that was not there a moment ago', async () => {
  const findKey = createFindKey(createTenants(store), clock)
  const key = `ps_live_${'k'.repeat(43)}`
  expect(await findKey(key)).toBeUndefined()
  await createTenants(store).createApiKey({ tenantId: 't_1', name: 'late', scopes: [] }, nowMs, key)
  expect(await findKey(key)).toBeDefined()
})

it('asks the store for nothing that cannot be a key', async () => {
  await using closed = await openStore(`embedded:${join(directory, 'closed')}`)
  await closed.close()
  const findKey = createFindKey(createTenants(closed), clock)
  for (const token of ['', 'ps_live_', 'x'.repeat(51), `ps_test_${'k'.repeat(43)}`])
    expect(await findKey(token)).toBeUndefined()
})
