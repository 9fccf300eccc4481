import { randomBytes } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { cpus, tmpdir } from 'node:os'
import { join } from 'node:path'
import { parseArgs } from 'node:util'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { createApiData } from '../tests/support/api-data.ts'
import { type ApiSystem, startApiSystem } from '../tests/support/api-system.ts'
import { countRows } from '../tests/support/count-rows.ts'
import { startMongoEngine } from '../tests/support/engines/mongo-engine.ts'
import { median, round } from './gateway/statistics.ts'

/**
 * What `GET /pages/:id/sync-status` costs over HTTP for a page with a hundred messages and for one with a million, on both
 * engines; the two are asked in turn. See bench/README.md.
 */
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    small: { type: 'string', default: '100' },
    large: { type: 'string', default: '1000000' },
    requests: { type: 'string', default: '400' },
  },
})
const [SMALL, LARGE, REQUESTS] = [Number(values.small), Number(values.large), Number(values.requests)]
const WARM_UP = 50
const MESSAGES_AT_ONCE = 5_000

console.error(`${cpus().length} × ${cpus()[0]?.model}; ${SMALL} and ${LARGE} messages, ${REQUESTS} requests each`)
const figures = { embedded: await onEmbedded(), mongodb: await onMongo() }
console.log(values.json ? JSON.stringify(figures) : figures)

async function onEmbedded() {
  const folder = await mkdtemp(join(tmpdir(), 'pagesync-bench-'))
  try {
    return await measure(await openStore(`embedded:${folder}`))
  } finally {
    await rm(folder, { recursive: true, force: true })
  }
}

async function onMongo() {
  await using started = new AsyncDisposableStack()
  const mongo = await startMongoEngine()
  if ('unavailable' in mongo) throw new Error(mongo.unavailable)
  started.use(mongo)
  return measure(await openStore(new URL(`bench_${randomBytes(4).toString('hex')}`, mongo.url).href))
}

async function measure(store: Store) {
  await ensureCollections(store)
  await using system = await startApiSystem({ store })
  const data = createApiData(store)
  const tenant = await data.addTenant('Counted')
  const small = await data.addPage(tenant, '1001')
  const large = await data.addPage(tenant, '1002')
  await fill(data, small, SMALL)
  const began = performance.now()
  await fill(data, large, LARGE)
  console.error(`${store.engine}: filled in ${round((performance.now() - began) / 1000, 0)} s`)
  const ask = (page: PageRow) => timed(system, tenant.key, page)
  for (let i = 0; i < WARM_UP; i++) for (const page of [small, large]) await ask(page)
  const took: { small: number[]; large: number[] } = { small: [], large: [] }
  for (let i = 0; i < REQUESTS; i++) {
    took.small.push(await ask(small))
    took.large.push(await ask(large))
  }
  const counting = performance.now()
  const rows = await countRows(store, large.id)
  const scanMs = performance.now() - counting
  if (rows.messages !== LARGE) throw new Error(`${rows.messages} messages are stored, not ${LARGE}`)
  const figures = {
    small_p50_ms: round(median(took.small), 2),
    large_p50_ms: round(median(took.large), 2),
    ratio: round(median(took.large) / median(took.small), 3),
    full_count_ms: round(scanMs, 0),
  }
  console.error(`${store.engine}: ${JSON.stringify(figures)} (target of the ratio 1.5)`)
  return figures
}

async function fill(data: ReturnType<typeof createApiData>, page: PageRow, messages: number): Promise<void> {
  for (let left = messages; left > 0; left -= MESSAGES_AT_ONCE) {
    const [conversation] = await data.addConversations(page, 1)
    if (conversation) await data.addMessages(conversation, Math.min(left, MESSAGES_AT_ONCE))
  }
}

/** Milliseconds of one request, which must tell the right number. */
async function timed(system: ApiSystem, key: string, page: PageRow): Promise<number> {
  const began = performance.now()
  const { body } = await system.request(key, 'GET', `/pages/${page.id}/sync-status`)
  const tookMs = performance.now() - began
  const expected = page.facebook_page_id === '1001' ? SMALL : LARGE
  if (body.statistics?.total_messages !== expected)
    throw new Error(`${body.statistics?.total_messages} messages are told, not ${expected}`)
  return tookMs
}
