import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { type ConversationShape, createSimulator, type Simulator } from '@pagesync/graph-simulator/create-simulator.ts'
import type { EventLog } from '@pagesync/shared/event-log/event-log.ts'
import { openEventLog } from '@pagesync/shared/event-log/open-event-log.ts'
import { newTraceparent, toLogRecord } from '@pagesync/shared/model/cloud-event.ts'
import { type Command, isFinal, newCommandId } from '@pagesync/shared/model/command.ts'
import { TOPICS, topicDefinitions } from '@pagesync/shared/model/topics.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { createLedger } from '@pagesync/shared/store/repositories/ledger.ts'
import { createPages } from '@pagesync/shared/store/repositories/pages.ts'
import type { CommandRow, PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import type { NodeProcess } from '../../tests/support/spawn-node.ts'
import { SEALER, TOKEN_KEYS } from '../../tests/support/token-keys.ts'
import { spawnWorker } from '../spawn-worker.ts'

export interface EngineUrls {
  readonly kafka: string
  readonly mongo: string
}

/** A simulated page and a worker of its own process on real engines: a place to try one sync. */
export interface SyncBed extends AsyncDisposable {
  readonly simulator: Simulator
  readonly store: Store
  readonly storeUrl: string
  readonly page: PageRow
  readonly worker: () => NodeProcess
  /** Kills the worker with -9 and starts another. */
  killWorker(): Promise<void>
  /** Asks for a full sync as an internal service does, on the command topic. */
  request(args?: Record<string, unknown>): Promise<{ settled(): Promise<CommandRow> }>
  /** Graph calls that the simulator received since it was last asked. */
  takeCalls(): Promise<number>
}

export interface SyncBedOptions {
  readonly shape: ConversationShape
  readonly callsPerSecond: number
}

const TENANT = 't_bench'
const SETTLED_WITHIN_MS = 3_600_000
const PARTITIONS = 6

export async function openSyncBed(engines: EngineUrls, options: SyncBedOptions): Promise<SyncBed> {
  await using opened = new AsyncDisposableStack()
  const simulator = opened.use(
    await createSimulator({
      seed: 4,
      pages: [{ facebookPageId: FACEBOOK_PAGE_ID, conversations: options.shape, epoch: EPOCH_MS }],
    }),
  )
  const storeUrl = new URL(`bench_${randomBytes(4).toString('hex')}`, engines.mongo).href
  const store = opened.use(await openStore(storeUrl, {}))
  const eventLog = opened.use(await openEventLog(engines.kafka, { clientId: 'bench' }))
  await Promise.all([ensureCollections(store), eventLog.ensureTopics(topicDefinitions(PARTITIONS))])
  const accessToken = simulator.pages[0]?.accessToken ?? ''
  const { page } = await createPages(store, createSequences(store), SEALER).connect(
    { tenantId: TENANT, facebookPageId: FACEBOOK_PAGE_ID, accessToken, name: null },
    Date.now(),
  )

  const startWorker = (): NodeProcess => spawnWorker(workerEnvironment(engines, storeUrl, simulator, options))
  let worker = startWorker()
  opened.defer(async () => void (await worker.end('SIGTERM')))
  await worker.jsonLine(({ msg }) => msg === 'listening')
  const ledger = createLedger(store)
  const all = opened.move()
  return {
    simulator,
    store,
    storeUrl,
    page,
    worker: () => worker,
    async killWorker() {
      await worker.end('SIGKILL')
      worker = startWorker()
      await worker.jsonLine(({ msg }) => msg === 'listening')
    },
    async request(args = {}) {
      const id = await publishFullSync(eventLog, page, args)
      return { settled: () => settled(() => ledger.get(TENANT, id)) }
    },
    async takeCalls() {
      const calls = await received(simulator)
      await simulator.control('DELETE', 'calls')
      return calls
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

/** Graph calls that the simulator received, each part of a batch counted. */
export async function received(simulator: Simulator): Promise<number> {
  const { totals } = await simulator.control<{ totals: { cost: number } }>(
    'GET',
    `calls?since=${Number.MAX_SAFE_INTEGER}`,
  )
  return totals.cost
}

/** The same page with the same history in every bed: what two of them stored can be compared. */
const FACEBOOK_PAGE_ID = `10${Date.now()}`
const EPOCH_MS = Math.floor(Date.now() / 1000) * 1000

function workerEnvironment(
  engines: EngineUrls,
  storeUrl: string,
  simulator: Simulator,
  { callsPerSecond }: SyncBedOptions,
): Record<string, string> {
  return {
    EVENT_LOG_URL: engines.kafka,
    STORE_URL: storeUrl,
    TOPIC_PARTITIONS: String(PARTITIONS),
    GRAPH_URL: simulator.url,
    GRAPH_CALLS_PER_SECOND: String(callsPerSecond),
    FB_APP_ID: simulator.app.id,
    FB_APP_SECRET: simulator.app.secret,
    TOKEN_KEYS,
    WORKER_PORT: '0',
    SCHEDULES: 'off',
    WORKER_HOST: '127.0.0.1',
    LOG_LEVEL: 'info',
  }
}

async function publishFullSync(eventLog: EventLog, page: PageRow, args: Record<string, unknown>): Promise<string> {
  const command: Command = {
    id: newCommandId(Date.now()),
    type: 'page.full_sync',
    tenant_id: page.tenant_id,
    page_id: page.id,
    arguments: args,
    requested_by: { kind: 'service', id: 'bench' },
    requested_at: new Date().toISOString(),
  }
  const key = page.facebook_page_id
  const record = toLogRecord({
    id: command.id,
    type: command.type,
    source: '/bench',
    timeMs: Date.now(),
    subject: key,
    key,
    value: JSON.stringify(command),
    traceparent: newTraceparent(),
  })
  await eventLog.publish(TOPICS.commands, [record])
  return command.id
}

async function settled(read: () => Promise<CommandRow | undefined>): Promise<CommandRow> {
  const deadline = Date.now() + SETTLED_WITHIN_MS
  for (;;) {
    const row = await read()
    if (row && isFinal(row.state)) {
      if (row.state !== 'succeeded')
        throw new Error(`the sync ended ${row.state}: ${JSON.stringify(row.failure ?? row.result)}`)
      return row
    }
    if (Date.now() > deadline) throw new Error('the sync did not end')
    await delay(50)
  }
}
