import { randomBytes } from 'node:crypto'
import { AppError } from '../errors/app-error.ts'
import type { Collection } from '../store/collection.ts'
import type { CountingSessionRow } from '../store/repositories/statistics-rows.ts'
import { COUNTED_KINDS, type CountedKind, type IdRange, joined, type RangesByKind } from './id-ranges.ts'

const WRITE_ROUNDS_MAX = 5

/** Ids of one kind that a batch took, until it is known which of them became rows. */
export interface TakenIds {
  readonly kind: CountedKind
  readonly ranges: IdRange[]
}

/**
 * What a process has in hand. `row` is what stands in the store; the rest is what it has to say next. An id is open
 * from before it is given to a row until the row is in a written fold, so a process that dies leaves behind where to look.
 */
export interface CountingSession {
  row: CountingSessionRow
  readonly reserve: Map<CountedKind, IdRange>
  readonly inHand: Set<TakenIds>
  /** Their rows are in the deltas that are written next. */
  settled: TakenIds[]
  /** Nobody knows which of them became rows: they are looked for, once every write must be over. */
  doubtful: { readonly taken: TakenIds; readonly sinceMs: number }[]
  /** The fold in `row` is not known to be in the statistics. */
  unapplied: boolean
}

export async function beginSession(sessions: Collection<CountingSessionRow>, nowMs: number): Promise<CountingSession> {
  const row = {
    _id: `${nowMs.toString(36).padStart(9, '0')}-${randomBytes(6).toString('hex')}`,
    state: 'open' as const,
    heartbeat_ms: nowMs,
    lost_ms: null,
    fold: 0,
    pending: {},
    open: {},
  }
  await sessions.insertMany([row])
  return {
    row: { ...row, rev: 1 },
    reserve: new Map(),
    inHand: new Set(),
    settled: [],
    doubtful: [],
    unapplied: false,
  }
}

/** When a session began, as its id says. */
export const sessionStartMs = (sessionId: string): number => Number.parseInt(sessionId.slice(0, 9), 36)

/** The ids that a crash would leave in doubt. */
export function openRanges({ reserve, inHand, settled, doubtful }: CountingSession): RangesByKind {
  const taken = [...inHand, ...settled, ...doubtful.map((doubt) => doubt.taken)]
  const open: Partial<Record<CountedKind, IdRange[]>> = {}
  for (const kind of COUNTED_KINDS) {
    const left = reserve.get(kind)
    const ranges = taken.filter((ids) => ids.kind === kind).flatMap((ids) => ids.ranges)
    if (left) ranges.push(left)
    if (ranges.length > 0) open[kind] = joined(ranges)
  }
  return open
}

/**
 * Writes the session as it stands, which is also its sign of life. False when another process has declared it lost:
 * what is open is for that one to count.
 */
export async function writeSession(
  session: CountingSession,
  sessions: Collection<CountingSessionRow>,
  nowMs: number,
  fold: Partial<Pick<CountingSessionRow, 'fold' | 'pending'>> = {},
): Promise<boolean> {
  const next = { ...session.row, ...fold, heartbeat_ms: nowMs, open: openRanges(session) }
  for (let round = 0, rev = session.row.rev; round < WRITE_ROUNDS_MAX; round++) {
    const { lost } = await sessions.replaceMany([{ ...next, rev }])
    if (lost.length === 0) {
      session.row = { ...next, rev: rev + 1 }
      return true
    }
    // Nobody else writes an open one: it was our own write, whose answer was lost.
    const [stored] = await sessions.getMany([next._id])
    if (stored?.state !== 'open') return false
    rev = stored.rev
  }
  throw new AppError('WRITE_CONFLICT', 'The counting session could not be written')
}
