import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { StoredRecord } from '@pagesync/shared/event-log/event-log.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'

const WINDOW_RECORDS = 100
const FAILED_MAX = 50

/**
 * Tells a bug from poison. One record on which our code fails is buried and its partition goes on; when most records
 * fail it is we who are broken (a bad deployment), and burying would drain the topic into dead letters.
 */
export interface FailureGuard {
  noteHandled(count: number): void
  /** Of a record that failed by an unexpected error. One that was refused for what it holds is not told here. */
  noteFailed(record: Pick<StoredRecord, 'partition' | 'offset'>, error: AppError): void
  /** Why the consumer has stopped, for health; null while it goes on. */
  stopped(): string | null
  /** @throws AppError INTERNAL once the consumer has stopped: nothing is handled or committed until it is started anew */
  assertGoesOn(): void
}

export function createFailureGuard(consumer: string, logger: Pick<Logger, 'fatal'>): FailureGuard {
  /** The last records: null, or the place of one that failed. */
  let recent: (string | null)[] = []
  let reason: string | null = null

  const note = (outcomes: readonly (string | null)[]): void => {
    recent = [...recent, ...outcomes].slice(-WINDOW_RECORDS)
  }

  return {
    noteHandled: (count) => note(Array.from({ length: Math.min(count, WINDOW_RECORDS) }, () => null)),
    noteFailed({ partition, offset }, error) {
      const place = `${partition}/${offset}`
      // A batch that comes again, for whatever follows it, brings the same failure again.
      if (recent.includes(place)) return
      note([place])
      const failed = recent.filter((each) => each !== null).length
      if (failed <= FAILED_MAX || reason !== null) return
      reason = `${failed} of the last ${recent.length} records failed unexpectedly`
      logger.fatal({ err: error, consumer, failed, records: recent.length }, 'consumer stopped, this is a bug')
    },
    stopped: () => reason,
    assertGoesOn() {
      if (reason !== null) throw new AppError('INTERNAL', `The consumer ${consumer} has stopped: ${reason}`)
    },
  }
}
