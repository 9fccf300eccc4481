import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { EventLog, StoredRecord, Tail } from '@pagesync/shared/event-log/event-log.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import { TOPICS } from '@pagesync/shared/model/topics.ts'
import type { Caller } from './caller.ts'
import { createEventStream, type EventSink, type EventStream, type Positions } from './event-stream.ts'
import { createPlaces } from './places.ts'
import { tailChanges } from './tail-changes.ts'

export interface LiveEvents extends AsyncDisposable {
  /**
   * Streams the changes that the caller may see, from `from` on, else from now on, until `signal` fires, the service
   * stops, or it has lasted long enough. `begin` opens the sink, once nothing stands against it.
   *
   * @throws AppError RATE_LIMITED when too many listen, EVENT_LOG_UNAVAILABLE: then `begin` was not called
   */
  listen(caller: Caller, from: Positions | null, begin: () => EventSink, signal: AbortSignal): Promise<void>
  /** How many listen now. */
  count(): number
  /** Ends all streams, takes no more. Twice is once. */
  close(): Promise<void>
}

export interface LiveEventsDeps {
  readonly eventLog: Pick<EventLog, 'tail'>
  readonly clock: Clock
  readonly logger: Pick<Logger, 'warn'>
}

const LISTENERS_MAX = 1_000
/** Of them one tenant may have so many, or a single key could leave the others none. */
const LISTENERS_OF_TENANT_MAX = 100
/** Each that comes back reads the topic by itself until it has caught up. */
const CATCHING_UP_MAX = 20
const CATCHING_UP_OF_TENANT_MAX = 5
const BEAT_MS = 15_000
/** Then the other side connects again, with whatever its key may by then. */
const LIFE_MS_MAX = 15 * 60_000
const COME_AGAIN_MS = 2_000

/** One reader of the changes topic serves everybody who listens in this process; who comes back catches up alone first. */
export function createLiveEvents({ eventLog, clock, logger }: LiveEventsDeps): LiveEvents {
  const live = new Set<EventStream>()
  const stop = new AbortController()
  const listening = createPlaces(LISTENERS_MAX, LISTENERS_OF_TENANT_MAX)
  const catchingUp = createPlaces(CATCHING_UP_MAX, CATCHING_UP_OF_TENANT_MAX)
  let hub: Tail | undefined
  const tailing = tailChanges({
    eventLog,
    clock,
    logger,
    signal: stop.signal,
    handle: (records) => {
      for (const stream of live) stream.give(records)
    },
    opened: (tail) => {
      hub = tail
    },
  })

  const hubPositions = (): Positions => {
    if (!hub) throw new AppError('EVENT_LOG_UNAVAILABLE', 'The changes cannot be read yet')
    return new Map(Object.entries(hub.positions()).map(([partition, offset]) => [Number(partition), offset]))
  }

  /** Reads alone from where the stream stands until it stands where everybody does; then it is one of them. */
  const catchUp = async (stream: EventStream, signal: AbortSignal): Promise<boolean> => {
    let own: Tail | undefined
    const join = (): boolean => {
      if (!own || live.has(stream)) return true
      const reached = own.positions()
      for (const [partition, offset] of hubPositions()) if ((reached[partition] ?? 0) < offset) return false
      for (const [partition, offset] of Object.entries(reached))
        stream.positions.set(Number(partition), Math.max(offset, stream.positions.get(Number(partition)) ?? 0))
      live.add(stream)
      return true
    }
    const handle = (records: readonly StoredRecord[]): void => {
      if (live.has(stream)) return
      stream.give(records)
      join()
    }
    try {
      const offsets = Object.fromEntries(stream.positions)
      own = await eventLog.tail({ topic: TOPICS.changes, from: { offsets }, handle })
      // An id of another log may name what is not there yet: nothing that comes may be taken for seen.
      for (const [partition, offset] of Object.entries(own.positions()))
        stream.positions.set(Number(partition), Math.min(offset, stream.positions.get(Number(partition)) ?? offset))
      while (!signal.aborted && !join()) await clock.sleep(CAUGHT_UP_EVERY_MS, signal).catch(() => undefined)
      return true
    } catch (err) {
      logger.warn({ err }, 'left a listener who came back to come again, the event log does not answer')
      return false
    } finally {
      await own?.close()
    }
  }

  const close = async (): Promise<void> => {
    stop.abort()
    await tailing
  }

  return {
    async listen(caller, from, begin, signal) {
      const { tenantId } = caller
      if (!listening.hasRoomFor(tenantId) || stop.signal.aborted) throw tooMany()
      if (from !== null && !catchingUp.hasRoomFor(tenantId)) throw tooMany()
      const now = hubPositions()
      const sink = begin()
      const stream = createEventStream(caller, from ?? now, sink)
      const life = AbortSignal.any([signal, stop.signal, AbortSignal.timeout(LIFE_MS_MAX)])
      const leave = listening.enter(tenantId)
      try {
        sink.write(`retry: ${COME_AGAIN_MS}\n\n`)
        if (from === null) live.add(stream)
        else {
          const caughtUp = catchingUp.enter(tenantId)
          const isThere = await catchUp(stream, life).finally(caughtUp)
          if (!isThere) return
        }
        stream.beat()
        while (!life.aborted) {
          // Rejects when the signal fires, which the loop looks at.
          await clock.sleep(BEAT_MS, life).catch(() => undefined)
          if (!life.aborted) stream.beat()
        }
      } finally {
        leave()
        live.delete(stream)
        sink.end()
      }
    },
    count: () => listening.count(),
    close,
    [Symbol.asyncDispose]: close,
  }
}

const CAUGHT_UP_EVERY_MS = 100

function tooMany(): AppError {
  return new AppError('RATE_LIMITED', 'Too many listen at this moment', { retryAfterMs: COME_AGAIN_MS })
}
