import type { EventLog, StoredRecord, Tail } from '@pagesync/shared/event-log/event-log.ts'
import { backOffMs } from '@pagesync/shared/lifecycle/back-off.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import { TOPICS } from '@pagesync/shared/model/topics.ts'

export interface TailChangesDeps {
  readonly eventLog: Pick<EventLog, 'tail'>
  readonly clock: Clock
  readonly logger: Pick<Logger, 'warn'>
  readonly handle: (records: readonly StoredRecord[]) => void
  /** Called once it reads. */
  readonly opened?: (tail: Tail) => void
  /** Ends the tail. */
  readonly signal: AbortSignal
}

const BACK_OFF = { baseMs: 500, maxMs: 10_000 }

/** Reads the changes topic from now on; tries again while the log is down. Resolves once it has ended. */
export async function tailChanges(deps: TailChangesDeps): Promise<void> {
  const { eventLog, clock, logger, handle, opened, signal } = deps
  let tail: Tail | undefined
  for (let attempt = 1; !tail && !signal.aborted; attempt++) {
    try {
      tail = await eventLog.tail({ topic: TOPICS.changes, from: 'now', handle })
    } catch (err) {
      logger.warn({ err, attempt }, 'read no changes yet, the event log does not answer')
      // Rejects when the signal fires, which the loop looks at.
      await clock.sleep(backOffMs(attempt, BACK_OFF), signal).catch(() => undefined)
    }
  }
  if (!tail) return
  opened?.(tail)
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  await tail.close()
}

/** The ledger key that a `command.…` change is about. What else is there is passed over unread. */
export function commandKeyOf(record: StoredRecord): string[] {
  if (!record.headers.ce_type?.startsWith('command.')) return []
  try {
    const change: unknown = JSON.parse(record.value.toString())
    const entity = (change as { entity?: unknown } | null)?.entity
    return typeof entity === 'string' ? [entity] : []
  } catch {
    // Not ours to bury: whoever waits reads the ledger anyway.
    return []
  }
}
