import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import { commandOfReference, sendKey } from '@pagesync/shared/model/send-reference.ts'
import type { Ledger } from '@pagesync/shared/store/repositories/ledger.ts'
import { commandKey } from '@pagesync/shared/store/repositories/rows.ts'
import type { SendEchoes } from '@pagesync/shared/store/repositories/send-echoes.ts'
import type { EventEffect } from './event-effect.ts'

export interface NoteEchoesDeps {
  readonly ledger: Ledger
  readonly echoes: SendEchoes
  readonly clock: Clock
}

const CHUNK = 1_000

/**
 * Keeps which message an echo of one of our sends names, so that the send is settled whether or not its answer came,
 * and lets workers look at sends that wait for just that. Answers the pages of those.
 */
export async function noteSendEchoes(effects: readonly EventEffect[], deps: NoteEchoesDeps): Promise<Set<number>> {
  const found = effects.flatMap(({ event, page }) => {
    if (event.type !== 'facebook.message.echo' || event.mid === null) return []
    const { metadata } = event.raw.message
    const commandId = metadata === undefined ? null : commandOfReference(metadata)
    if (metadata === undefined || commandId === null) return []
    const echo = { _id: sendKey(page.tenant_id, metadata), mid: event.mid, at_ms: event.time_ms }
    return [{ echo, command: commandKey(page.tenant_id, commandId), pageId: page.id }]
  })
  const woken = new Set<number>()
  for (let i = 0; i < found.length; i += CHUNK) {
    const chunk = found.slice(i, i + CHUNK)
    // Any app may write any metadata: only what names a send of this very page is ours.
    const rows = await deps.ledger.getByKeys([...new Set(chunk.map(({ command }) => command))])
    const sends = new Map(rows.filter(({ lane }) => lane === 'push').map((row) => [row._id, row]))
    const ours = chunk.filter(({ command, pageId }) => sends.get(command)?.page_id === pageId)
    await deps.echoes.note(ours.map(({ echo }) => echo))
    for (const row of sends.values()) {
      if (row.state !== 'unconfirmed') continue
      // Lost races are workers that look by themselves.
      await deps.ledger.save({ ...row, due_ms: deps.clock.now() })
      woken.add(row.page_id)
    }
  }
  return woken
}
