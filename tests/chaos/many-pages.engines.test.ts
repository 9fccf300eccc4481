import type { Simulator } from '@pagesync/graph-simulator/create-simulator.ts'
import { topicDefinitions } from '@pagesync/shared/model/topics.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { describe, inject } from 'vitest'
import { openRealEngines } from '../support/open-engines.ts'
import { spawnNode } from '../support/spawn-node.ts'
import { ERASURE_KEY, TOKEN_KEYS } from '../support/token-keys.ts'
import type { TwoWorkers } from './many-pages.ts'
import { itServesManyPages, PAGES } from './many-pages-behaviour.ts'

const kafkaUrl = inject('kafkaUrl')
const mongodbUrl = inject('mongodbUrl')
const PARTITIONS = 6

/** Two processes. */
async function start(simulator: Simulator): Promise<TwoWorkers> {
  await using opened = new AsyncDisposableStack()
  const { eventLog, store, urls } = opened.use(await openRealEngines(kafkaUrl, mongodbUrl))
  await Promise.all([eventLog.ensureTopics(topicDefinitions(PARTITIONS)), ensureCollections(store)])
  const environment = {
    ...urls,
    TOPIC_PARTITIONS: String(PARTITIONS),
    GRAPH_URL: simulator.url,
    FB_APP_ID: simulator.app.id,
    FB_APP_SECRET: simulator.app.secret,
    TOKEN_KEYS,
    ERASURE_KEY,
    WORKER_PORT: '0',
    WORKER_HOST: '127.0.0.1',
    LOG_LEVEL: 'info',
  }
  const workers = [0, 1].map(() => spawnNode('services/sync-worker/src/main.ts', environment))
  for (const worker of workers) opened.defer(async () => void (await worker.end('SIGTERM')))
  await Promise.all(workers.map((worker) => worker.jsonLine(({ msg }) => msg === 'listening', 60_000)))
  const all = opened.move()
  return { eventLog, store, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

describe.skipIf(!kafkaUrl || !mongodbUrl)(`two workers and ${PAGES} pages, on Kafka and FerretDB`, () =>
  itServesManyPages(start),
)
