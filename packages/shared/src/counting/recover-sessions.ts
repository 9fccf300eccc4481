import type { Clock } from '../lifecycle/clock.ts'
import type { Collection, Store } from '../store/collection.ts'
import { COUNTING_SESSIONS, type CountingSessionRow, STATISTICS } from '../store/repositories/statistics-rows.ts'
import { openSyncedCollections, type SyncedCollections } from '../store/repositories/synced.ts'
import { countFoundRows } from './count-found-rows.ts'
import { WRITES_OVER_MS } from './counting.ts'
import { collectDeltas } from './counts.ts'
import { foldDeltas } from './fold-deltas.ts'
import { COUNTED_KINDS, type CountedKind } from './id-ranges.ts'

/** A session that gave no sign for so long belongs to a process that died. It gives one every 4 s. */
const STALE_MS = 15_000
/** A process that was only held up may still have written rows until it noticed: looked through once more. */
const SECOND_LOOK_MS = 5 * 60_000
const SESSIONS_MAX = 1_000

export interface RecoverDeps {
  readonly store: Store
  readonly clock: Clock
  /** Not to be taken for dead by oneself. */
  readonly own: () => string | undefined
}

/**
 * Finishes the counting of processes that died: their last fold, then the rows that have ids which they had taken. May be
 * done by many at once and again: each step is a compare-and-set on the session. Answers how many sessions were counted.
 */
export async function recoverSessions({ store, clock, own }: RecoverDeps): Promise<number> {
  const sessions = store.collection(COUNTING_SESSIONS)
  const statistics = store.collection(STATISTICS)
  const synced = openSyncedCollections(store)
  const fold = (row: CountingSessionRow) => foldDeltas(row, { statistics, mayForget: () => false })
  let counted = 0
  for (const found of await sessions.find({ index: '_id', limit: SESSIONS_MAX })) {
    const nowMs = clock.now()
    if (found._id === own()) continue
    if (found.state === 'open') {
      if (nowMs - found.heartbeat_ms >= STALE_MS) await replace(sessions, { ...found, state: 'lost', lost_ms: nowMs })
      continue
    }
    await fold(found)
    const looks = found.looks ?? 0
    if (nowMs - (found.lost_ms ?? 0) < (looks === 0 ? WRITES_OVER_MS : SECOND_LOOK_MS)) continue
    const looked = await replace(sessions, { ...(await lookThrough(found, synced, nowMs)), looks: looks + 1 })
    if (!looked) continue
    await fold(looked)
    if (looks === 0) counted++
    else await sessions.deleteMany([looked._id])
  }
  return counted
}

async function lookThrough(
  row: CountingSessionRow,
  synced: SyncedCollections,
  nowMs: number,
): Promise<CountingSessionRow> {
  const sink = collectDeltas()
  const found: Partial<Record<CountedKind, readonly number[]>> = {}
  for (const kind of COUNTED_KINDS) {
    const known = row.found?.[kind] ?? []
    const ranges = row.open[kind] ?? []
    found[kind] = [...known, ...(await countFoundRows({ kind, ranges, known: new Set(known) }, synced, sink, nowMs))]
  }
  return { ...row, fold: row.fold + 1, pending: sink.deltas, found }
}

/** Undefined when somebody else was first. */
async function replace(
  sessions: Collection<CountingSessionRow>,
  row: CountingSessionRow,
): Promise<CountingSessionRow | undefined> {
  const { lost } = await sessions.replaceMany([row])
  return lost.length === 0 ? { ...row, rev: row.rev + 1 } : undefined
}
