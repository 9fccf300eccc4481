import type { Command } from 'commander'
import { callPagesync, connectionOf } from './call-pagesync.ts'
import type { ProgramDeps } from './create-program.ts'
import { wantsJson } from './show.ts'

interface Resealed {
  readonly resealed: number
  readonly unreadable: number
  readonly remaining: number
}

export function addTokens(program: Command, { environment, print }: ProgramDeps): void {
  program
    .command('tokens')
    .description("Facebook's tokens, as they are kept (needs OPERATOR_TOKEN)")
    .command('reseal')
    .description('seal all of them anew under the first key of TOKEN_KEYS, so that the others can go')
    .action(async (_options, command: Command) => {
      const connection = connectionOf(environment, 'OPERATOR_TOKEN')
      let resealed = 0
      // Each request does a bounded share.
      for (;;) {
        const share = await callPagesync<Resealed>(connection, 'POST', '/tokens/reseal')
        resealed += share.resealed
        if (share.resealed > 0 && share.remaining > 0) continue
        const total = { ...share, resealed }
        print(wantsJson(command) ? JSON.stringify(total) : inWords(total))
        return
      }
    })
}

function inWords({ resealed, unreadable, remaining }: Resealed): string {
  const done = `Sealed anew  ${resealed}`
  if (remaining === 0) return `${done}\nNone is left under an older key: those can be taken out of TOKEN_KEYS.`
  return `${done}\nLeft         ${remaining}, of which ${unreadable} can be opened with no key of the ring: their pages must be connected again.`
}
