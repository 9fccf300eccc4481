import { randomBytes } from 'node:crypto'
import { cpus } from 'node:os'
import { parseArgs } from 'node:util'
import { openEventLog } from '@pagesync/shared/event-log/open-event-log.ts'
import { TOPICS, topicDefinitions } from '@pagesync/shared/model/topics.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { createPages } from '@pagesync/shared/store/repositories/pages.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { startKafkaEngine } from '../tests/support/engines/kafka-engine.ts'
import { startMongoEngine } from '../tests/support/engines/mongo-engine.ts'
import { SEALER, TOKEN_KEYS } from '../tests/support/token-keys.ts'
import { median, round } from './gateway/statistics.ts'
import { measureInsertMany } from './worker/insert-many.ts'
import { makeEvents, type Workload } from './worker/make-events.ts'
import { measureWorker } from './worker/measure-worker.ts'

/**
 * How fast the worker turns waiting webhook messages into rows, against the driver's bare insertMany of the same
 * messages in the same run. See bench/README.md.
 */
const { values } = parseArgs({
  options: {
    json: { type: 'boolean', default: false },
    events: { type: 'string', default: '200000' },
    rounds: { type: 'string', default: '3' },
  },
})
const EVENTS = Number(values.events)
const ROUNDS = Number(values.rounds)
const PARTITIONS = 6
const PUBLISH_AT_ONCE = 2_000

await using stack = new AsyncDisposableStack()
const [kafka, mongo] = await Promise.all([startKafkaEngine(), startMongoEngine()])
if ('unavailable' in kafka) throw new Error(kafka.unavailable)
if ('unavailable' in mongo) throw new Error(mongo.unavailable)
stack.use(kafka)
stack.use(mongo)
const eventLogUrl = kafka.url
const brokers = new URL(kafka.url.replace('kafka:', 'http:')).host.split(',')
console.error(
  `${kafka.label}, ${mongo.label}; ${cpus().length} × ${cpus()[0]?.model}; ${EVENTS} events, ${ROUNDS} rounds`,
)

const inserts: number[] = []
const events: number[] = []
const memory: number[] = []
for (let i = 0; i < ROUNDS; i++) {
  const database = `bench_${randomBytes(4).toString('hex')}`
  const storeUrl = new URL(database, mongo.url).href
  const workload = makeEvents({ events: EVENTS, pages: 10, senders: 5_000 })
  const pages = await prepare(storeUrl, workload)
  inserts.push(await measureInsertMany(`${storeUrl}_bare`, workload.records, pages))
  const worker = await measureWorker(environmentOf(storeUrl), brokers, EVENTS)
  events.push(worker.eventsPerSecond)
  memory.push(worker.rssMib)
  console.error(
    `round ${i + 1}: insertMany ${round(inserts.at(-1) as number, 0)}/s, worker ${round(worker.eventsPerSecond, 0)}/s, ${round(worker.rssMib, 0)} MiB, ${round((worker.cpuSeconds * 1e6) / EVENTS, 0)} µs CPU an event`,
  )
}
const ratio = median(events.map((rate, i) => rate / (inserts[i] as number)))
console.error(`ratio ${round(ratio, 3)} (target 0.25), memory ${round(Math.max(...memory), 0)} MiB (target 400)`)
const figures = {
  insert_many_per_s: round(median(inserts), 0),
  events_per_s: round(median(events), 0),
  ratio: round(ratio, 3),
  rss_mib: round(Math.max(...memory), 0),
}
console.log(values.json ? JSON.stringify(figures) : figures)

/** Connects the pages and fills the topic. */
async function prepare(
  storeUrl: string,
  { facebookPageIds, records }: Workload,
): Promise<ReadonlyMap<string, PageRow>> {
  await using store = await openStore(storeUrl, {})
  await ensureCollections(store)
  const repository = createPages(store, createSequences(store), SEALER)
  const pages = new Map<string, PageRow>()
  for (const facebookPageId of facebookPageIds) {
    const { page } = await repository.connect(
      { tenantId: 't_bench', facebookPageId, accessToken: 'none', name: null },
      Date.now(),
    )
    pages.set(facebookPageId, page)
  }
  await using log = await openEventLog(eventLogUrl, { clientId: 'bench' })
  await log.ensureTopics(topicDefinitions(PARTITIONS))
  for (let i = 0; i < records.length; i += PUBLISH_AT_ONCE)
    await log.publish(TOPICS.pageEvents, records.slice(i, i + PUBLISH_AT_ONCE), { timeoutMs: 30_000 })
  return pages
}

function environmentOf(storeUrl: string): Record<string, string> {
  return {
    EVENT_LOG_URL: eventLogUrl,
    STORE_URL: storeUrl,
    TOPIC_PARTITIONS: String(PARTITIONS),
    FB_APP_ID: '1',
    FB_APP_SECRET: 'secret-of-the-benchmark',
    TOKEN_KEYS,
    WORKER_PORT: '0',
    SCHEDULES: 'off',
    WORKER_HOST: '127.0.0.1',
    LOG_LEVEL: 'info',
  }
}
