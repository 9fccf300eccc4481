import type { Command } from 'commander'
import { callPagesync, connectionOf } from './call-pagesync.ts'
import type { ProgramDeps } from './create-program.ts'
import { everyPage } from './every-page.ts'
import { table, wantsJson } from './show.ts'

interface Tenant {
  readonly id: string
  readonly name: string
  readonly created_at: string
}

export function addTenants(program: Command, { environment, print }: ProgramDeps): void {
  const tenants = program
    .command('tenants')
    .description('Companies whose pages are kept in sync (needs OPERATOR_TOKEN)')
  const connection = () => connectionOf(environment, 'OPERATOR_TOKEN')

  tenants
    .command('create <name>')
    .description('make a tenant and its first API key, which is shown this once')
    .action(async (name: string, _options, command: Command) => {
      const made = await callPagesync<{ tenant: Tenant; api_key: string }>(connection(), 'POST', '/tenants', { name })
      if (wantsJson(command)) return print(JSON.stringify(made))
      print(`Tenant   ${made.tenant.id}  ${made.tenant.name}`)
      print(`API key  ${made.api_key}   (every scope; shown this once)`)
    })

  tenants
    .command('list')
    .description('list the tenants')
    .action(async (_options, command: Command) => {
      const rows = await everyPage<Tenant>(connection(), '/tenants', 'tenants')
      if (wantsJson(command)) return print(JSON.stringify(rows))
      print(
        table(
          ['id', 'name', 'created'],
          rows.map(({ id, name, created_at }) => [id, name, created_at]),
        ),
      )
    })
}
