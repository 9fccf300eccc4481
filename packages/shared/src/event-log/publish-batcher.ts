import { AppError, toAppError } from '../errors/app-error.ts'
import type { EventLog, LogRecord } from './event-log.ts'
import { checkRecords } from './record-bytes.ts'
import { settledWithin } from './within.ts'

/**
 * A turn of the event loop handles what the poll found ready; while we do, more arrives. Two turns gather nearly all
 * that comes at once, in twice as large rounds as one turn does, and pass in microseconds when nothing comes.
 */
const TURNS_GATHERED = 2

export interface PublishBatcherLimits {
  /** At most so much goes into one publish. A single call that has more goes alone. Bytes are counted as if all were ASCII. */
  readonly roundRecordsMax: number
  readonly roundBytesMax: number
  /** At most so much waits for its turn; a call beyond it fails at once. */
  readonly waitingRecordsMax: number
  readonly waitingBytesMax: number
  /** How long the log may take for one publish. */
  readonly publishTimeoutMs: number
  /** How long a call may take in all, waiting and publishing. */
  readonly callMsMax: number
  /** How long `close` lets what waits go out. */
  readonly closeMsMax: number
}

const LIMITS: PublishBatcherLimits = {
  roundRecordsMax: 2000,
  roundBytesMax: 4_000_000,
  waitingRecordsMax: 20_000,
  waitingBytesMax: 64_000_000,
  publishTimeoutMs: 3500,
  callMsMax: 5000,
  closeMsMax: 8000,
}

export interface PublishBatcher {
  /** As `EventLog.publish`: resolves when the records are durable, rejects with AppError. Order is the order of calls. */
  publish(records: readonly LogRecord[]): Promise<void>
  /** What was taken and is not yet known to be durable, for metrics. */
  waiting(): { readonly records: number; readonly bytes: number }
  /** Takes no more, and lets what waits go out within `closeMsMax`; the rest fails. Twice is once. */
  close(): Promise<void>
}

/** What goes out in one publish. Its callers share one promise: a call costs no more than its records' places. */
interface Round {
  readonly records: LogRecord[]
  bytes: number
  readonly sinceMs: number
  readonly promise: Promise<void>
  readonly resolve: () => void
  readonly reject: (error: AppError) => void
}

/**
 * Publishes the records of many callers together (group commit): what arrives while a publish is under way goes into
 * the next one. A round takes what came within two turns of the event loop; nothing waits for company longer than
 * that, and no timer is involved.
 */
export function createPublishBatcher(
  log: Pick<EventLog, 'publish'>,
  topic: string,
  limits: Partial<PublishBatcherLimits> = {},
): PublishBatcher {
  const { roundRecordsMax, roundBytesMax, waitingRecordsMax, waitingBytesMax, ...times } = { ...LIMITS, ...limits }
  const rounds: Round[] = []
  let isPublishing = false
  let waitingRecords = 0
  let waitingBytes = 0
  let drained: Promise<void> | undefined
  let onDrained: (() => void) | undefined

  function roundFor(count: number, bytes: number): Round {
    const last = rounds.at(-1)
    if (last && last.records.length + count <= roundRecordsMax && last.bytes + bytes <= roundBytesMax) return last
    const round: Round = { records: [], bytes: 0, sinceMs: performance.now(), ...Promise.withResolvers<void>() }
    rounds.push(round)
    return round
  }

  async function publishRounds(): Promise<void> {
    isPublishing = true
    while (rounds.length > 0) {
      await turns(TURNS_GATHERED)
      const round = rounds.shift()!
      const leftMs = Math.min(times.publishTimeoutMs, round.sinceMs + times.callMsMax - performance.now())
      try {
        if (leftMs < 1) throw unavailable('The event log is slow: the records waited too long to be published')
        await log.publish(topic, round.records, { timeoutMs: Math.round(leftMs) })
        round.resolve()
      } catch (error) {
        round.reject(toAppError(error))
      }
      waitingRecords -= round.records.length
      waitingBytes -= round.bytes
    }
    isPublishing = false
    onDrained?.()
  }

  async function drain(): Promise<void> {
    if (isPublishing) {
      const { promise, resolve } = Promise.withResolvers<void>()
      onDrained = resolve
      await settledWithin(promise, times.closeMsMax)
    }
    for (const round of rounds.splice(0)) round.reject(unavailable('The records were not published before the stop'))
  }

  return {
    publish(records) {
      if (drained) return Promise.reject(unavailable('The service is stopping'))
      let bytes: number
      try {
        // Here and not only in the log: a record that is too large must fail its own caller and nobody else.
        bytes = checkRecords(records)
      } catch (error) {
        return Promise.reject(error)
      }
      if (waitingRecords > 0) {
        const isFull = waitingRecords + records.length > waitingRecordsMax || waitingBytes + bytes > waitingBytesMax
        if (isFull) return Promise.reject(unavailable('The event log is slow: too many records wait for it'))
      }
      if (records.length === 0) return Promise.resolve()
      const round = roundFor(records.length, bytes)
      for (const record of records) round.records.push(record)
      round.bytes += bytes
      waitingRecords += records.length
      waitingBytes += bytes
      if (!isPublishing) void publishRounds()
      return round.promise
    },
    waiting: () => ({ records: waitingRecords, bytes: waitingBytes }),
    close() {
      drained ??= drain()
      return drained
    },
  }
}

async function turns(count: number): Promise<void> {
  for (let i = 0; i < count; i++) await new Promise((resolve) => setImmediate(resolve))
}

const unavailable = (message: string): AppError => new AppError('EVENT_LOG_UNAVAILABLE', message)
