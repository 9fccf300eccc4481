import { type Command, InvalidArgumentError } from 'commander'
import { type Connection, callPagesync, connectionOf } from './call-pagesync.ts'
import type { ProgramDeps } from './create-program.ts'
import { everyPage } from './every-page.ts'
import { table, wantsJson } from './show.ts'

interface ApiKey {
  readonly id: string
  readonly name: string
  readonly prefix: string
  readonly scopes: readonly string[]
  readonly page_ids: readonly number[] | null
  readonly expires_at: string | null
  readonly revoked_at: string | null
  readonly last_used_at: string | null
  readonly key?: string
}

interface Options {
  readonly tenant?: string
  readonly scopes: readonly string[]
  readonly pages?: readonly number[]
  readonly expires?: string
}

const OF_TENANT = ['--tenant <id>', 'of this tenant, as the operator (needs OPERATOR_TOKEN)'] as const

export function addKeys(program: Command, { environment, print }: ProgramDeps): void {
  const keys = program.command('keys').description('API keys of a tenant (needs PAGESYNC_KEY, or --tenant)')
  const reach = ({ tenant }: Pick<Options, 'tenant'>): { connection: Connection; path: string } =>
    tenant === undefined
      ? { connection: connectionOf(environment, 'PAGESYNC_KEY'), path: '/api-keys' }
      : {
          connection: connectionOf(environment, 'OPERATOR_TOKEN'),
          path: `/tenants/${encodeURIComponent(tenant)}/api-keys`,
        }

  keys
    .command('create <name>')
    .description('make a key, which is shown this once')
    .requiredOption('--scopes <list>', 'by comma: read, sync, push, push:human, automations, admin', words)
    .option('--pages <ids>', 'by comma; all pages without it', numbers)
    .option('--expires <when>', 'as 90d, 12h or 2027-01-01T00:00:00Z; never without it', moment)
    .option(...OF_TENANT)
    .action(async (name: string, options: Options, command: Command) => {
      const { connection, path } = reach(options)
      const { api_key } = await callPagesync<{ api_key: ApiKey }>(connection, 'POST', path, {
        name,
        scopes: options.scopes,
        ...(options.pages ? { page_ids: options.pages } : {}),
        ...(options.expires ? { expires_at: options.expires } : {}),
      })
      if (wantsJson(command)) return print(JSON.stringify(api_key))
      print(`Id       ${api_key.id}`)
      print(`API key  ${api_key.key}   (${api_key.scopes.join(', ')}; shown this once)`)
    })

  keys
    .command('list')
    .description('list the keys, the newest first')
    .option(...OF_TENANT)
    .action(async (options: Options, command: Command) => {
      const { connection, path } = reach(options)
      const rows = await everyPage<ApiKey>(connection, path, 'api_keys')
      if (wantsJson(command)) return print(JSON.stringify(rows))
      print(table(['id', 'begins', 'name', 'scopes', 'pages', 'last used', 'state'], rows.map(rowOf)))
    })

  keys
    .command('revoke <id>')
    .description('revoke a key: within 5 s it is refused everywhere')
    .option(...OF_TENANT)
    .action(async (id: string, options: Options, command: Command) => {
      const { connection, path } = reach(options)
      const one = `${path}/${encodeURIComponent(id)}`
      const { api_key } = await callPagesync<{ api_key: ApiKey }>(connection, 'DELETE', one)
      print(wantsJson(command) ? JSON.stringify(api_key) : `Revoked  ${api_key.id}  ${api_key.name}`)
    })
}

function rowOf({ id, prefix, name, scopes, page_ids, last_used_at, expires_at, revoked_at }: ApiKey): string[] {
  const state = revoked_at ? `revoked ${revoked_at}` : expires_at ? `until ${expires_at}` : 'live'
  return [id, prefix, name, scopes.join(','), page_ids?.join(',') ?? 'all', last_used_at ?? 'never', state]
}

const words = (text: string): string[] => text.split(',').map((word) => word.trim())

function numbers(text: string): number[] {
  const ids = words(text)
  if (!ids.every((id) => /^[1-9][0-9]{0,15}$/.test(id)))
    throw new InvalidArgumentError('Page ids are numbers, by comma.')
  return ids.map(Number)
}

const UNITS_MS = { d: 86_400_000, h: 3_600_000 } as const

function moment(text: string): string {
  const [, count, unit] = /^([1-9][0-9]{0,4})([dh])$/.exec(text) ?? []
  const ms = count ? Date.now() + Number(count) * UNITS_MS[unit as keyof typeof UNITS_MS] : Date.parse(text)
  if (Number.isNaN(ms)) throw new InvalidArgumentError('Write 90d, 12h or 2027-01-01T00:00:00Z.')
  return new Date(ms).toISOString()
}
