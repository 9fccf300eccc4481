import type { Simulator } from '@pagesync/graph-simulator/create-simulator.ts'
import { systemClock } from '@pagesync/shared/lifecycle/clock.ts'
import { createLogger } from '@pagesync/shared/logging/create-logger.ts'
import { topicDefinitions } from '@pagesync/shared/model/topics.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { createWorker } from '@pagesync/sync-worker/create-worker.ts'
import { describe } from 'vitest'
import { openEmbeddedEngines } from '../support/open-engines.ts'
import { ERASURE_KEY, TOKEN_KEYS } from '../support/token-keys.ts'
import type { TwoWorkers } from './many-pages.ts'
import { itServesManyPages, PAGES } from './many-pages-behaviour.ts'

/** Only one process may have the embedded engines open: both workers are in this one. */
async function start(simulator: Simulator): Promise<TwoWorkers> {
  await using opened = new AsyncDisposableStack()
  const { eventLog, store } = opened.use(await openEmbeddedEngines())
  await Promise.all([eventLog.ensureTopics(topicDefinitions(6)), ensureCollections(store)])
  const config = {
    GRAPH_URL: simulator.url,
    GRAPH_VERSION: 'v26.0',
    GRAPH_CALLS_PER_SECOND: 2,
    FB_APP_ID: simulator.app.id,
    FB_APP_SECRET: simulator.app.secret,
    STALL_SECONDS: 30,
    TOKEN_KEYS,
    ERASURE_KEY,
  }
  const logger = createLogger({ service: 'many', level: process.env.TEST_LOG_LEVEL ?? 'silent' })
  for (let i = 0; i < 2; i++) opened.use(await createWorker({ config, eventLog, store, clock: systemClock, logger }))
  const all = opened.move()
  return { eventLog, store, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

describe(`two workers and ${PAGES} pages, on the embedded engines`, () => itServesManyPages(start))
