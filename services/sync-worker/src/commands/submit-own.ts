import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Change } from '@pagesync/shared/model/change.ts'
import { commandChange } from '@pagesync/shared/model/command-change.ts'
import { type NewCommand, withState } from '@pagesync/shared/model/command-row.ts'
import type { Ledger } from '@pagesync/shared/store/repositories/ledger.ts'
import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'

export interface SubmitDeps {
  readonly ledger: Ledger
  readonly clock: Clock
  readonly workerId: string
  readonly announce: (changes: readonly Change[]) => Promise<void>
}

/**
 * Puts a command of the system's own into the ledger, ready to run: it needs no topic, workers find it there. The same
 * id again changes nothing, so whoever derives the id from what it follows from may repeat itself.
 */
export async function submitOwn(command: NewCommand, deps: SubmitDeps): Promise<CommandRow> {
  const { ledger, clock, workerId, announce } = deps
  const now = clock.now()
  const { row } = await ledger.accept(command, now)
  if (row.state !== 'accepted' || (command.notBeforeMs ?? 0) > now) return row
  const queued = await ledger.save(withState(row, { state: 'queued', nowMs: now, worker: workerId }))
  if (!queued) return row
  await announce([commandChange(queued, now)])
  return queued
}
