import { type AppError, toAppError } from '@pagesync/shared/errors/app-error.ts'
import type { StoredRecord } from '@pagesync/shared/event-log/event-log.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'

export interface SafeHandling {
  readonly records: readonly StoredRecord[]
  /** Handles records together. Must be repeatable. */
  readonly handle: (records: readonly StoredRecord[]) => Promise<void>
  readonly bury: (record: StoredRecord, error: AppError, attempts: number) => Promise<void>
  readonly logger: Logger
}

/** Tries of a single record before it is given up on: the first within its batch, the others alone. */
const TRIES_MAX = 3

/**
 * Handles a batch so that one record on which our own code fails does not hold up its partition: after an unexpected
 * error the records are handled one by one, and the ones that go on failing are buried. What a pause may mend (the
 * store is down, a write conflict) is thrown on: the batch comes again.
 */
export async function handleBatchSafely({ records, handle, bury, logger }: SafeHandling): Promise<void> {
  try {
    await handle(records)
    return
  } catch (thrown) {
    const error = toAppError(thrown)
    if (!mayBePoison(error)) throw error
    logger.error({ err: error, records: records.length }, 'batch failed unexpectedly, handling its records one by one')
  }
  for (const record of records) await handleAlone(record, handle, bury)
}

async function handleAlone(
  record: StoredRecord,
  handle: SafeHandling['handle'],
  bury: SafeHandling['bury'],
): Promise<void> {
  for (let attempt = 2; ; attempt++) {
    try {
      return await handle([record])
    } catch (thrown) {
      const error = toAppError(thrown)
      if (!mayBePoison(error)) throw error
      if (attempt >= TRIES_MAX) return await bury(record, error, attempt)
    }
  }
}

function mayBePoison(error: AppError): boolean {
  return error.kind === 'bug' || error.kind === 'invalid' || error.kind === 'permanent'
}
