import { randomBytes } from 'node:crypto'
import { hostname } from 'node:os'
import { createCounting } from '@pagesync/shared/counting/counting.ts'
import { createEraser } from '@pagesync/shared/erasure/eraser.ts'
import type { EventLog, Subscription } from '@pagesync/shared/event-log/event-log.ts'
import { createPublishBatcher } from '@pagesync/shared/event-log/publish-batcher.ts'
import { createGraphClient } from '@pagesync/shared/graph/graph-client.ts'
import { DEFAULT_RATES } from '@pagesync/shared/graph/page-budget.ts'
import { createServer, type Server } from '@pagesync/shared/http/create-server.ts'
import { type HealthCheck, registerHealth } from '@pagesync/shared/http/health.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import { type Change, changeRecord } from '@pagesync/shared/model/change.ts'
import { TOPICS } from '@pagesync/shared/model/topics.ts'
import { allowedUrls } from '@pagesync/shared/security/public-url.ts'
import { createTokenSealer } from '@pagesync/shared/security/seal-tokens.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { gatherCalls } from '@pagesync/shared/store/gathered-store.ts'
import { createAccounts } from '@pagesync/shared/store/repositories/accounts.ts'
import { createAuditLog } from '@pagesync/shared/store/repositories/audit-log.ts'
import { createAutomaticReplies } from '@pagesync/shared/store/repositories/automatic-replies.ts'
import { CONVERSATION_REPLIES } from '@pagesync/shared/store/repositories/automation-rows.ts'
import { createAutomations } from '@pagesync/shared/store/repositories/automations.ts'
import { createRulesCache } from '@pagesync/shared/store/repositories/compiled-rules.ts'
import { createConversationReplies } from '@pagesync/shared/store/repositories/conversation-replies.ts'
import { createDeadLetters } from '@pagesync/shared/store/repositories/dead-letters.ts'
import { createDeletionRequests } from '@pagesync/shared/store/repositories/deletion-requests.ts'
import { createLedger } from '@pagesync/shared/store/repositories/ledger.ts'
import { createPages } from '@pagesync/shared/store/repositories/pages.ts'
import { PAGES } from '@pagesync/shared/store/repositories/rows.ts'
import { createRuleCounts } from '@pagesync/shared/store/repositories/rule-counts.ts'
import { createSendEchoes } from '@pagesync/shared/store/repositories/send-echoes.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { createSyncedReader, openSyncedCollections } from '@pagesync/shared/store/repositories/synced.ts'
import { createTenantSettings } from '@pagesync/shared/store/repositories/tenant-settings.ts'
import { createTenants } from '@pagesync/shared/store/repositories/tenants.ts'
import { createTombstones } from '@pagesync/shared/store/repositories/tombstones.ts'
import { createAnswerMessages } from './automations/answer-messages.ts'
import { createNoteFaqSend } from './automations/note-faq-send.ts'
import { tellUnanswered } from './automations/tell-unanswered.ts'
import { createCommandRunner } from './commands/command-runner.ts'
import { createOpenTokens } from './commands/open-tokens.ts'
import { createPageLeases } from './commands/page-leases.ts'
import { requestProfiles } from './commands/request-profiles.ts'
import { sweepLedger } from './commands/sweep-ledger.ts'
import type { WorkerConfig } from './config.ts'
import { consumeCommands } from './consume/consume-commands.ts'
import { consumePageEvents } from './consume/consume-page-events.ts'
import { createFailureGuard, type FailureGuard } from './consume/failure-guard.ts'
import { createFollowUp } from './events/follow-up.ts'
import { keepCounting } from './keep-counting.ts'
import { carryOnErasures } from './privacy/carry-on-erasures.ts'
import { carryOutDeletions } from './privacy/carry-out-deletions.ts'
import { createKeepOutOfPulls } from './privacy/keep-out-of-pulls.ts'
import { repeat } from './repeat.ts'
import { keepRetention } from './retention/keep-retention.ts'
import type { ScheduleConfig } from './schedule/start-schedule.ts'
import { startSchedule } from './schedule/start-schedule.ts'
import { SOURCE } from './source.ts'

export interface WorkerDeps {
  readonly config: Pick<
    WorkerConfig,
    | 'GRAPH_URL'
    | 'GRAPH_VERSION'
    | 'GRAPH_CALLS_PER_SECOND'
    | 'FB_APP_SECRET'
    | 'STALL_SECONDS'
    | 'TOKEN_KEYS'
    | 'ERASURE_KEY'
  > &
    Partial<Pick<WorkerConfig, 'FB_APP_ID' | 'SEND_ECHO_SECONDS' | 'LEDGER_RETENTION_DAYS' | 'ALLOW_PRIVATE_URLS'>> &
    ScheduleConfig
  /** Its topics are there already. Not closed by the worker. */
  readonly eventLog: EventLog
  /** Its collections are there already. Not closed by the worker. */
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
}

export interface Worker extends AsyncDisposable {
  /** Health alone. Never listens by itself. */
  readonly app: Server
  /** Lets the batches in hand finish, puts running commands back, leaves the groups. */
  close(): Promise<void>
}

const HEALTH_BODY_LIMIT = 1024
const PROFILES_EVERY_MS = 2_000
const LEDGER_SWEEP_EVERY_MS = 60_000
const ERASURES_EVERY_MS = 5_000
const RETENTION_EVERY_MS = 600_000
const DAY_MS = 86_400_000
/** Longer than any tenant may want; what belongs to no tenant goes then. */
const LEDGER_KEPT_MS_MAX = 3_650 * DAY_MS
const ALERTS_EVERY_MS = 5_000
/** A rule that somebody changed is in force after this at the latest. */
const RULES_FRESH_MS = 2_000
/** Whoever announces waits for it, so what waits is bounded by what runs: no call is to be turned away. */
const CHANGES_WAITING = {
  waitingRecordsMax: 1_000_000,
  waitingBytesMax: 256_000_000,
  publishTimeoutMs: 30_000,
  callMsMax: 60_000,
}

/** The worker: Facebook's events into the store, commands towards Facebook. */
export async function createWorker(deps: WorkerDeps): Promise<Worker> {
  const { config, eventLog, clock, logger } = deps
  const store = gatherCalls(deps.store)
  const workerId = `${hostname()}-${process.pid}-${randomBytes(3).toString('hex')}`
  await using opened = new AsyncDisposableStack()

  const sequences = createSequences(store)
  const sealer = createTokenSealer(config.TOKEN_KEYS)
  const pages = createPages(store, sequences, sealer)
  const synced = openSyncedCollections(store)
  const ledger = createLedger(store)
  const echoes = createSendEchoes(store)
  const automations = createAutomations(store, sequences)
  const replies = createAutomaticReplies(store, sequences)
  const ruleCounts = createRuleCounts(store, replies)
  const tombstones = createTombstones(store, config.ERASURE_KEY)
  await tombstones.checkKey()
  const settings = createTenantSettings(store)
  const deadLetters = createDeadLetters(store, eventLog, SOURCE)
  const changes = createPublishBatcher(eventLog, TOPICS.changes, CHANGES_WAITING)
  opened.defer(() => changes.close())
  const announce = (some: readonly Change[]): Promise<void> =>
    changes.publish(some.map((change) => changeRecord(change, SOURCE)))
  // Before all that counts: closed after it.
  const counting = opened.use(createCounting({ store, sequences, clock }))
  const graphClient = opened.use(
    createGraphClient({
      url: config.GRAPH_URL,
      version: config.GRAPH_VERSION,
      appSecret: config.FB_APP_SECRET,
      clock,
      onVersionMismatch: (versions) => logger.warn(versions, 'facebook answered as another version'),
    }),
  )
  const conversations = {
    perSecond: config.GRAPH_CALLS_PER_SECOND,
    capacity: Math.max(1, config.GRAPH_CALLS_PER_SECOND / 2),
  }
  const runner = opened.use(
    createCommandRunner({
      workerId,
      ledger,
      leases: createPageLeases(store, workerId, clock),
      pages,
      synced,
      counting,
      keepOut: createKeepOutOfPulls(tombstones, { settings, clock }),
      echoes,
      pushSettings: { appId: config.FB_APP_ID ?? null, sendEchoMs: (config.SEND_ECHO_SECONDS ?? 60) * 1_000 },
      automations,
      noteFaqSend: createNoteFaqSend({ replies, ruleCounts }),
      accessToken: createOpenTokens(pages),
      appSecret: config.FB_APP_SECRET,
      graphClient,
      rates: { ...DEFAULT_RATES, conversations },
      clock,
      logger,
      announce,
      armTimers: (page) => schedule?.arm([page]) ?? Promise.resolve(),
    }),
  )
  const schedule = startSchedule(config, { store, pages, ledger, clock, logger, workerId, announce, wake: runner.wake })
  if (schedule) opened.use(schedule)
  const eraser = createEraser({ store, tombstones, announce, now: () => clock.now() })
  const rulesCache = createRulesCache(automations, clock, RULES_FRESH_MS)
  const watch = { rules: rulesCache, states: store.collection(CONVERSATION_REPLIES) }
  const auditLog = createAuditLog(store)
  const deletions = {
    requests: createDeletionRequests(store, config.ERASURE_KEY),
    auditLog,
    accounts: createAccounts(store, sequences, sealer),
    pages,
    pageRows: store.collection(PAGES),
    contacts: synced.contacts,
    eraser,
    graph: graphClient,
    appToken: config.FB_APP_ID === undefined ? null : `${config.FB_APP_ID}|${config.FB_APP_SECRET}`,
    clock,
    logger,
  }
  const retention = {
    store,
    tenants: createTenants(store),
    settings,
    pages,
    ledger,
    auditLog,
    replies,
    synced,
    ledgerDays: config.LEDGER_RETENTION_DAYS ?? 30,
    clock,
    logger,
  }
  const stopped = new AbortController()
  const often = { signal: stopped.signal, clock, logger }
  const repeated = [
    repeat({ ...often, everyMs: PROFILES_EVERY_MS, failed: 'profiles were not asked for' }, () =>
      requestProfiles({ contacts: synced.contacts, pages, eventLog }, clock.now()),
    ),
    repeat({ ...often, everyMs: ALERTS_EVERY_MS, failed: 'alerts were not told' }, () =>
      tellUnanswered(
        { ...watch, conversations: synced.conversations, pages, replies, ruleCounts, announce },
        clock.now(),
      ),
    ),
    repeat({ ...often, everyMs: LEDGER_SWEEP_EVERY_MS, failed: 'ledger was not swept' }, () =>
      sweepLedger({ ledger, echoes, store, clock, logger, retentionMs: LEDGER_KEPT_MS_MAX }, stopped.signal),
    ),
    repeat({ ...often, everyMs: RETENTION_EVERY_MS, failed: 'old rows were not removed' }, () =>
      keepRetention(retention, stopped.signal),
    ),
    repeat({ ...often, everyMs: ERASURES_EVERY_MS, failed: 'erasures were not carried on' }, () =>
      carryOnErasures({ eraser, clock, logger }, stopped.signal),
    ),
    repeat({ ...often, everyMs: ERASURES_EVERY_MS, failed: 'deletions were not carried out' }, () =>
      carryOutDeletions(deletions, stopped.signal),
    ),
  ]
  repeated.push(...keepCounting({ counting, store, ...often }))
  opened.defer(async () => {
    stopped.abort()
    await Promise.all(repeated)
  })
  const answer = createAnswerMessages({
    rules: watch.rules,
    replies,
    ruleCounts,
    conversationReplies: createConversationReplies(store),
    ledger,
    synced,
    counting,
    clock,
    workerId,
    announce,
    wake: runner.wake,
  })
  const stallAfterMs = config.STALL_SECONDS * 1000
  const events = opened.use(
    await consumePageEvents({
      eventLog,
      pages,
      synced,
      sequences,
      counting,
      tombstones,
      deadLetters,
      ledger,
      followUp: createFollowUp({ ledger, echoes, pages, clock, workerId, announce, wake: runner.wake, answer, watch }),
      clock,
      logger,
      stallAfterMs,
    }),
  )
  const commandsGuard = createFailureGuard('commands', logger)
  const commands = opened.use(
    await consumeCommands({
      eventLog,
      ledger,
      pages,
      reader: createSyncedReader(store),
      tombstones,
      isAllowedUrl: allowedUrls(config.ALLOW_PRIVATE_URLS),
      deadLetters,
      runner,
      guard: commandsGuard,
      announce,
      workerId,
      clock,
      logger,
      stallAfterMs,
    }),
  )

  const app = createServer({ logger, bodyLimit: HEALTH_BODY_LIMIT })
  registerHealth(app, [
    engineCheck('event_log', eventLog),
    engineCheck('store', store),
    consumerCheck('page_events_consumer', events.subscription, events.guard),
    consumerCheck('commands_consumer', commands, commandsGuard),
    { name: 'commands', optional: true, check: async () => ({ worker: workerId, ...runner.status() }) },
    { name: 'schedule', optional: true, check: async () => ({ on: schedule !== undefined, ...schedule?.status() }) },
    { name: 'page_events', optional: true, check: async () => ({ ...events.counts }) },
  ])
  await app.ready()
  opened.defer(() => app.close())
  const all = opened.move()
  const close = () => all.disposeAsync()
  return { app, close, [Symbol.asyncDispose]: close }
}

function engineCheck(
  name: string,
  part: { readonly engine: string; ping(timeoutMs: number): Promise<void> },
): HealthCheck {
  return {
    name,
    check: async (timeoutMs) => {
      await part.ping(timeoutMs)
      return { engine: part.engine }
    },
  }
}

/** A consumer is judged by its progress, not by its heartbeat. */
function consumerCheck(name: string, subscription: Subscription, guard: Pick<FailureGuard, 'stopped'>): HealthCheck {
  return {
    name,
    check: async () => {
      const stopped = guard.stopped()
      if (stopped !== null) throw new Error(`the consumer has stopped: ${stopped}, lag ${subscription.status().lag}`)
      const { state, progressedAtMs, ...rest } = subscription.status()
      if (state === 'stalled' || state === 'closed') throw new Error(`the consumer is ${state}, lag ${rest.lag}`)
      return { state, ...rest, progressed_at: new Date(progressedAtMs).toISOString() }
    },
  }
}
