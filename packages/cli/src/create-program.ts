import { Command } from 'commander'
import type { Environment } from './call-pagesync.ts'
import { addKeys } from './keys.ts'
import { addTenants } from './tenants.ts'
import { addTokens } from './tokens.ts'

export interface ProgramDeps {
  readonly environment: Environment
  /** One line, or several, for standard output. */
  readonly print: (text: string) => void
}

const HELP = `
Environment:
  PAGESYNC_URL    where the API is (default http://127.0.0.1:3032)
  OPERATOR_TOKEN  for tenants, tokens, and keys with --tenant
  PAGESYNC_KEY    an API key with the scope admin, for the keys of its own tenant

Examples:
  pagesync tenants create "Angkor Coffee"
  pagesync keys create CRM --scopes read,push --expires 90d
  pagesync keys revoke key_Zk9`

/** The `pagesync` command. What it throws is for `main.ts` to show. */
export function createProgram(deps: ProgramDeps): Command {
  const program = new Command('pagesync')
    .description('Looks after a Pagesync: its tenants, their API keys, and the tokens that it keeps.')
    .option('--json', 'print what the API answered, for scripts')
    .showHelpAfterError('(pagesync --help says what there is)')
    .addHelpText('after', HELP)
  addTenants(program, deps)
  addKeys(program, deps)
  addTokens(program, deps)
  return program
}
