import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { createFuzz, type FuzzRoute, type Schema, seededRandom } from '../support/fuzz-requests.ts'
import { findSecrets, PLANTED, placesOf, SIMULATED_TOKEN } from '../support/secret-search.ts'
import { startStandaloneSystem } from '../support/standalone-system.ts'
import { api, call, customerWrites } from '../support/system.ts'
import { letGo, useSecrets } from '../support/use-secrets.ts'

/**
 * One run of the whole system that goes through every route, and then every byte that it left behind: its logs at the
 * finest level, all topics and the whole store. What belongs to the simulated Facebook and to the demonstration's own
 * beginnings is theirs.
 */
const NOT_OURS = new Set(['demonstration.json', 'simulated-facebook.jsonl'])

let directory: string
let secrets: Map<string, string>
let kept: Map<string, Buffer>

beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), 'pagesync-secrets-'))
  const system = await startStandaloneSystem({ DATA_DIR: directory, LOG_LEVEL: 'trace' })
  await using _ended = system
  const demonstration = JSON.parse(await readFile(join(directory, 'demonstration.json'), 'utf8'))
  await eventually(
    async () => (await api(system, 'GET', `/pages/${system.pageId}/sync-status`)).body.page?.last_synced_at,
  )
  const { psid } = await customerWrites(system, { text: `look: ${PLANTED}` })
  secrets = await useSecrets(system)
  for (const name of ['app_secret', 'verify_token', 'api_key', 'page_access_token'])
    secrets.set(name, demonstration[name])
  secrets.set('token key', demonstration.token_keys.split(':')[1])
  await callEveryRoute(system)
  await eventually(async () => {
    const { body } = await api(system, 'GET', `/pages/${system.pageId}/contacts?limit=200`)
    return body.contacts.some((contact: { facebook_id: string }) => contact.facebook_id === psid)
  })
  await letGo(system)
  await system.process().end('SIGTERM')
  // The ready line is for whoever starts it: it holds the demonstration's secrets on purpose.
  const logs = system.process().lines.filter((line) => !line.includes('"ready":true'))
  kept = new Map([['logs', Buffer.from(logs.join('\n'))]])
  for (const name of await readdir(directory))
    if (!NOT_OURS.has(name)) kept.set(name, await readFile(join(directory, name)))
})
afterAll(() => rm(directory, { recursive: true, force: true }))

/** Each a few times, nearly as its schema says. */
async function callEveryRoute(system: Parameters<typeof api>[0]): Promise<void> {
  const document = (await call(`${system.apiUrl}/docs/json`, 'GET')).body
  const conversation = (await api(system, 'GET', `/pages/${system.pageId}/conversations`)).body.conversations[0].id
  const routes = Object.entries<Record<string, never>>(document.paths).flatMap(([path, operations]) =>
    Object.entries<{ parameters?: { in: string; name: string; schema: Schema }[]; requestBody?: { content: object } }>(
      operations,
    ).map(
      ([method, { parameters = [], requestBody }]): FuzzRoute => ({
        method: method.toUpperCase(),
        path,
        query: parameters.filter((each) => each.in === 'query'),
        body: (Object.values(requestBody?.content ?? {})[0] as { schema?: Schema } | undefined)?.schema ?? null,
      }),
    ),
  )
  const resolve = (ref: string): Schema => document.components.schemas[ref.split('/').at(-1)!] ?? {}
  const ids = {
    idFor: (path: string) => String(path.includes('/conversations/{') ? conversation : system.pageId),
    tokens: [system.apiKey],
  }
  const random = seededRandom(7)
  for (const route of routes.filter(({ method, path }) => method !== 'DELETE' && !path.endsWith('/events')))
    for (let i = 0; i < 4; i++) {
      const { method, path, headers, body } = createFuzz([route], resolve, ids, random)()
      await fetch(`${system.apiUrl}${path}`, {
        method,
        headers,
        ...(body === null || method === 'GET' || method === 'HEAD' ? {} : { body: new Uint8Array(body) }),
        signal: AbortSignal.timeout(30_000),
      })
        .then((answer) => answer.body?.cancel())
        .catch(() => undefined)
    }
}

it('finds what is there: a planted token in the topics and in the store', () => {
  expect(kept.get('logs')?.length).toBeGreaterThan(10_000)
  expect(placesOf(PLANTED, kept).length).toBeGreaterThanOrEqual(2)
  expect(placesOf(PLANTED, kept)).not.toContain('logs')
  expect(placesOf('request answered', kept)).toEqual(['logs'])
  expect(findSecrets(new Map([['planted', PLANTED]]), kept).length).toBeGreaterThanOrEqual(2)
})

it('finds no access token, app secret, verify token, key, or code of a login in clear anywhere', () => {
  expect(secrets.size).toBeGreaterThanOrEqual(19)
  expect(secrets.get('user token')).toMatch(SIMULATED_TOKEN)
  expect(findSecrets(secrets, kept)).toEqual([])
})
