import { AppError } from '../errors/app-error.ts'
import type { Logger } from '../logging/create-logger.ts'
import { backOffMs } from './back-off.ts'
import { type Clock, systemClock } from './clock.ts'

const BACK_OFF = { baseMs: 250, maxMs: 5_000 }

export interface UntilAvailableOptions {
  readonly logger: Pick<Logger, 'warn'>
  /** What is waited for, for the log. */
  readonly part: string
  /** Then the last error is thrown: whoever supervises the process may start it again. Default 60,000. */
  readonly withinMs?: number
  readonly clock?: Clock
  readonly signal?: AbortSignal
}

/** At start an engine may be there a little later than we: repeats while the error is transient. */
export async function untilAvailable<T>(action: () => Promise<T>, options: UntilAvailableOptions): Promise<T> {
  const { logger, part, withinMs = 60_000, clock = systemClock, signal } = options
  const deadlineMs = clock.now() + withinMs
  for (let attempt = 1; ; attempt++) {
    try {
      return await action()
    } catch (error) {
      const waitMs = backOffMs(attempt, BACK_OFF)
      const isTransient = error instanceof AppError && error.kind === 'transient'
      if (!isTransient || clock.now() + waitMs >= deadlineMs) throw error
      logger.warn({ err: error, part, attempt, waitMs }, 'waited for a part that is not there yet')
      await clock.sleep(waitMs, signal)
    }
  }
}
