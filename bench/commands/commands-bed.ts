import { randomBytes, randomInt } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { NO_LIMITS } from '../../tests/support/no-limits.ts'
import { type NodeProcess, spawnNode } from '../../tests/support/spawn-node.ts'
import { call } from '../../tests/support/system.ts'
import { TOKEN_KEYS } from '../../tests/support/token-keys.ts'
import { spawnWorker } from '../spawn-worker.ts'

export interface BedOptions {
  /** `kafka://…` */
  readonly kafkaUrl: string
  /** `mongodb://host:port/` without a database. */
  readonly mongodbUrl: string
  readonly pages: number
  /** Of each page; all of them wrote within the last hour, so that they may be answered. */
  readonly conversations: number
  /** After so long without an echo the worker asks what became of a send; absent: as configured by default. */
  readonly sendEchoSeconds?: number
}

/** API, worker and simulated Facebook as processes of their own on real engines, with pages connected and synced. */
export interface CommandsBed extends AsyncDisposable {
  readonly apiUrl: string
  readonly apiKey: string
  readonly controlUrl: string
  /** What all services share. */
  readonly environment: Readonly<Record<string, string>> & { readonly FB_APP_SECRET: string }
  /** Our ids of all conversations, page by page in turn: neighbours in the list are of different pages. */
  readonly conversationIds: readonly number[]
  readonly processes: Readonly<Record<'api' | 'worker' | 'simulator', NodeProcess>>
}

const OPERATOR_TOKEN = 'operator-token-of-the-benchmark-of-commands'
/** What Facebook allows for listings is not what is measured. */
const UNLIMITED = '10000'
const SYNC_WITHIN_MS = 60_000
/** They make the collections of a new database, which takes its time on a loaded machine. */
const START_WITHIN_MS = 180_000

export async function openCommandsBed(options: BedOptions): Promise<CommandsBed> {
  const shared = {
    EVENT_LOG_URL: options.kafkaUrl,
    STORE_URL: new URL(`bench_${randomBytes(4).toString('hex')}`, options.mongodbUrl).href,
    TOPIC_PARTITIONS: '6',
    FB_APP_ID: '1029384756',
    FB_APP_SECRET: 'secret-of-the-benchmark',
    TOKEN_KEYS,
    ERASURE_KEY: 'erasure-key-of-the-benchmarks-012345',
    LOG_LEVEL: 'info',
  }
  await using started = new AsyncDisposableStack()
  const simulator = started.use(
    spawnNode('packages/graph-simulator/src/main.ts', {
      SIMULATOR_PORT: '0',
      SIMULATOR_SEED: String(randomInt(1, 2 ** 31)),
      SIMULATOR_PAGES: String(options.pages),
      SIMULATOR_CONVERSATIONS: String(options.conversations),
      SIMULATOR_RECENT_CUSTOMERS: String(options.conversations),
      SIMULATOR_LONG_SHARE: '0',
      SIMULATOR_DONE_SHARE: '0',
      FB_APP_ID: shared.FB_APP_ID,
      FB_APP_SECRET: shared.FB_APP_SECRET,
    }),
  )
  const facebook = await simulator.jsonLine<Facebook>(({ ready }) => ready === true)
  const towardsFacebook = { ...shared, GRAPH_URL: facebook.url }
  const worker = spawnWorker({
    ...towardsFacebook,
    WORKER_PORT: '0',
    SCHEDULES: 'off',
    WORKER_HOST: '127.0.0.1',
    ...(options.sendEchoSeconds === undefined ? {} : { SEND_ECHO_SECONDS: String(options.sendEchoSeconds) }),
    GRAPH_CALLS_PER_SECOND: UNLIMITED,
  })
  started.defer(async () => void (await worker.end('SIGTERM')))
  const api = spawnNode('services/api/src/main.ts', {
    ...towardsFacebook,
    API_PORT: '0',
    API_HOST: '127.0.0.1',
    OPERATOR_TOKEN,
    ...NO_LIMITS,
  })
  started.defer(async () => void (await api.end('SIGTERM')))
  const listening = ({ msg }: Record<string, unknown>): boolean => msg === 'listening'
  const [{ url: apiUrl }] = await Promise.all([
    api.jsonLine<{ url: string }>(listening, START_WITHIN_MS),
    worker.jsonLine(listening, START_WITHIN_MS),
  ])
  const provisioned = await provision(apiUrl, facebook.pages)
  const all = started.move()
  return {
    apiUrl,
    controlUrl: `${facebook.url}/_control`,
    environment: shared,
    ...provisioned,
    processes: { api, worker, simulator },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

interface Facebook {
  readonly url: string
  readonly pages: readonly { readonly facebook_page_id: string; readonly access_token: string }[]
}

/** A tenant, its pages, and their first full sync, as an operator does it. */
async function provision(apiUrl: string, pages: Facebook['pages']) {
  const base = `${apiUrl}/api/facebook`
  const tenant = await call(`${base}/tenants`, 'POST', {
    body: { name: 'Benchmark' },
    headers: { authorization: `Bearer ${OPERATOR_TOKEN}` },
  })
  if (tenant.status !== 201) throw new Error(`POST /tenants answered ${tenant.status}: ${JSON.stringify(tenant.body)}`)
  const apiKey: string = tenant.body.api_key
  const headers = { authorization: `Bearer ${apiKey}` }
  const ofPages: number[][] = []
  for (const { facebook_page_id, access_token } of pages) {
    const { status, body } = await call(`${base}/pages`, 'POST', { body: { facebook_page_id, access_token }, headers })
    if (status !== 201) throw new Error(`POST /pages answered ${status}: ${JSON.stringify(body)}`)
    const pageId: number = body.page.id
    await untilSynced(`${base}/commands/${body.command.id}`, headers)
    const listed = await call(`${base}/pages/${pageId}/conversations?limit=200`, 'GET', { headers })
    ofPages.push(listed.body.conversations.map(({ id }: { id: number }) => id))
  }
  const longest = Math.max(...ofPages.map(({ length }) => length))
  return {
    apiKey,
    conversationIds: Array.from({ length: longest }, (_, i) => ofPages.flatMap((ids) => ids[i] ?? [])).flat(),
  }
}

async function untilSynced(commandUrl: string, headers: Readonly<Record<string, string>>): Promise<void> {
  const deadline = performance.now() + SYNC_WITHIN_MS
  for (;;) {
    const { body } = await call(commandUrl, 'GET', { headers })
    if (body.command.state === 'succeeded') return
    if (performance.now() > deadline) throw new Error(`a page was not synced: ${JSON.stringify(body)}`)
    await delay(20)
  }
}
