import type { EventLog, StoredRecord, Tail } from '@pagesync/shared/event-log/event-log.ts'
import { backOffMs } from '@pagesync/shared/lifecycle/back-off.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import { isFinal } from '@pagesync/shared/model/command.ts'
import { TOPICS } from '@pagesync/shared/model/topics.ts'
import type { Ledger } from '@pagesync/shared/store/repositories/ledger.ts'
import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'

export interface WaitOptions {
  readonly timeoutMs: number
  /** Ends the wait: the caller has gone. */
  readonly signal: AbortSignal
}

/** Callers that wait for commands of theirs to end. A change only wakes them; what they are told stands in the ledger. */
export interface CommandWaiters extends AsyncDisposable {
  /**
   * The command's row once it is final; undefined when it is not by then, when too many wait already, or when the
   * service stops. Never throws: a store that does not answer is asked again.
   *
   * @param key the command's key in the ledger
   */
  wait(key: string, options: WaitOptions): Promise<CommandRow | undefined>
  /** How many wait now. */
  count(): number
  /** Ends all waits, takes no more. Twice is once. */
  close(): Promise<void>
}

export interface CommandWaitersDeps {
  readonly eventLog: Pick<EventLog, 'tail'>
  readonly ledger: Pick<Ledger, 'getByKeys'>
  readonly clock: Clock
  readonly logger: Pick<Logger, 'warn'>
  readonly waitersMax: number
}

/** Changes can be missed (the log may be down): so often the ledger is read whatever was announced. */
const REREAD_MS = 2_000
const KEYS_PER_READ = 1_000
const TAIL_BACK_OFF = { baseMs: 500, maxMs: 10_000 }

type Settle = (row: CommandRow | undefined) => void

/** One reader of the changes topic and one reader of the ledger serve everybody who waits in this process. */
export function createCommandWaiters(deps: CommandWaitersDeps): CommandWaiters {
  const { ledger, clock, logger, waitersMax } = deps
  const waiting = new Map<string, Set<Settle>>()
  const unread = new Set<string>()
  const stop = new AbortController()
  let count = 0
  let isReading = false

  const readUnread = async (): Promise<void> => {
    if (isReading) return
    isReading = true
    try {
      while (unread.size > 0) {
        const keys = [...unread].slice(0, KEYS_PER_READ)
        for (const key of keys) unread.delete(key)
        for (const row of await ledger.getByKeys(keys)) if (isFinal(row.state)) settle(row)
      }
    } catch (err) {
      logger.warn({ err, waiting: count }, 'read no commands for the callers that wait')
    } finally {
      isReading = false
    }
  }

  const settle = (row: CommandRow): void => {
    for (const each of waiting.get(row._id) ?? []) each(row)
  }

  const read = (keys: Iterable<string>): void => {
    for (const key of keys) if (waiting.has(key)) unread.add(key)
    if (unread.size > 0) void readUnread()
  }

  const rereadNowAndThen = async (): Promise<void> => {
    while (!stop.signal.aborted) {
      await clock.sleep(REREAD_MS, stop.signal)
      read(waiting.keys())
    }
  }

  const add = (key: string, each: Settle): void => {
    const others = waiting.get(key)
    if (others) others.add(each)
    else waiting.set(key, new Set([each]))
    count++
  }

  const remove = (key: string, each: Settle): void => {
    const others = waiting.get(key)
    others?.delete(each)
    if (others?.size === 0) waiting.delete(key)
    count--
  }

  const onChanges = (records: readonly StoredRecord[]): void => {
    if (count > 0) read(records.flatMap(commandKeyOf))
  }

  const tail = openTail(deps, onChanges, stop.signal)
  const ticking = untilStopped(rereadNowAndThen())

  const close = async (): Promise<void> => {
    stop.abort()
    await Promise.all([ticking, tail])
  }

  return {
    async wait(key, { timeoutMs, signal }) {
      if (count >= waitersMax || stop.signal.aborted || signal.aborted || timeoutMs <= 0) return undefined
      const { promise, resolve } = Promise.withResolvers<CommandRow | undefined>()
      const over = new AbortController()
      const ends = AbortSignal.any([signal, stop.signal, over.signal])
      ends.addEventListener('abort', () => resolve(undefined))
      clock.sleep(timeoutMs, ends).then(
        () => resolve(undefined),
        () => resolve(undefined),
      )
      // Subscribed first, then read: nothing can happen unseen in between.
      add(key, resolve)
      read([key])
      try {
        return await promise
      } finally {
        remove(key, resolve)
        over.abort()
      }
    },
    count: () => count,
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Resolves when the tail has been closed again, which the signal asks for. */
async function openTail(
  { eventLog, clock, logger }: CommandWaitersDeps,
  handle: (records: readonly StoredRecord[]) => void,
  signal: AbortSignal,
): Promise<void> {
  let tail: Tail | undefined
  for (let attempt = 1; !tail && !signal.aborted; attempt++) {
    try {
      tail = await eventLog.tail({ topic: TOPICS.changes, from: 'now', handle })
    } catch (err) {
      logger.warn({ err, attempt }, 'read no changes, callers that wait read the ledger now and then')
      await untilStopped(clock.sleep(backOffMs(attempt, TAIL_BACK_OFF), signal))
    }
  }
  if (!tail) return
  if (!signal.aborted) await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }))
  await tail.close()
}

/** The end of a sleep by our own stop is no error. */
async function untilStopped(work: Promise<void>): Promise<void> {
  await work.catch(() => undefined)
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
