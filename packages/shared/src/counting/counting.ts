import { AppError } from '../errors/app-error.ts'
import type { Clock } from '../lifecycle/clock.ts'
import type { Store } from '../store/collection.ts'
import type { Sequences } from '../store/repositories/sequences.ts'
import { COUNTING_SESSIONS, STATISTICS } from '../store/repositories/statistics-rows.ts'
import { openSyncedCollections } from '../store/repositories/synced.ts'
import { countFoundRows } from './count-found-rows.ts'
import { beginSession, type CountingSession, type TakenIds, writeSession } from './counting-session.ts'
import { addDeltas, collectDeltas, type DeltaSink } from './counts.ts'
import { foldDeltas } from './fold-deltas.ts'
import { type CountedKind, type IdRange, idsOf, sizeOf } from './id-ranges.ts'
import { createKnownSessions } from './known-sessions.ts'
import { addToHour, type PageOfTenant } from './row-counts.ts'

/**
 * Counts as things happen. Nothing is written for a message or a batch: deltas are collected in memory and folded into
 * the statistics from time to time (`flush`), exactly once. Rows are exact even where the process dies in between: the
 * ids that it may have given to rows stand in its session, and whoever finds it silent counts the rows that have them
 * (`recoverSessions`). Other numbers (`count`) may miss what was counted in the last moments before an unclean stop.
 */
export interface Counting extends AsyncDisposable {
  /** Ids for new rows of a batch. Every one must be settled or doubted in the end. */
  take(kind: CountedKind): TakingIds
  /** Adds to an hour of the page and its tenant; `total` adds to the page's totals as well. */
  count(page: PageOfTenant, metric: string, value: number, options?: CountOptions): void
  /** Makes what was counted so far visible to readers. A failure is thrown; nothing is lost by it. */
  flush(): Promise<void>
  /** The session that this process counts in; undefined while there is none. */
  sessionId(): string | undefined
}

export interface CountOptions {
  /** Now if absent. */
  readonly atMs?: number
  readonly total?: boolean
}

export interface TakingIds {
  readonly takeIds: (count: number) => Promise<number[]>
  /** It is known which ids became rows, and `counted` adds them to the deltas. */
  settle(counted: (sink: DeltaSink, isMine: (id: number) => boolean, nowMs: number) => void): void
  /** It failed half way: the rows are looked for. */
  doubt(): void
}

export interface CountingDeps {
  readonly store: Store
  readonly sequences: Sequences
  readonly clock: Clock
}

/** So many batches share one taking of ids. */
const BATCHES_A_RESERVE = 4
const RESERVE = { min: 200, max: 10_000 }
/** A silent session is lost after `STALE_MS` (recover-sessions): long before that it writes nothing without looking. */
const CONFIRMED_FOR_MS = 10_000
export const HEARTBEAT_MS = 4_000
/** By then every write that was under way has ended: the store's own limit is 5 s. */
export const WRITES_OVER_MS = 6_000

export function createCounting({ store, sequences, clock }: CountingDeps): Counting {
  const sessions = store.collection(COUNTING_SESSIONS)
  const statistics = store.collection(STATISTICS)
  const synced = openSyncedCollections(store)
  const known = createKnownSessions(sessions, clock)
  let collected = collectDeltas()
  let session: CountingSession | undefined
  let turn: Promise<unknown> = Promise.resolve()

  /** One after the other: the session has a single writer. */
  const inTurn = <T>(work: () => Promise<T>): Promise<T> => {
    const done = turn.then(work, work)
    turn = done.catch(() => undefined)
    return done
  }

  const opened = async (): Promise<CountingSession> => {
    session ??= await beginSession(sessions, clock.now())
    return session
  }

  /** Its rows are counted by whoever declared it lost; what is not yet folded must not be counted here as well. */
  const abandon = (): AppError => {
    session = undefined
    collected = collectDeltas()
    return new AppError(
      'WRITE_CONFLICT',
      'Another process took this one for dead; it goes on counting in a new session',
    )
  }

  const write = async (current: CountingSession, fold?: Parameters<typeof writeSession>[3]): Promise<void> => {
    if (!(await writeSession(current, sessions, clock.now(), fold))) throw abandon()
  }

  /** Ids that are durably ours already; none if there are not enough left. */
  const takeLeft = (current: CountingSession, kind: CountedKind, count: number, taken: TakenIds): number[] | null => {
    const left = current.reserve.get(kind)
    if (!left || sizeOf(left) < count) return null
    const [from, to] = left
    if (from + count > to) current.reserve.delete(kind)
    else current.reserve.set(kind, [from + count, to])
    const range: IdRange = [from, from + count - 1]
    taken.ranges.push(range)
    current.inHand.add(taken)
    return idsOf(range)
  }

  const reserve = async (current: CountingSession, kind: CountedKind, count: number): Promise<void> => {
    const size = Math.max(count, Math.min(RESERVE.max, Math.max(RESERVE.min, count * BATCHES_A_RESERVE)))
    const ids = await sequences.take(kind, size)
    const range: IdRange = [ids[0] as number, ids.at(-1) as number]
    const incoming: TakenIds = { kind, ranges: [range] }
    // Open before it can be handed out.
    current.inHand.add(incoming)
    try {
      await write(current)
      current.reserve.set(kind, range)
    } finally {
      current.inHand.delete(incoming)
    }
  }

  const resolveDoubts = async (current: CountingSession): Promise<void> => {
    const due = current.doubtful.filter(({ sinceMs }) => clock.now() - sinceMs >= WRITES_OVER_MS)
    for (const doubt of due) {
      const { kind, ranges } = doubt.taken
      const found = collectDeltas()
      await countFoundRows({ kind, ranges, known: new Set() }, synced, found, clock.now())
      if (session !== current) return
      addDeltas(collected, found.deltas)
      current.doubtful = current.doubtful.filter((other) => other !== doubt)
      current.settled.push(doubt.taken)
    }
  }

  const applyPending = async (current: CountingSession): Promise<void> => {
    const { mayForget } = await known.read()
    if (clock.now() - current.row.heartbeat_ms >= HEARTBEAT_MS) await write(current)
    const mayWrite = () => clock.now() - current.row.heartbeat_ms < CONFIRMED_FOR_MS
    await foldDeltas(current.row, { statistics, mayForget, mayWrite })
    current.unapplied = false
  }

  const foldCollected = async (current: CountingSession): Promise<void> => {
    const { settled } = current
    const folding = collected
    current.settled = []
    collected = collectDeltas()
    try {
      await write(current, { fold: current.row.fold + 1, pending: folding.deltas })
    } catch (error) {
      if (session === current) {
        current.settled.push(...settled)
        addDeltas(collected, folding.deltas)
      }
      throw error
    }
    current.unapplied = true
    await applyPending(current)
  }

  const flushNow = async (): Promise<void> => {
    if (session === undefined && collected.empty) return
    const current = await opened()
    if (current.unapplied) await applyPending(current)
    await resolveDoubts(current)
    if (!collected.empty) await foldCollected(current)
    else if (current.settled.length > 0 || clock.now() - current.row.heartbeat_ms >= HEARTBEAT_MS) {
      current.settled = []
      await write(current)
    }
  }

  const end = async (): Promise<void> => {
    await flushNow()
    // What is still in doubt, or in hand, is left to whoever finds the session silent.
    if (session && session.doubtful.length === 0 && session.inHand.size === 0)
      await sessions.deleteMany([session.row._id])
    session = undefined
  }

  return {
    take(kind) {
      const taken: TakenIds = { kind, ranges: [] }
      let owner: CountingSession | undefined
      const isMine = (id: number): boolean => taken.ranges.some(([from, to]) => id >= from && id <= to)
      const takeFrom = async (count: number): Promise<number[]> => {
        const current = await opened()
        if (owner !== undefined && owner !== current) throw new AppError('WRITE_CONFLICT', 'The counting session ended')
        owner = current
        // Others may be faster with what one of them reserved: as large as the largest batch at least.
        for (let ids = takeLeft(current, kind, count, taken); ; ids = takeLeft(current, kind, count, taken)) {
          if (ids) return ids
          await reserve(current, kind, count)
        }
      }
      return {
        async takeIds(count) {
          if (count === 0) return []
          const left = session && (owner ?? session) === session ? takeLeft(session, kind, count, taken) : null
          if (left) owner = session
          return left ?? inTurn(() => takeFrom(count))
        },
        settle(counted) {
          // Of an abandoned session: its rows are counted by who declared it lost.
          counted(owner === undefined || owner === session ? collected : collectDeltas(), isMine, clock.now())
          if (owner?.inHand.delete(taken)) owner.settled.push(taken)
        },
        doubt() {
          if (owner?.inHand.delete(taken)) owner.doubtful.push({ taken, sinceMs: clock.now() })
        },
      }
    },
    count(page, metric, value, { atMs = clock.now(), total = false } = {}) {
      if (value === 0) return
      addToHour(collected, page, metric, value, atMs, clock.now())
      if (total) collected.add(String(page.id), metric, value)
    },
    flush: () => inTurn(flushNow),
    sessionId: () => session?.row._id,
    [Symbol.asyncDispose]: () => inTurn(end),
  }
}
