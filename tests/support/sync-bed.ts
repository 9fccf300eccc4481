import { randomInt } from 'node:crypto'
import { type ConversationShape, createSimulator, type Simulator } from '@pagesync/graph-simulator/create-simulator.ts'
import type { EventLog, StoredRecord } from '@pagesync/shared/event-log/event-log.ts'
import { type Clock, systemClock } from '@pagesync/shared/lifecycle/clock.ts'
import { createLogger } from '@pagesync/shared/logging/create-logger.ts'
import type { Change } from '@pagesync/shared/model/change.ts'
import { newTraceparent, toLogRecord } from '@pagesync/shared/model/cloud-event.ts'
import { type CommandType, isFinal, newCommandId } from '@pagesync/shared/model/command.ts'
import { TOPICS, topicDefinitions } from '@pagesync/shared/model/topics.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { createLedger, type Ledger } from '@pagesync/shared/store/repositories/ledger.ts'
import { createPages, type Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type { CommandRow, PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { createSyncedReader, type SyncedReader } from '@pagesync/shared/store/repositories/synced.ts'
import { createWorker, type Worker } from '@pagesync/sync-worker/create-worker.ts'
import { eventually } from './eventually.ts'
import { type OpenEngines, openEmbeddedEngines } from './open-engines.ts'
import { startGateway } from './start-gateway.ts'
import { ERASURE_KEY, SEALER, TOKEN_KEYS } from './token-keys.ts'

/** A worker in this process, on embedded engines if nothing else is said, with a simulated page: a place to try what a sync does. */
export interface SyncBed extends AsyncDisposable {
  readonly simulator: Simulator
  readonly eventLog: EventLog
  readonly store: Store
  readonly pages: Pages
  readonly ledger: Ledger
  readonly reader: SyncedReader
  readonly page: PageRow
  readonly changes: readonly Change[]
  /** Publishes a command as an internal service does; answers its id. */
  publish(type: CommandType, more?: Record<string, unknown>): Promise<string>
  /** The command's row once it satisfies `wanted` (by default: once it is final). */
  command(id: string, wanted?: (row: CommandRow) => boolean): Promise<CommandRow>
  /** Publishes a command and waits for its end. */
  run(type: CommandType, args?: Record<string, unknown>): Promise<CommandRow>
  /** Stops the worker, lets `during` happen, and starts another one. */
  restartWorker(during?: () => Promise<void>): Promise<void>
}

const TENANT = 't_bed'
const LOGGER = createLogger({ service: 'bed', level: process.env.TEST_LOG_LEVEL ?? 'silent' })

export interface SyncBedOptions {
  readonly callsPerSecond?: number
  readonly clock?: Clock
  /** Facebook's webhooks come in, by a gateway. */
  readonly webhooks?: boolean
  readonly sendEchoSeconds?: number
  /** The worker starts by itself what is scheduled. */
  readonly schedules?: boolean
  /** Of them, in this process. */
  readonly workers?: number
  /** Embedded ones if absent. */
  readonly openEngines?: () => Promise<OpenEngines>
}

/** As the services' own default: whoever comes later may need as many. */
const KAFKA_PARTITIONS = 6

export async function openSyncBed(shape: ConversationShape, options: SyncBedOptions = {}): Promise<SyncBed> {
  const { clock = systemClock, openEngines } = options
  await using opened = new AsyncDisposableStack()
  const { eventLog, store } = opened.use(await (openEngines ?? openEmbeddedEngines)())
  const topics = topicDefinitions(openEngines ? KAFKA_PARTITIONS : 2)
  await Promise.all([eventLog.ensureTopics(topics), ensureCollections(store)])
  const gateway = options.webhooks ? opened.use(await startGateway(eventLog, store, clock)) : undefined
  // Ids of its own where topics outlive a bed.
  const seed = openEngines ? { seed: randomInt(2, 2 ** 31) } : {}
  const facebook = { ...seed, ...gateway?.facebook, pages: [{ conversations: shape }] }
  const simulator = opened.use(await createSimulator(facebook))
  const changes: Change[] = []
  const keep = (records: readonly StoredRecord[]) =>
    changes.push(...records.map((record) => JSON.parse(record.value.toString('utf8')) as Change))
  opened.use(await eventLog.tail({ topic: TOPICS.changes, from: 'now', handle: keep }))
  const pages = createPages(store, createSequences(store), SEALER)
  const facebookPage = simulator.pages[0]
  if (!facebookPage) throw new Error('the simulator has no page')
  const { facebookPageId, accessToken } = facebookPage
  const { page } = await pages.connect({ tenantId: TENANT, facebookPageId, accessToken, name: null }, clock.now())
  const startWorker = (): Promise<Worker> =>
    createWorker({
      config: {
        GRAPH_URL: simulator.url,
        GRAPH_VERSION: 'v26.0',
        GRAPH_CALLS_PER_SECOND: options.callsPerSecond ?? 5_000,
        FB_APP_SECRET: simulator.app.secret,
        STALL_SECONDS: 30,
        TOKEN_KEYS,
        ERASURE_KEY,
        FB_APP_ID: simulator.app.id,
        SCHEDULES: options.schedules ? 'on' : 'off',
        ...(options.sendEchoSeconds === undefined ? {} : { SEND_ECHO_SECONDS: options.sendEchoSeconds }),
      },
      eventLog,
      store,
      clock,
      logger: LOGGER,
    })
  let worker = await startWorker()
  opened.defer(() => worker.close())
  for (let more = 1; more < (options.workers ?? 1); more++) opened.use(await startWorker())
  const ledger = createLedger(store)
  const publish: SyncBed['publish'] = async (type, more = {}) => {
    const id = newCommandId(clock.now())
    const command = {
      id,
      type,
      tenant_id: TENANT,
      page_id: page.id,
      requested_by: { kind: 'service', id: 'test' },
      requested_at: new Date(clock.now()).toISOString(),
      ...more,
    }
    const record = toLogRecord({
      id,
      type,
      source: '/test',
      timeMs: Date.now(),
      subject: facebookPageId,
      key: facebookPageId,
      value: JSON.stringify(command),
      traceparent: newTraceparent(),
    })
    await eventLog.publish(TOPICS.commands, [record])
    return id
  }
  const command: SyncBed['command'] = (id, wanted = (row) => isFinal(row.state)) =>
    eventually(async () => {
      const row = await ledger.get(TENANT, id)
      return row && wanted(row) ? row : undefined
    }, 30_000)
  const all = opened.move()
  return {
    simulator,
    eventLog,
    store,
    pages,
    ledger,
    reader: createSyncedReader(store),
    page,
    changes,
    publish,
    command,
    run: async (type, args = {}) => command(await publish(type, { arguments: args })),
    async restartWorker(during) {
      await worker.close()
      await during?.()
      worker = await startWorker()
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}
