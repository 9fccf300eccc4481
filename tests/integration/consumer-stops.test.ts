import { systemClock } from '@pagesync/shared/lifecycle/clock.ts'
import { createLogger } from '@pagesync/shared/logging/create-logger.ts'
import { newTraceparent } from '@pagesync/shared/model/cloud-event.ts'
import { TOPICS, topicDefinitions } from '@pagesync/shared/model/topics.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { createDeadLetterBox } from '@pagesync/shared/store/repositories/dead-letter-box.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { createPages } from '@pagesync/shared/store/repositories/pages.ts'
import { MESSAGES, PAGE_ACTIVITY } from '@pagesync/shared/store/repositories/rows.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { createStatistics } from '@pagesync/shared/store/repositories/statistics.ts'
import { createWorker, type Worker } from '@pagesync/sync-worker/create-worker.ts'
import { toPageEvents } from '@pagesync/webhook-gateway/to-page-events.ts'
import { toRecord } from '@pagesync/webhook-gateway/to-record.ts'
import { expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { openEmbeddedEngines } from '../support/open-engines.ts'
import { ERASURE_KEY, SEALER, TOKEN_KEYS } from '../support/token-keys.ts'

const FACEBOOK_PAGE_ID = '104857600000001'
const TENANT = 't_stop'

async function openEngines() {
  await using opened = new AsyncDisposableStack()
  const { eventLog, store } = opened.use(await openEmbeddedEngines())
  await Promise.all([eventLog.ensureTopics(topicDefinitions(1)), ensureCollections(store)])
  const { page } = await createPages(store, createSequences(store), SEALER).connect(
    { tenantId: TENANT, facebookPageId: FACEBOOK_PAGE_ID, accessToken: 'EAAG', name: null },
    Date.now(),
  )
  const startWorker = (ofWorker: Store): Promise<Worker> =>
    createWorker({
      config: {
        GRAPH_URL: 'http://127.0.0.1:9',
        GRAPH_VERSION: 'v26.0',
        GRAPH_CALLS_PER_SECOND: 2,
        FB_APP_SECRET: 'secret',
        STALL_SECONDS: 30,
        TOKEN_KEYS,
        ERASURE_KEY,
      },
      eventLog,
      store: ofWorker,
      clock: systemClock,
      logger: createLogger({ service: 'test', level: 'silent' }),
    })
  const all = opened.move()
  return { eventLog, store, startWorker, pageId: page.id, [Symbol.asyncDispose]: () => all.disposeAsync() }
}

/** What a customer's messages look like on the topic. */
function messages(count: number) {
  const content = toPageEvents(
    {
      object: 'page',
      entry: Array.from({ length: count }, (_, i) => ({
        id: FACEBOOK_PAGE_ID,
        time: Date.now(),
        messaging: [
          {
            sender: { id: '7001' },
            recipient: { id: FACEBOOK_PAGE_ID },
            timestamp: Date.now() + i,
            message: { mid: `m_stop.${i}`, text: `message ${i}` },
          },
        ],
      })),
    },
    Date.now(),
  )
  if (content.kind !== 'events') throw new Error(`it is ${content.kind}`)
  return content.events.map((event) => toRecord(event, newTraceparent()))
}

/** The store of a worker whose code fails on messages, or on other rows that are new. */
function brokenStore(store: Store, fails: (ids: readonly string[]) => boolean, where: string = MESSAGES.name): Store {
  return {
    ...store,
    collection: (definition) => {
      const collection = store.collection(definition)
      if ((definition.name as string) !== where) return collection
      return {
        ...collection,
        insertMany: async (documents) => {
          if (fails(documents.map(({ _id }) => _id))) throw new TypeError('undefined is not a function')
          return collection.insertMany(documents)
        },
      }
    },
  }
}

const readiness = async (worker: Worker) => {
  const { statusCode, body } = await worker.app.inject('/readyz')
  return { status: statusCode, parts: JSON.parse(body).parts }
}

it('a worker with a bug stops, says so, and drains nothing; a sound one goes on where it was', async () => {
  await using engines = await openEngines()
  const { eventLog, store, startWorker } = engines
  const worker = await startWorker(brokenStore(store, () => true))
  await eventLog.publish(TOPICS.pageEvents, messages(300))
  const broken = await eventually(async () => {
    const now = await readiness(worker)
    return now.status === 503 ? now : undefined
  }, 30_000)
  expect(broken.parts.page_events_consumer).toMatchObject({
    status: 'down',
    reason: expect.stringMatching(/^the consumer has stopped: 51 of the last 51 records failed unexpectedly, lag 300$/),
  })
  expect(broken.parts.commands_consumer.status).toBe('up')
  const box = createDeadLetterBox(store)
  const letters = await box.list(TENANT, 200)
  expect(letters).toHaveLength(50)
  expect(await box.list(null, 200)).toHaveLength(50)
  await worker.close()

  await using sound = await startWorker(store)
  await eventually(async () => (await store.collection(MESSAGES).count({ index: '_id' })) === 300, 30_000)
  expect((await readiness(sound)).status).toBe(200)
})

it('one message on which the code fails is a dead letter of its tenant, and the others are there', async () => {
  await using engines = await openEngines()
  const { eventLog, store, startWorker } = engines
  await using worker = await startWorker(brokenStore(store, (ids) => ids.some((id) => id.endsWith(':stop.7'))))
  await eventLog.publish(TOPICS.pageEvents, messages(20))
  await eventually(async () => (await store.collection(MESSAGES).count({ index: '_id' })) === 19, 30_000)
  const [letter] = await eventually(async () => {
    const letters = await createDeadLetterBox(store).list(TENANT, 10)
    return letters.length > 0 ? letters : undefined
  })
  expect(letter).toMatchObject({ code: 'INTERNAL', attempts: 3, facebook_page_id: FACEBOOK_PAGE_ID })
  expect((await readiness(worker)).status).toBe(200)
})

it('a batch that is handled again, because something failed at its end, is counted once', async () => {
  await using engines = await openEngines()
  const { eventLog, store, startWorker, pageId } = engines
  let left = 1
  await using _worker = await startWorker(brokenStore(store, () => left-- > 0, PAGE_ACTIVITY.name))
  await eventLog.publish(TOPICS.pageEvents, messages(20))
  const counted = async () => (await createStatistics(store).totals([pageId])).get(pageId)?.webhook_events
  await eventually(async () => ((await counted()) ?? 0) >= 20, 30_000)
  await eventLog.publish(TOPICS.pageEvents, messages(1))
  await eventually(async () => ((await counted()) ?? 0) >= 21)
  expect(await counted()).toBe(21)
})
