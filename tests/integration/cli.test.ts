import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiData, type TestTenant } from '../support/api-data.ts'
import { type ApiSystem, OPERATOR_TOKEN, startApiSystem } from '../support/api-system.ts'
import { spawnNode } from '../support/spawn-node.ts'

let system: ApiSystem
let tenant: TestTenant

beforeAll(async () => {
  system = await startApiSystem()
  tenant = await createApiData(system.store).addTenant('Angkor')
})
afterAll(() => system?.[Symbol.asyncDispose]())

interface Ended {
  readonly code: number | null
  readonly output: string
  readonly all: string
}

/** `pagesync` as a person runs it. */
async function pagesync(args: readonly string[], environment: Readonly<Record<string, string>> = {}): Promise<Ended> {
  const child = spawnNode('packages/cli/src/main.ts', { PAGESYNC_URL: system.origin, ...environment }, args)
  const code = await child.ended
  return { code, output: child.output.join('\n'), all: child.lines.join('\n') }
}
const asOperator = { OPERATOR_TOKEN }

it('makes a tenant whose key works, and lists it', async () => {
  const made = await pagesync(['tenants', 'create', 'Fresh'], asOperator)
  expect(made.code).toBe(0)
  const key = /ps_live_\S+/.exec(made.output)![0]
  expect((await system.request(key, 'GET', '/pages')).status).toBe(200)
  expect((await pagesync(['tenants', 'list'], asOperator)).output).toMatch(/t_\S+\s+Fresh\s+2/)
})

it("makes, lists and revokes a tenant's keys with its own key, and as the operator", async () => {
  for (const [of, environment] of [
    [[], { PAGESYNC_KEY: tenant.key }],
    [['--tenant', tenant.id], asOperator],
  ] as const) {
    const args = ['keys', 'create', 'CRM', '--scopes', 'read,push', '--expires', '90d', '--json', ...of]
    const made = JSON.parse((await pagesync(args, environment)).output)
    expect(made).toMatchObject({ name: 'CRM', scopes: ['read', 'push'], key: expect.stringMatching(/^ps_live_/) })
    expect(Date.parse(made.expires_at) - Date.now()).toBeGreaterThan(89 * 86_400_000)
    const listed = await pagesync(['keys', 'list', ...of], environment)
    expect(listed.output).toContain(made.id)
    expect(listed.output).not.toContain(made.key)
    expect((await pagesync(['keys', 'revoke', made.id, ...of], environment)).output).toContain(`Revoked  ${made.id}`)
    const rows = JSON.parse((await pagesync(['keys', 'list', '--json', ...of], environment)).output)
    expect(rows.find((row: { id: string }) => row.id === made.id).revoked_at).toMatch(/Z$/)
  }
})

it('seals the tokens anew', async () => {
  const done = await pagesync(['tokens', 'reseal'], asOperator)
  expect(done).toMatchObject({ code: 0, output: expect.stringContaining('None is left under an older key') })
})

it('what it did stands in the audit log', async () => {
  const { body } = await system.request(OPERATOR_TOKEN, 'GET', '/audit-log?limit=200')
  expect(body.audit_log.map((entry: { client: string }) => entry.client)).toContain('pagesync-cli/0.1.0')
})

describe('says in words what is wrong, without a stack, and ends with 1', () => {
  it.each<readonly [string, readonly string[], () => Record<string, string>, RegExp]>([
    ['no token', ['tenants', 'list'], () => ({}), /set OPERATOR_TOKEN/],
    ['no key', ['keys', 'list'], () => ({}), /set PAGESYNC_KEY.*--tenant/],
    [
      'a wrong token',
      ['tenants', 'list'],
      () => ({ OPERATOR_TOKEN: 'x'.repeat(40) }),
      /does not know this OPERATOR_TOKEN/,
    ],
    [
      'no API there',
      ['tenants', 'list'],
      () => ({ ...asOperator, PAGESYNC_URL: 'http://127.0.0.1:9' }),
      /does not answer/,
    ],
    ['no URL', ['tenants', 'list'], () => ({ ...asOperator, PAGESYNC_URL: 'nonsense' }), /PAGESYNC_URL must be/],
    [
      'no such key',
      ['keys', 'revoke', 'key_none'],
      () => ({ PAGESYNC_KEY: tenant.key }),
      /There is no API key key_none/,
    ],
    [
      'a scope that is none',
      ['keys', 'create', 'x', '--scopes', 'root'],
      () => ({ PAGESYNC_KEY: tenant.key }),
      /\/scopes\/0/,
    ],
    ['a time that is none', ['keys', 'create', 'x', '--scopes', 'read', '--expires', 'soon'], () => ({}), /90d, 12h/],
    ['no scopes', ['keys', 'create', 'x'], () => ({}), /--scopes/],
    ['a command that is none', ['destroy'], () => ({}), /unknown command/],
  ])('%s', async (_what, args, environment, words) => {
    const { code, all } = await pagesync(args, environment())
    expect(all).toMatch(words)
    expect(all).not.toMatch(/\n\s+at /)
    expect(code).toBe(1)
  })
})

it('helps', async () => {
  const help = await pagesync(['--help'])
  expect(help.code).toBe(0)
  for (const word of ['tenants', 'keys', 'tokens', 'PAGESYNC_URL', 'OPERATOR_TOKEN', 'PAGESYNC_KEY'])
    expect(help.output).toContain(word)
  expect((await pagesync(['keys', 'create', '--help'])).output).toContain('push:human')
})
