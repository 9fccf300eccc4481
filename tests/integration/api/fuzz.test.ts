import { Pool } from 'undici'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { createApiData, type TestTenant } from '../../support/api-data.ts'
import { type ApiSystem, OPERATOR_TOKEN, startApiSystem } from '../../support/api-system.ts'
import { succeed } from '../../support/command-results.ts'
import { finishCommands } from '../../support/finish-command.ts'
import { createFuzz, type FuzzRequest, type FuzzRoute, type Schema, seededRandom } from '../../support/fuzz-requests.ts'
import { call } from '../../support/system.ts'
import { createThings, paramThing, type ThingKind } from '../../support/tenant-things.ts'

/** `npm run test:fuzz` sends 20,000. */
const REQUESTS = Number(process.env.FUZZ_REQUESTS ?? 2_000)
const SEED = Number(process.env.FUZZ_SEED ?? 20_261_126)
const AT_ONCE = 16
/** Things are made anew so often: routes delete them. */
const ROUND = 500

let system: ApiSystem
let worker: AsyncDisposable
let tenant: TestTenant
let tokens: string[]
let pool: Pool
let document: { paths: Record<string, Record<string, Operation>>; components: { schemas: Record<string, Schema> } }

interface Operation {
  readonly parameters?: readonly { readonly in: string; readonly name: string; readonly schema: Schema }[]
  readonly requestBody?: { readonly content?: Record<string, { readonly schema?: Schema }> }
}

beforeAll(async () => {
  system = await startApiSystem({ config: { COMMAND_WAIT_SECONDS: 1 } })
  worker = await finishCommands(system.store, system.eventLog, succeed)
  const data = createApiData(system.store)
  tenant = await data.addTenant('Mine')
  const other = await data.addTenant('Other')
  const reader = await data.addKey(tenant.id, ['read'])
  // Mostly whoever may do everything: what is refused at the door tries nothing behind it.
  tokens = [...Array.from({ length: 8 }, () => tenant.key), other.key, reader, OPERATOR_TOKEN, OPERATOR_TOKEN, 'x']
  document = (await call(`${system.origin}/docs/json`, 'GET')).body
  pool = new Pool(system.origin, { connections: AT_ONCE, headersTimeout: 30_000 })
})
afterAll(async () => {
  await pool?.destroy()
  await worker?.[Symbol.asyncDispose]()
  await system?.[Symbol.asyncDispose]()
})

const routesOf = (): FuzzRoute[] =>
  Object.entries(document.paths).flatMap(([path, operations]) =>
    Object.entries(operations).map(([method, { parameters = [], requestBody }]) => ({
      method: method.toUpperCase(),
      path,
      query: parameters.filter((parameter) => parameter.in === 'query'),
      body: Object.values(requestBody?.content ?? {})[0]?.schema ?? null,
    })),
  )

/** One id of each kind; of a tenant that nobody needs, since the operator may erase it. */
async function freshIds(): Promise<(path: string, param: string) => string> {
  const things = createThings(system, tenant)
  const spare = await createApiData(system.store).addTenant('Spare')
  const known = new Map<ThingKind, string>([['tenant', spare.id]])
  for (const path of Object.keys(document.paths))
    for (const [, param = ''] of path.matchAll(/\{(\w+)\}/g)) {
      const kind = paramThing(path.replaceAll(/\{(\w+)\}/g, ':$1'), param)
      if (kind && !known.has(kind)) known.set(kind, await things.make(kind))
    }
  return (path, param) => {
    const kind = paramThing(path.replaceAll(/\{(\w+)\}/g, ':$1'), param)
    return (kind && known.get(kind)) ?? '1'
  }
}

/** The status; throws where the answer is none that a caller can read. */
async function send(request: FuzzRequest): Promise<number> {
  const { statusCode, headers, body } = await pool.request({
    method: request.method as 'GET',
    path: request.path,
    headers: request.headers,
    body: request.body,
  })
  if (String(headers['content-type']).startsWith('text/event-stream')) {
    // Destroying it is an error to the body, which nobody reads any more.
    body.on('error', () => undefined).destroy()
    return statusCode
  }
  const text = await body.text()
  if (statusCode < 400 || request.method === 'HEAD') return statusCode
  expect(String(headers['content-type'])).toContain('application/problem+json')
  expect(JSON.parse(text)).toMatchObject({
    success: false,
    status: statusCode,
    code: expect.stringMatching(/^[A-Z_]+$/),
    message: expect.any(String),
    title: expect.any(String),
    detail: expect.any(String),
    errors: expect.any(Array),
    request_id: expect.any(String),
  })
  expect(text).not.toMatch(/node_modules|\.ts:\d+|\bat \w+ \(/)
  return statusCode
}

it(`answers ${REQUESTS} requests of every kind in the shape of an answer, and none with 500`, async () => {
  const random = seededRandom(SEED)
  const routes = routesOf()
  const resolve = (ref: string): Schema => document.components.schemas[ref.split('/').at(-1)!] ?? {}
  const statuses = new Map<number, number>()
  const asked = new Set<string>()
  for (let sent = 0; sent < REQUESTS; ) {
    const next = createFuzz(routes, resolve, { idFor: await freshIds(), tokens }, random)
    const round = Array.from({ length: Math.min(ROUND, REQUESTS - sent) }, next)
    sent += round.length
    const one = async (): Promise<void> => {
      for (let request = round.pop(); request; request = round.pop()) {
        const shown = `${request.method} ${request.path} ${JSON.stringify(request.headers)} ${request.body?.toString('base64')}`
        const status = await send(request).catch((error: Error) => {
          throw new Error(`seed ${SEED}: ${shown}: ${error.message}`, { cause: error })
        })
        if (status === 500) throw new Error(`seed ${SEED}: 500 for ${shown}`)
        statuses.set(status, (statuses.get(status) ?? 0) + 1)
        asked.add(request.method)
      }
    }
    await Promise.all(Array.from({ length: AT_ONCE }, one))
  }
  const shares = [...statuses].sort(([a], [b]) => a - b).map(([status, count]) => `${status}: ${count}`)
  process.stderr.write(`fuzz: ${REQUESTS} requests to ${routes.length} routes, seed ${SEED}; ${shares.join(', ')}\n`)
  const share = (from: number, to: number): number =>
    [...statuses].reduce((sum, [status, count]) => (status >= from && status < to ? sum + count : sum), 0) / REQUESTS
  // It got behind the door, and it was refused there: else it would have tried nothing.
  expect(share(200, 300)).toBeGreaterThan(0.1)
  expect(share(400, 401)).toBeGreaterThan(0.1)
  expect(statuses.get(200)).toBeGreaterThan(0)
  const alive = await system.request(tenant.key, 'GET', '/pages')
  expect(alive.status).toBe(200)
}, 900_000)
