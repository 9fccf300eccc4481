/**
 * A worker that is there to be killed while it counts: publishes page events of one page, as many and as fast as it can,
 * and handles them; with `recover` it publishes nothing. Prints, again and again, what is counted, what there is, and how
 * many rows of a dead one were found:
 *
 *   node count-until-killed.ts '{"eventLogUrl": …, "storeUrl": …, "facebookPageId": …, "recover": false}'
 */
import { writeSync } from 'node:fs'
import { setTimeout as delay } from 'node:timers/promises'
import { openEventLog } from '@pagesync/shared/event-log/open-event-log.ts'
import { systemClock } from '@pagesync/shared/lifecycle/clock.ts'
import { createLogger } from '@pagesync/shared/logging/create-logger.ts'
import { newTraceparent } from '@pagesync/shared/model/cloud-event.ts'
import { TOPICS, topicDefinitions } from '@pagesync/shared/model/topics.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { createPages } from '@pagesync/shared/store/repositories/pages.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { createStatistics } from '@pagesync/shared/store/repositories/statistics.ts'
import { COUNTING_SESSIONS } from '@pagesync/shared/store/repositories/statistics-rows.ts'
import { createWorker } from '@pagesync/sync-worker/create-worker.ts'
import { toPageEvents } from '@pagesync/webhook-gateway/to-page-events.ts'
import { toRecord } from '@pagesync/webhook-gateway/to-record.ts'
import { countRows } from '../count-rows.ts'
import { ERASURE_KEY, SEALER, TOKEN_KEYS } from '../token-keys.ts'

const { eventLogUrl, storeUrl, facebookPageId, recover } = JSON.parse(process.argv[2] ?? '{}')
const EVENTS_AT_ONCE = 200
const PEOPLE = 40
/** So far ahead of what is counted: what the next worker has to handle first is soon done. */
const AHEAD_MAX = 2_000

const say = (line: string): number => writeSync(1, `${line}\n`)

const logger = createLogger({ service: 'count-until-killed', level: process.env.TEST_LOG_LEVEL ?? 'silent' })
const eventLog = await openEventLog(eventLogUrl, { clientId: 'count-until-killed' })
const store = await openStore(storeUrl)
await Promise.all([eventLog.ensureTopics(topicDefinitions(2)), ensureCollections(store)])
const { page } = await createPages(store, createSequences(store), SEALER).connect(
  { tenantId: 't_count', facebookPageId, accessToken: 'none', name: null },
  systemClock.now(),
)
await createWorker({
  config: {
    GRAPH_URL: 'http://127.0.0.1:9',
    GRAPH_VERSION: 'v26.0',
    GRAPH_CALLS_PER_SECOND: 2,
    FB_APP_SECRET: 'none',
    STALL_SECONDS: 30,
    TOKEN_KEYS,
    ERASURE_KEY,
    SCHEDULES: 'off',
  },
  eventLog,
  store,
  clock: systemClock,
  logger,
})
const statistics = createStatistics(store)
const counted = async () => {
  const { conversations = 0, contacts = 0, messages = 0 } = (await statistics.totals([page.id])).get(page.id) ?? {}
  return { conversations, contacts, messages }
}

/** How many messages of the dead one were found; null before they were looked for. */
async function foundOfLost(): Promise<number | null> {
  const sessions = await store.collection(COUNTING_SESSIONS).find({ index: '_id', limit: 100 })
  const looked = sessions.filter(({ looks = 0 }) => looks > 0)
  return looked.length === 0 ? null : looked.reduce((sum, { found }) => sum + (found?.message?.length ?? 0), 0)
}

async function publishOn(): Promise<never> {
  for (let n = 0; ; n++) {
    while (n * EVENTS_AT_ONCE > (await counted()).messages + AHEAD_MAX) await delay(20)
    const messaging = Array.from({ length: EVENTS_AT_ONCE }, (_, i) => ({
      sender: { id: `7${(n + i) % PEOPLE}` },
      recipient: { id: facebookPageId },
      timestamp: Date.now(),
      message: { mid: `m_${process.pid}_${n}_${i}`, text: 'hello' },
    }))
    const content = toPageEvents({ object: 'page', entry: [{ id: facebookPageId, time: Date.now(), messaging }] }, 0)
    if (content.kind !== 'events') throw new Error(content.kind)
    await eventLog.publish(
      TOPICS.pageEvents,
      content.events.map((event) => toRecord(event, newTraceparent())),
    )
  }
}

if (!recover) void publishOn()
for (;;) {
  const [numbers, rows, found] = await Promise.all([counted(), countRows(store, page.id), foundOfLost()])
  say(JSON.stringify({ counted: numbers, rows, found }))
  await delay(50)
}
