import { randomBytes, randomInt } from 'node:crypto'
import { NO_LIMITS } from './no-limits.ts'
import { type NodeProcess, spawnNode } from './spawn-node.ts'
import { call, type System } from './system.ts'
import { ERASURE_KEY, TOKEN_KEYS } from './token-keys.ts'

export interface Engines {
  /** `kafka://…` */
  readonly kafkaUrl: string
  /** `mongodb://host:port/` without a database. */
  readonly mongodbUrl: string
}

export interface DistributedSystem extends System {
  readonly gateway: () => NodeProcess
  readonly worker: () => NodeProcess
  readonly api: () => NodeProcess
  readonly database: string
  /** What gateway, workers and API wrote so far. */
  readonly output: () => string
}

export const PARTITIONS = 6
export const VERIFY_TOKEN = 'verify-token-of-the-tests'
export const OPERATOR_TOKEN = 'operator-token-of-the-end-to-end-tests'

/**
 * Gateway, worker, API and the simulated Facebook as four processes on real engines, configured by environment alone
 * and provisioned through the API, as an operator would.
 */
export async function startDistributedSystem(engines: Engines): Promise<DistributedSystem> {
  const secret = randomBytes(16).toString('hex')
  const database = `e2e_${randomBytes(6).toString('hex')}`
  const shared = {
    EVENT_LOG_URL: engines.kafkaUrl,
    STORE_URL: new URL(database, engines.mongodbUrl).href,
    TOPIC_PARTITIONS: String(PARTITIONS),
    FB_APP_ID: '1029384756',
    FB_APP_SECRET: secret,
    FB_VERIFY_TOKEN: VERIFY_TOKEN,
    TOKEN_KEYS,
    ERASURE_KEY,
    LOG_LEVEL: 'info',
    // Nothing that a test did not ask for.
    SCHEDULES: 'off',
  }
  const local = { GATEWAY_HOST: '127.0.0.1', WORKER_HOST: '127.0.0.1', API_HOST: '127.0.0.1' }
  await using started = new AsyncDisposableStack()
  const services: NodeProcess[] = []
  const start = (script: string, environment: Readonly<Record<string, string>>): NodeProcess => {
    const process = spawnNode(script, { ...shared, ...local, ...environment })
    if (script.startsWith('services/')) services.push(process)
    return process
  }

  const gateway = start('services/webhook-gateway/src/main.ts', { GATEWAY_PORT: '0' })
  started.defer(async () => void (await gateway.end('SIGTERM')))
  const webhookUrl = await originOf(gateway)
  const simulator = started.use(
    start('packages/graph-simulator/src/main.ts', {
      SIMULATOR_PORT: '0',
      SIMULATOR_CONVERSATIONS: '60',
      // Ids of its own: topics outlive a system.
      SIMULATOR_SEED: String(randomInt(1, 2 ** 31)),
      WEBHOOK_URL: `${webhookUrl}/api/facebook/webhook`,
    }),
  )
  const facebook = await simulator.jsonLine<{
    url: string
    pages: { facebook_page_id: string; access_token: string }[]
  }>(({ ready }) => ready === true)
  const towardsFacebook = { GRAPH_URL: facebook.url }
  let worker = start('services/sync-worker/src/main.ts', { WORKER_PORT: '0', ...towardsFacebook })
  started.defer(async () => void (await worker.end('SIGTERM')))
  const apiProcess = start('services/api/src/main.ts', {
    API_PORT: '0',
    OPERATOR_TOKEN,
    ...NO_LIMITS,
    ...towardsFacebook,
    FB_LOGIN_URL: facebook.url,
  })
  started.defer(async () => void (await apiProcess.end('SIGTERM')))
  const [apiUrl] = await Promise.all([originOf(apiProcess), originOf(worker)])
  const page = facebook.pages[0]
  if (!page) throw new Error('the simulator has no page')
  const provisioned = await provision(apiUrl, page)
  const all = started.move()
  return {
    apiUrl,
    webhookUrl,
    controlUrl: facebook.url,
    appSecret: secret,
    facebookPageId: page.facebook_page_id,
    ...provisioned,
    database,
    output: () => services.flatMap(({ lines }) => lines).join('\n'),
    gateway: () => gateway,
    worker: () => worker,
    api: () => apiProcess,
    async restartWorker() {
      await worker.end('SIGKILL')
      worker = start('services/sync-worker/src/main.ts', { WORKER_PORT: '0', ...towardsFacebook })
      await originOf(worker)
    },
    [Symbol.asyncDispose]: () => all.disposeAsync(),
  }
}

/** Services log where they listen. */
async function originOf(service: NodeProcess): Promise<string> {
  const { url } = await service.jsonLine<{ url: string }>(({ msg }) => msg === 'listening')
  return url
}

/** A tenant by the operator, a page by its token: what a person who deploys does first. */
async function provision(
  apiUrl: string,
  page: { facebook_page_id: string; access_token: string },
): Promise<{ apiKey: string; pageId: number }> {
  const base = `${apiUrl}/api/facebook`
  const tenant = await call(`${base}/tenants`, 'POST', {
    body: { name: 'End to end' },
    headers: { authorization: `Bearer ${OPERATOR_TOKEN}` },
  })
  if (tenant.status !== 201) throw new Error(`POST /tenants answered ${tenant.status}: ${JSON.stringify(tenant.body)}`)
  const apiKey = keyOf(tenant.body)
  const connected = await call(`${base}/pages`, 'POST', {
    body: { facebook_page_id: page.facebook_page_id, access_token: page.access_token },
    headers: { authorization: `Bearer ${apiKey}` },
  })
  if (connected.status !== 201)
    throw new Error(`POST /pages answered ${connected.status}: ${JSON.stringify(connected.body)}`)
  return { apiKey, pageId: connected.body.page.id }
}

function keyOf(body: { api_key: string | { key: string } }): string {
  return typeof body.api_key === 'string' ? body.api_key : body.api_key.key
}
