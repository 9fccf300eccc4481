import { openEventLog } from '@pagesync/shared/event-log/open-event-log.ts'
import { listen } from '@pagesync/shared/http/create-server.ts'
import { systemClock } from '@pagesync/shared/lifecycle/clock.ts'
import { untilAvailable } from '@pagesync/shared/lifecycle/until-available.ts'
import { createLogger } from '@pagesync/shared/logging/create-logger.ts'
import { newTraceparent, toLogRecord } from '@pagesync/shared/model/cloud-event.ts'
import { isFinal } from '@pagesync/shared/model/command.ts'
import { TOPICS, topicDefinitions } from '@pagesync/shared/model/topics.ts'
import type { Collection, Store } from '@pagesync/shared/store/collection.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { createAutomaticReplies } from '@pagesync/shared/store/repositories/automatic-replies.ts'
import { createAutomations } from '@pagesync/shared/store/repositories/automations.ts'
import { createDeadLetters } from '@pagesync/shared/store/repositories/dead-letters.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { createLedger } from '@pagesync/shared/store/repositories/ledger.ts'
import { createPages } from '@pagesync/shared/store/repositories/pages.ts'
import type { CommandRow, MessageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { createRuleCounts } from '@pagesync/shared/store/repositories/rule-counts.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { createWorker } from '@pagesync/sync-worker/create-worker.ts'
import { createGateway } from '@pagesync/webhook-gateway/create-gateway.ts'
import { ERASURE_KEY, SEALER, TOKEN_KEYS } from '../token-keys.ts'

/**
 * Gateway and worker in one process, with a page connected, that kills itself with -9 at one step of the first send
 * that it sees; without a step it lives. Publishes `command` if there is one. Prints `ready`, and the row of the command
 * `watch` once it is final.
 *
 *   node system-that-dies.ts '{"eventLogUrl": …, "storeUrl": …, "graphUrl": …, "dieAt": "after-call", …}'
 */
const { eventLogUrl, storeUrl, graphUrl, app, page, port, dieAt, command, watch, keyword } = JSON.parse(
  process.argv[2] ?? '{}',
)

const die = (): Promise<never> => {
  process.kill(process.pid, 'SIGKILL')
  return new Promise(() => undefined)
}

type Steps<T> = (row: T) => { readonly before?: string; readonly after?: string }

/** Dies around the writes that are a step. */
function dying<T extends { readonly _id: string; readonly rev: number }>(
  inner: Collection<T>,
  steps: Steps<T>,
): Collection<T> {
  const around = async <R>(rows: readonly unknown[], write: () => Promise<R>): Promise<R> => {
    const found = rows.map((row) => steps(row as T))
    if (found.some(({ before }) => before === dieAt)) await die()
    const done = await write()
    if (found.some(({ after }) => after === dieAt)) await die()
    return done
  }
  return {
    ...inner,
    insertMany: (rows) => around(rows, () => inner.insertMany(rows)),
    replaceMany: (rows) => around(rows, () => inner.replaceMany(rows)),
  }
}

const ofCommand: Steps<CommandRow> = ({ type, state, checkpoint }) => {
  if (type !== 'message.send') return {}
  if (state === 'succeeded') return { after: 'after-success' }
  if (state !== 'running') return {}
  const { sent = [], calling = null } = (checkpoint ?? {}) as { sent?: unknown[]; calling?: unknown }
  if (sent.length > 0) return { after: 'after-record' }
  return calling === null ? { before: 'before-claim', after: 'after-claim' } : { after: 'before-call' }
}
/** The steps of an automatic reply, from the decision to what is kept of it. */
const ofReply: Steps<CommandRow> = ({ requested_by, state }) =>
  requested_by.kind === 'automation' && state === 'queued' ? { before: 'reply-decided', after: 'reply-accepted' } : {}
const always =
  (after: string): Steps<never> =>
  () => ({ after })
const ofMessage: Steps<MessageRow> = ({ origin }) =>
  origin === 'send' ? { before: 'after-call', after: 'message-written' } : {}

function dyingStore(store: Store): Store {
  return {
    ...store,
    engine: store.engine,
    collection: (definition) => {
      const inner = store.collection(definition)
      if (definition.name === 'commands') return dying(dying(inner as never, ofCommand), ofReply) as never
      if (definition.name === 'automatic_replies') return dying(inner as never, always('reply-logged')) as never
      if (definition.name === 'rule_counts') return dying(inner as never, always('reply-counted')) as never
      if (definition.name === 'conversation_replies') return dying(inner as never, always('reply-remembered')) as never
      return definition.name === 'messages' ? (dying(inner as never, ofMessage) as never) : inner
    },
  }
}

const TENANT = 't_crash'
const clock = systemClock
const logger = createLogger({ service: 'system-that-dies', level: process.env.TEST_LOG_LEVEL ?? 'silent' })
const eventLog = await openEventLog(eventLogUrl, { clientId: 'system-that-dies' })
const store = await openStore(storeUrl)
const patiently = <T>(action: () => Promise<T>): Promise<T> => untilAvailable(action, { logger, part: 'engines' })
await patiently(() => Promise.all([eventLog.ensureTopics(topicDefinitions(2)), ensureCollections(store)]))
const pages = createPages(store, createSequences(store), SEALER)
const connected = await patiently(() => pages.connect({ tenantId: TENANT, ...page, name: null }, clock.now()))
const sequences = createSequences(store)
const rules = createAutomations(store, sequences)
if (keyword && (await patiently(() => rules.begin(connected.page.id)))) {
  const of = { tenantId: TENANT, pageId: connected.page.id }
  const automation = { name: 'Words', type: 'custom_keyword', is_active: true, config: {}, order: 0 } as const
  const [made] = await rules.automations.insert(of, [automation], clock.now())
  const content = { match_type: 'contains', is_active: true, automation_id: made?.id ?? 0, ...keyword }
  await rules.keywords.insert(of, [content], clock.now())
}
const gateway = await createGateway({
  config: { FB_APP_SECRET: app.secret, FB_VERIFY_TOKEN: app.verifyToken },
  logger,
  eventLog,
  deadLetters: createDeadLetters(store, eventLog, '/test/gateway'),
  pingStore: (timeoutMs) => store.ping(timeoutMs),
  clock,
})
await listen(gateway.app, port, '127.0.0.1')
await createWorker({
  config: {
    GRAPH_URL: graphUrl,
    GRAPH_VERSION: 'v26.0',
    GRAPH_CALLS_PER_SECOND: 2,
    FB_APP_SECRET: app.secret,
    STALL_SECONDS: 30,
    TOKEN_KEYS,
    ERASURE_KEY,
    SEND_ECHO_SECONDS: 2,
  },
  eventLog,
  store: dieAt === undefined ? store : dyingStore(store),
  clock,
  logger,
})
process.stdout.write('ready\n')
if (command) {
  const value = JSON.stringify({ ...command, tenant_id: TENANT, page_id: connected.page.id })
  const { id, type } = command
  const about = {
    id,
    type,
    source: '/test',
    timeMs: Date.now(),
    subject: page.facebookPageId,
    key: page.facebookPageId,
  }
  await eventLog.publish(TOPICS.commands, [toLogRecord({ ...about, value, traceparent: newTraceparent() })])
}
while (watch) {
  const row = await patiently(() => createLedger(store).get(TENANT, watch))
  if (row && isFinal(row.state)) {
    process.stdout.write(`${JSON.stringify(keyword ? { ...row, ...(await bookOf(row)) } : row)}\n`)
    break
  }
  await clock.sleep(50)
}

/** What is kept of an automatic reply, once its batch is done. */
async function bookOf({ page_id }: CommandRow): Promise<{ readonly logged: number; readonly triggers: number }> {
  const replies = createAutomaticReplies(store, sequences)
  const counts = createRuleCounts(store, replies)
  for (;;) {
    const total = (await patiently(() => counts.of(page_id, 'page', [page_id]))).get(page_id)
    const log = await patiently(() => replies.ofPage(page_id, 'id', 100))
    if (total && log.length > 0) return { logged: log.length, triggers: total.triggers }
    await clock.sleep(50)
  }
}
