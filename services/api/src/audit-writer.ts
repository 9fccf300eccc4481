import { backOffMs } from '@pagesync/shared/lifecycle/back-off.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import type { AuditRow } from '@pagesync/shared/store/repositories/access-rows.ts'
import type { AuditLog } from '@pagesync/shared/store/repositories/audit-log.ts'

export type AuditEntry = Omit<AuditRow, 'rev' | 'times'>

type Row = Omit<AuditRow, 'rev'>

export interface AuditWriter {
  /** Never waits: the answer is out already. */
  note(entry: AuditEntry): void
  /** How many wait to be written, and how many could not be kept. */
  counts(): { readonly waiting: number; readonly lost: number }
  /** Writes what waits, for a bounded time. Twice is once. */
  close(): Promise<void>
}

export interface AuditWriterDeps {
  readonly auditLog: Pick<AuditLog, 'append'>
  readonly clock: Clock
  readonly logger: Pick<Logger, 'error'>
}

/** What comes within this time is written in one go. */
const GATHER_MS = 200
const BATCH_MAX = 500
/** So many wait while the store does not answer; what comes beyond them is lost, and counted. */
const WAITING_MAX = 50_000
const BACK_OFF = { baseMs: 200, maxMs: 5_000 }
const CLOSE_MS_MAX = 3_000

/**
 * Writes the audit log beside the requests, in batches and in order, again until the store takes it: a row's key is
 * made of its request, so writing it twice makes one. Equal refusals of one moment are one row that counts them:
 * whoever tries a thousand times in a second does not fill the store.
 */
export function createAuditWriter({ auditLog, clock, logger }: AuditWriterDeps): AuditWriter {
  let gathered = new Map<string, Row>()
  let inHand: readonly Row[] = []
  const closing = new AbortController()
  const givenUp = new AbortController()
  let writing: Promise<void> | undefined
  let lost = 0
  const waiting = (): number => gathered.size + inHand.length

  const writeInHand = async (): Promise<void> => {
    for (let attempt = 0; inHand.length > 0 && !givenUp.signal.aborted; ) {
      const batch = inHand.slice(0, BATCH_MAX)
      try {
        await auditLog.append(batch)
        inHand = inHand.slice(batch.length)
        attempt = 0
      } catch (err) {
        if (attempt === 0) logger.error({ err, rows: waiting() }, 'could not write the audit log, trying again')
        // Rejects when it was given up, which the loop looks at.
        await clock.sleep(backOffMs(++attempt, BACK_OFF), givenUp.signal).catch(() => undefined)
      }
    }
  }

  const write = async (): Promise<void> => {
    while (gathered.size > 0 && !givenUp.signal.aborted) {
      // Rejects when the service stops: then there is nothing to gather any more.
      await clock.sleep(GATHER_MS, closing.signal).catch(() => undefined)
      inHand = [...gathered.values()]
      gathered = new Map()
      await writeInHand()
    }
    writing = undefined
  }

  const close = async (): Promise<void> => {
    closing.abort()
    if (writing) await Promise.race([writing, clock.sleep(CLOSE_MS_MAX, givenUp.signal)])
    givenUp.abort()
    if (waiting() > 0) logger.error({ rows: waiting() }, 'lost rows of the audit log, the store does not answer')
  }

  let closed: Promise<void> | undefined
  return {
    note(entry) {
      const key = entry.status >= 400 ? sameRefusal(entry) : entry._id
      const known = gathered.get(key)
      if (!known && waiting() >= WAITING_MAX) {
        if (lost++ === 0) logger.error({ rows: waiting() }, 'lost rows of the audit log, too many wait')
        return
      }
      gathered.set(key, known ? { ...known, times: known.times + 1 } : { ...entry, times: 1 })
      writing ??= write()
    },
    counts: () => ({ waiting: waiting(), lost }),
    close: () => {
      closed ??= close()
      return closed
    },
  }
}

/** Everything but the request and its moment. */
function sameRefusal({ _id, at_ms, request_id, ...rest }: AuditEntry): string {
  return JSON.stringify(rest)
}
