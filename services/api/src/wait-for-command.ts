import type { EventLog } from '@pagesync/shared/event-log/event-log.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import { isFinal } from '@pagesync/shared/model/command.ts'
import type { Ledger } from '@pagesync/shared/store/repositories/ledger.ts'
import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'
import { commandKeyOf, tailChanges } from './tail-changes.ts'
import { createWaitingRoom, type WaitingRoom } from './waiting-room.ts'

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

/** One reader of the changes topic and one reader of the ledger serve everybody who waits in this process. */
export function createCommandWaiters(deps: CommandWaitersDeps): CommandWaiters {
  const { eventLog, clock, logger, waitersMax } = deps
  const room = createWaitingRoom<CommandRow>()
  const read = createReader(room, deps)
  const stop = new AbortController()
  const tailing = tailChanges({
    eventLog,
    clock,
    logger,
    handle: (records) => read(records.flatMap(commandKeyOf)),
    signal: stop.signal,
  })
  const rereading = rereadNowAndThen(() => read(room.keys()), clock, stop.signal)

  const close = async (): Promise<void> => {
    stop.abort()
    await Promise.all([tailing, rereading])
  }

  return {
    async wait(key, { timeoutMs, signal }) {
      if (room.count() >= waitersMax || stop.signal.aborted || signal.aborted || timeoutMs <= 0) return undefined
      const { promise, resolve } = Promise.withResolvers<CommandRow | undefined>()
      const over = new AbortController()
      const ends = AbortSignal.any([signal, stop.signal, over.signal])
      const giveUp = (): void => resolve(undefined)
      clock.sleep(timeoutMs, ends).then(giveUp, giveUp)
      // In the room first, then read: nothing can happen unseen in between.
      room.enter(key, resolve)
      read([key])
      try {
        return await promise
      } finally {
        room.leave(key, resolve)
        over.abort()
      }
    },
    count: () => room.count(),
    close,
    [Symbol.asyncDispose]: close,
  }
}

/** Reads the rows of these commands, as far as somebody waits for them, and tells those whose command has ended. */
function createReader(
  room: WaitingRoom<CommandRow>,
  { ledger, logger }: CommandWaitersDeps,
): (keys: Iterable<string>) => void {
  const unread = new Set<string>()
  let isReading = false

  const readUnread = async (): Promise<void> => {
    isReading = true
    try {
      while (unread.size > 0) {
        const keys = [...unread].slice(0, KEYS_PER_READ)
        for (const key of keys) unread.delete(key)
        for (const row of await ledger.getByKeys(keys)) if (isFinal(row.state)) room.settle(row._id, row)
      }
    } catch (err) {
      logger.warn({ err, waiting: room.count() }, 'read no commands for the callers that wait')
    } finally {
      isReading = false
    }
  }

  return (keys) => {
    for (const key of keys) if (room.has(key)) unread.add(key)
    if (unread.size > 0 && !isReading) void readUnread()
  }
}

async function rereadNowAndThen(reread: () => void, clock: Clock, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    // Rejects when the signal fires: then there is nothing left to read for.
    await clock.sleep(REREAD_MS, signal).catch(() => undefined)
    reread()
  }
}
