import type { Eraser } from '@pagesync/shared/erasure/eraser.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import type { ErasureRow } from '@pagesync/shared/store/repositories/privacy-rows.ts'

export interface CarryOnDeps {
  readonly eraser: Pick<Eraser, 'due' | 'work' | 'putOff'>
  readonly clock: Clock
  readonly logger: Pick<Logger, 'info' | 'error'>
}

const ERASURES_AT_ONCE = 20
/** One large tenant must not hold back the others for long. */
const TURN_MS = 10_000

/**
 * Goes on with erasures that nobody works at. Any number of workers may do it: each piece is taken by one. One that
 * fails is put off, and keeps none of the others.
 */
export async function carryOnErasures(deps: CarryOnDeps, signal: AbortSignal): Promise<void> {
  for (const row of await deps.eraser.due(ERASURES_AT_ONCE)) {
    if (signal.aborted) return
    await carryOn(row, deps, signal)
  }
}

async function carryOn(row: ErasureRow, { eraser, clock, logger }: CarryOnDeps, signal: AbortSignal): Promise<void> {
  try {
    const after = await eraser.work(row, clock.now() + TURN_MS, signal)
    if (after.finished_ms !== null) logger.info({ erasure: after._id, removed: after.removed }, 'erasure finished')
  } catch (err) {
    if (signal.aborted) throw err
    logger.error({ err, erasure: row._id, failures: (row.failures ?? 0) + 1 }, 'erasure failed')
    await eraser.putOff(row._id)
  }
}
