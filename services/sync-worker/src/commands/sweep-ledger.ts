import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import type { Ledger } from '@pagesync/shared/store/repositories/ledger.ts'
import type { SendEchoes } from '@pagesync/shared/store/repositories/send-echoes.ts'

export interface SweepDeps {
  readonly ledger: Ledger
  readonly echoes: SendEchoes
  readonly clock: Clock
  readonly logger: Logger
  readonly retentionMs: number
}

const ROWS_AT_ONCE = 500
const ROUNDS_MAX = 20
/** A send is settled or given up within a day: its echo is needed no longer. */
const ECHOES_KEPT_MS = 2 * 86_400_000

/** Removes what the ledger need not keep any more, so much at most that nobody notices. Any number of workers may do it. */
export async function sweepLedger(deps: SweepDeps, signal: AbortSignal): Promise<void> {
  const { ledger, echoes, clock, logger, retentionMs } = deps
  const now = clock.now()
  let removed = 0
  for (let round = 0; round < ROUNDS_MAX && !signal.aborted; round++) {
    const some = await ledger.forget(now - retentionMs, now, ROWS_AT_ONCE)
    const others = await echoes.forget(now - ECHOES_KEPT_MS, ROWS_AT_ONCE)
    removed += some + others
    if (some + others === 0) break
  }
  if (removed > 0) logger.info({ removed }, 'ledger swept')
}
