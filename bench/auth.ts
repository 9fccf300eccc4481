import { createHmac } from 'node:crypto'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as delay } from 'node:timers/promises'
import { registerAuthentication } from '@pagesync/api/authenticate.ts'
import { decorateWithCaller } from '@pagesync/api/caller.ts'
import { createFindCaller } from '@pagesync/api/find-caller.ts'
import { createFindKey } from '@pagesync/api/find-key.ts'
import { createRequestLimits } from '@pagesync/api/request-limits.ts'
import { createVerifyJwt } from '@pagesync/api/verify-jwt.ts'
import { createServer, listen } from '@pagesync/shared/http/create-server.ts'
import { systemClock } from '@pagesync/shared/lifecycle/clock.ts'
import { createLogger } from '@pagesync/shared/logging/create-logger.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { createTenants } from '@pagesync/shared/store/repositories/tenants.ts'
import { Pool } from 'undici'
import { createApiData } from '../tests/support/api-data.ts'
import { startApiSystem } from '../tests/support/api-system.ts'

/**
 * What authentication costs a request: the same route with and without it, asked in turns over one connection, the
 * difference of the medians; and how long a revoked key goes on being let in by two instances that know it.
 */
const ROUNDS = 5_000
const WARM_UP = 1_000
const REVOCATIONS = 5
const JWT_SECRET = 'a-shared-secret-of-the-benchmark-0123456789'
const TARGETS = { authentication_ms_p50: 0.2, revocation_ms_max: 5_000 }

const directory = await mkdtemp(join(tmpdir(), 'pagesync-bench-auth-'))
try {
  // The revocations first: the store is the API's own there.
  const revocation = await measureRevocation(await openStore(`embedded:${join(directory, 'a')}`))
  await using store = await openStore(`embedded:${join(directory, 'b')}`)
  const api_key = await measureRequests(store, 'api_key')
  const jwt = await measureRequests(store, 'jwt')
  const result = { api_key, jwt, revocation_ms: revocation, targets: TARGETS }
  process.stderr.write(
    `\nAuthentication by an API key costs ${api_key.difference_ms_p50} ms a request at p50, by a JWT `,
  )
  process.stderr.write(`${jwt.difference_ms_p50} ms (target ${TARGETS.authentication_ms_p50} ms).\n`)
  process.stderr.write(
    `A revoked key was let in for at most ${revocation.max} ms (target ${TARGETS.revocation_ms_max}).\n`,
  )
  if (process.argv.includes('--json')) process.stdout.write(`${JSON.stringify(result)}\n`)
} finally {
  await rm(directory, { recursive: true, force: true })
}

async function measureRequests(store: Store, kind: 'api_key' | 'jwt') {
  await ensureCollections(store)
  const tenants = createTenants(store)
  const tenant = await tenants.create('Bench', Date.now())
  const { key } = await tenants.createApiKey({ tenantId: tenant._id, name: 'bench', scopes: ['read'] }, Date.now())
  const token = kind === 'api_key' ? key : jwtOf(tenant._id)
  const findCaller = createFindCaller({
    findKey: createFindKey(tenants, systemClock),
    noteUse: () => undefined,
    verifyJwt: createVerifyJwt({ JWT_SECRET }, systemClock),
    tenants,
    clock: systemClock,
  })
  const app = createServer({ logger: createLogger({ service: 'bench', level: 'silent' }), bodyLimit: 1_024 })
  decorateWithCaller(app)
  await app.register(async (api) => {
    const limits = createRequestLimits({ KEY_REQUESTS_PER_MINUTE: 10_000_000, REFUSALS_PER_MINUTE: 120 }, systemClock)
    registerAuthentication(api, { findCaller, limits, operatorToken: undefined })
    api.get('/with', { config: { access: 'read' } }, async () => ({ success: true }))
  })
  app.get('/without', async () => ({ success: true }))
  const pool = new Pool(await listen(app, 0, '127.0.0.1'), { connections: 1, pipelining: 1 })
  const ask = async (path: string): Promise<number> => {
    const beginMs = performance.now()
    const { statusCode, body } = await pool.request({
      method: 'GET',
      path,
      headers: { authorization: `Bearer ${token}` },
    })
    await body.dump()
    if (statusCode !== 200) throw new Error(`${path} answered ${statusCode}`)
    return performance.now() - beginMs
  }
  const times = { with: [] as number[], without: [] as number[] }
  for (let i = 0; i < WARM_UP + ROUNDS; i++) {
    const [first, second] = i % 2 === 0 ? (['with', 'without'] as const) : (['without', 'with'] as const)
    for (const name of [first, second]) {
      const ms = await ask(`/${name}`)
      if (i >= WARM_UP) times[name].push(ms)
    }
  }
  await pool.destroy()
  await app.close()
  const [withMs, withoutMs] = [median(times.with), median(times.without)]
  return { with_ms_p50: round(withMs), without_ms_p50: round(withoutMs), difference_ms_p50: round(withMs - withoutMs) }
}

async function measureRevocation(store: Store): Promise<{ all: number[]; max: number }> {
  await using system = await startApiSystem({ store })
  await using second = await startApiSystem({ store })
  const tenant = await createApiData(store).addTenant('Bench')
  const measured = await Promise.all(
    Array.from({ length: REVOCATIONS }, async (_, i) => {
      // Spread, so that keys are of every age in the instances' memories.
      await delay(i * 700)
      const made = await system.request(tenant.key, 'POST', '/api-keys', { body: { name: 'x', scopes: ['read'] } })
      const { id, key } = made.body.api_key
      const letIn = async () => {
        const answers = await Promise.all([system, second].map((each) => each.request(key, 'GET', '/pages')))
        return answers.some(({ status }) => status === 200)
      }
      await letIn()
      await system.request(tenant.key, 'DELETE', `/api-keys/${id}`)
      const revokedMs = performance.now()
      let lastMs = revokedMs
      while (await letIn()) {
        lastMs = performance.now()
        await delay(20)
      }
      return Math.round(lastMs - revokedMs)
    }),
  )
  return { all: measured, max: Math.max(...measured) }
}

function jwtOf(tenantId: string): string {
  const part = (value: object): string => Buffer.from(JSON.stringify(value)).toString('base64url')
  const exp = Math.floor(Date.now() / 1000) + 3_600
  const data = `${part({ alg: 'HS256' })}.${part({ sub: 'bench', tenant_id: tenantId, scope: 'read', exp })}`
  return `${data}.${createHmac('sha256', JWT_SECRET).update(data).digest('base64url')}`
}

function median(values: readonly number[]): number {
  return values.toSorted((a, b) => a - b)[values.length >> 1] ?? Number.NaN
}

function round(ms: number): number {
  return Math.round(ms * 10_000) / 10_000
}
