import { removeRows } from '@pagesync/shared/erasure/walk-rows.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { DEAD_LETTERS } from '@pagesync/shared/store/repositories/dead-letters.ts'
import type { Ledger } from '@pagesync/shared/store/repositories/ledger.ts'
import { COMMAND_SLOTS } from '@pagesync/shared/store/repositories/rows.ts'
import type { SendEchoes } from '@pagesync/shared/store/repositories/send-echoes.ts'

export interface SweepDeps {
  readonly ledger: Ledger
  readonly echoes: SendEchoes
  readonly store: Store
  readonly clock: Clock
  readonly logger: Logger
  readonly retentionMs: number
}

const ROWS_AT_ONCE = 500
const ROUNDS_MAX = 20
/** A send is settled or given up within a day: its echo is needed no longer. */
const ECHOES_KEPT_MS = 2 * 86_400_000
/** Equal pulls share one for an hour at most. */
const SLOTS_KEPT_MS = 8 * 86_400_000
/** Longer than the topic keeps the references to them. */
const LETTERS_KEPT_MS = 90 * 86_400_000
/** Payloads are up to 1 MB each. */
const LETTERS_AT_ONCE = 20

/** Removes what the ledger need not keep any more, so much at most that nobody notices. Any number of workers may do it. */
export async function sweepLedger(deps: SweepDeps, signal: AbortSignal): Promise<void> {
  const { ledger, echoes, store, clock, logger, retentionMs } = deps
  const now = clock.now()
  let removed = 0
  for (let round = 0; round < ROUNDS_MAX && !signal.aborted; round++) {
    const some = await ledger.forget(now - retentionMs, now, ROWS_AT_ONCE)
    const others = await echoes.forget(now - ECHOES_KEPT_MS, ROWS_AT_ONCE)
    const slots = { index: 'byTime', range: { lt: now - SLOTS_KEPT_MS } }
    const letters = { index: 'byCreated', range: { lt: now - LETTERS_KEPT_MS } }
    const taken = await removeRows(store.collection(COMMAND_SLOTS), slots, ROWS_AT_ONCE)
    const buried = await removeRows(store.collection(DEAD_LETTERS), letters, LETTERS_AT_ONCE)
    const all = some + others + taken.removed + buried.removed
    removed += all
    if (all === 0) break
  }
  if (removed > 0) logger.info({ removed }, 'ledger swept')
}
