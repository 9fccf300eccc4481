import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'

export interface RepeatOptions {
  readonly everyMs: number
  readonly signal: AbortSignal
  readonly clock: Clock
  readonly logger: Logger
  /** What is logged when a turn fails. */
  readonly failed: string
}

/** Repeats `task`, with a pause in between, until the signal fires; a failure is logged and the next turn tries again. */
export async function repeat(
  { everyMs, signal, clock, logger, failed }: RepeatOptions,
  task: () => Promise<unknown>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await task()
    } catch (err) {
      logger.warn({ err }, failed)
    }
    await clock.sleep(everyMs, signal).catch(() => undefined)
  }
}
