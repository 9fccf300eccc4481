import { type AppError, toAppError } from '@pagesync/shared/errors/app-error.ts'
import type { StoredRecord } from '@pagesync/shared/event-log/event-log.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import { REPLAY_OF_HEADER } from '@pagesync/shared/store/repositories/dead-letters.ts'
import type { FailureGuard } from './failure-guard.ts'

export interface SafeHandling {
  readonly records: readonly StoredRecord[]
  /** Handles records together. Must be repeatable. */
  readonly handle: (records: readonly StoredRecord[]) => Promise<void>
  readonly bury: (record: StoredRecord, error: AppError, attempts: number) => Promise<void>
  readonly guard: FailureGuard
  readonly logger: Logger
}

/** Tries of a single record before it is given up on: the first within its batch, the others alone. */
const TRIES_MAX = 3

/**
 * Handles a batch so that one record on which our own code fails does not hold up its partition: after an unexpected
 * error the records are handled one by one, and the ones that go on failing are buried. What a pause may mend (the
 * store is down, a write conflict) is thrown on: the batch comes again. Where most records fail the consumer stops
 * (see `FailureGuard`): its batch is never committed.
 */
export async function handleBatchSafely(handling: SafeHandling): Promise<void> {
  const { records, handle, guard, logger } = handling
  guard.assertGoesOn()
  try {
    await handle(records)
    guard.noteHandled(records.length)
    return
  } catch (thrown) {
    const error = toAppError(thrown)
    if (!mayBePoison(error)) throw error
    logger.error({ err: error, records: records.length }, 'batch failed unexpectedly, handling its records one by one')
  }
  for (const record of records) await handleAlone(record, handling)
}

async function handleAlone(record: StoredRecord, { handle, bury, guard }: SafeHandling): Promise<void> {
  for (let attempt = 2; ; attempt++) {
    try {
      await handle([record])
      guard.noteHandled(1)
      return
    } catch (thrown) {
      const error = toAppError(thrown)
      if (!mayBePoison(error)) throw error
      if (attempt < TRIES_MAX) continue
      if (isUnexpected(record, error)) {
        guard.noteFailed(record, error)
        guard.assertGoesOn()
      }
      return await bury(record, error, attempt)
    }
  }
}

/** What was refused for what it holds is no sign of a bug, nor is a dead letter that somebody tried once more. */
function isUnexpected(record: StoredRecord, error: AppError): boolean {
  return error.kind !== 'invalid' && record.headers[REPLAY_OF_HEADER] === undefined
}

function mayBePoison(error: AppError): boolean {
  return error.kind === 'bug' || error.kind === 'invalid' || error.kind === 'permanent'
}
