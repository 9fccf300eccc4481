import type { EventLog, StoredRecord, Tail } from '@pagesync/shared/event-log/event-log.ts'
import { backOffMs } from '@pagesync/shared/lifecycle/back-off.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import { TOPICS } from '@pagesync/shared/model/topics.ts'

export interface TailCommandsDeps {
  readonly eventLog: Pick<EventLog, 'tail'>
  readonly clock: Clock
  readonly logger: Pick<Logger, 'warn'>
  /** The ledger's keys of commands of which something was announced. */
  readonly onChanged: (keys: readonly string[]) => void
  /** Ends the tail. */
  readonly signal: AbortSignal
}

const BACK_OFF = { baseMs: 500, maxMs: 10_000 }

/** Reads the changes topic from now on, for commands alone; tries again while the log is down. Resolves once it has ended. */
export async function tailCommands(deps: TailCommandsDeps): Promise<void> {
  const { eventLog, clock, logger, onChanged, signal } = deps
  const handle = (records: readonly StoredRecord[]): void => onChanged(records.flatMap(commandKeyOf))
  let tail: Tail | undefined
  for (let attempt = 1; !tail && !signal.aborted; attempt++) {
    try {
      tail = await eventLog.tail({ topic: TOPICS.changes, from: 'now', handle })
    } catch (err) {
      logger.warn({ err, attempt }, 'read no changes, callers that wait read the ledger now and then')
      // Rejects when the signal fires, which the loop looks at.
      await clock.sleep(backOffMs(attempt, BACK_OFF), signal).catch(() => undefined)
    }
  }
  if (!tail) return
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  await tail.close()
}

/** The ledger key that a `command.…` change is about. What else is there is passed over unread. */
function commandKeyOf(record: StoredRecord): string[] {
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
