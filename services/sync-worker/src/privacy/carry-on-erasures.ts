import type { Eraser } from '@pagesync/shared/erasure/eraser.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'

export interface CarryOnDeps {
  readonly eraser: Pick<Eraser, 'due' | 'work'>
  readonly clock: Clock
  readonly logger: Logger
}

const ERASURES_AT_ONCE = 20
/** One large tenant must not hold back the others for long. */
const TURN_MS = 10_000

/** Goes on with erasures that nobody works at. Any number of workers may do it: each piece is taken by one. */
export async function carryOnErasures({ eraser, clock, logger }: CarryOnDeps, signal: AbortSignal): Promise<void> {
  for (const row of await eraser.due(ERASURES_AT_ONCE)) {
    if (signal.aborted) return
    const after = await eraser.work(row, clock.now() + TURN_MS, signal)
    if (after.finished_ms !== null) logger.info({ erasure: after._id, removed: after.removed }, 'erasure finished')
  }
}
