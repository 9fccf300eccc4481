import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import { sendKey } from '@pagesync/shared/model/send-reference.ts'
import type { Ledger } from '@pagesync/shared/store/repositories/ledger.ts'
import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { SendEchoes } from '@pagesync/shared/store/repositories/send-echoes.ts'
import type { EventEffect } from './event-effect.ts'

export interface NoteEchoesDeps {
  readonly ledger: Ledger
  readonly echoes: SendEchoes
  readonly clock: Clock
}

/**
 * Keeps which message an echo of one of our sends names, so that the send is settled whether or not its answer came,
 * and lets workers look at sends that wait for just that. Answers the pages of those.
 */
export async function noteSendEchoes(effects: readonly EventEffect[], deps: NoteEchoesDeps): Promise<Set<number>> {
  const sends = new Map<string, CommandRow>()
  const echoes = effects.flatMap(({ event, page, send }) => {
    if (!send || event.type !== 'facebook.message.echo' || event.mid === null) return []
    const { metadata } = event.raw.message
    if (metadata === undefined) return []
    sends.set(send._id, send)
    return [{ _id: sendKey(page.tenant_id, metadata), mid: event.mid, at_ms: event.time_ms }]
  })
  await deps.echoes.note(echoes)
  const woken = new Set<number>()
  for (const row of await unconfirmedNow([...sends.keys()], deps.ledger)) {
    // Lost races are workers that look by themselves.
    await deps.ledger.save({ ...row, due_ms: deps.clock.now() })
    woken.add(row.page_id)
  }
  return woken
}

/** As they stand now that the echo is noted: a send that became unconfirmed in between would find no echo otherwise. */
async function unconfirmedNow(keys: readonly string[], ledger: Ledger): Promise<CommandRow[]> {
  const rows = await ledger.getByKeys(keys)
  return rows.filter(({ state }) => state === 'unconfirmed')
}
