import { randomBytes } from 'node:crypto'
import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '../errors/app-error.ts'
import { backOffMs } from '../lifecycle/back-off.ts'
import type { Collection, Store } from '../store/collection.ts'
import type { ContactRow, ConversationRow, MessageRow } from '../store/repositories/rows.ts'
import {
  COUNTING_SESSIONS,
  pageTotalKey,
  type Removal,
  STATISTICS,
  type StatisticsRow,
} from '../store/repositories/statistics-rows.ts'
import { openSyncedCollections } from '../store/repositories/synced.ts'
import { type Counts, combine } from './counts.ts'
import { type CountedKind, liesIn } from './id-ranges.ts'
import { totalsOf } from './row-counts.ts'

type CountedRow = MessageRow | ConversationRow | ContactRow

/** Who removes finishes within this, or somebody else does: a store's call lasts 5 s at most. */
const REMOVING_MS = 30_000
const ROUNDS_MAX = 60
const SESSIONS_MAX = 1_000
const BACK_OFF = { baseMs: 50, maxMs: 1_000 }

export interface RemoveCountedDeps {
  readonly store: Store
  readonly now: () => number
}

/**
 * Removes messages, conversations or contacts of one page, and takes them off its totals exactly once: what is about to go
 * is written into the page's totals first, and whoever finds it there after a crash finishes it. Rows that are gone are no
 * error; answers how many were there. At most 500 keys.
 *
 * @throws AppError WRITE_CONFLICT when others remove rows of the page, or their making is being recounted, for too long: ask again
 */
export async function removeCounted(
  removal: { readonly pageId: number; readonly kind: CountedKind; readonly keys: readonly string[] },
  { store, now }: RemoveCountedDeps,
): Promise<number> {
  if (removal.keys.length === 0) return 0
  const statistics = store.collection(STATISTICS)
  const key = pageTotalKey(removal.pageId)
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    const [row] = await statistics.getMany([key])
    if (!row) await statistics.insertMany([{ _id: key, day_ms: null, counts: {}, folds: {} }])
    else if (row.removing) {
      if (now() - row.removing.at_ms >= REMOVING_MS) await finish(row, row.removing, store)
      else await delay(backOffMs(round, BACK_OFF))
    } else {
      const removed = await tryRemove(row, removal, store, now())
      if (removed !== undefined) return removed
      await delay(backOffMs(round, BACK_OFF))
    }
  }
  throw new AppError('WRITE_CONFLICT', 'Rows of the page are being removed or counted by somebody else')
}

/** Undefined when it could not be done now. */
async function tryRemove(
  row: StatisticsRow,
  { kind, keys }: { readonly kind: CountedKind; readonly keys: readonly string[] },
  store: Store,
  nowMs: number,
): Promise<number | undefined> {
  const token = randomBytes(9).toString('base64url')
  const claimed = await save({ ...row, removing: { token, at_ms: nowMs, kind, keys, counts: null } }, store)
  if (!claimed) return undefined
  // Only now: nobody else takes rows of the page off.
  const rows = await collectionOf(kind, store).getMany(keys)
  const counts = (await areCounted(kind, rows, store)) ? countsOf(kind, rows) : undefined
  const removing = counts && { token, at_ms: nowMs, kind, keys: rows.map(({ _id }) => _id), counts }
  const ready = await change(claimed._id, token, store, (current) => ({ ...current, removing: removing ?? null }))
  if (!ready || !removing) return undefined
  await finish(ready, removing, store)
  return rows.length
}

/** Rows go first, then their counts together with the note: repeated after a crash, nothing is taken off twice. */
async function finish(row: StatisticsRow, removing: Removal, store: Store): Promise<void> {
  if (removing.counts !== null && removing.keys.length > 0)
    await collectionOf(removing.kind, store).deleteMany(removing.keys)
  await change(row._id, removing.token, store, (current) => ({
    ...current,
    counts: combine(current.counts, removing.counts ?? {}),
    removing: null,
  }))
}

/** Changes the totals while the note is ours; undefined when somebody else has finished it. */
async function change(
  key: string,
  token: string,
  store: Store,
  next: (row: StatisticsRow) => StatisticsRow,
): Promise<StatisticsRow | undefined> {
  for (let round = 1; round <= ROUNDS_MAX; round++) {
    const [row] = await store.collection(STATISTICS).getMany([key])
    if (row?.removing?.token !== token) return undefined
    const saved = await save(next(row), store)
    if (saved) return saved
    await delay(backOffMs(round, BACK_OFF))
  }
  throw new AppError('WRITE_CONFLICT', 'The totals of the page are being changed by somebody else')
}

async function save(row: StatisticsRow, store: Store): Promise<StatisticsRow | undefined> {
  const { lost } = await store.collection(STATISTICS).replaceMany([row])
  return lost.length === 0 ? { ...row, rev: row.rev + 1 } : undefined
}

/** A row whose id is still open with a session may be counted later: it must not be gone by then. */
async function areCounted(kind: CountedKind, rows: readonly CountedRow[], store: Store): Promise<boolean> {
  const sessions = await store.collection(COUNTING_SESSIONS).find({ index: '_id', limit: SESSIONS_MAX })
  const uncounted = sessions.filter(({ looks = 0 }) => looks === 0)
  return !rows.some(({ id }) => uncounted.some(({ open }) => liesIn(open[kind], id)))
}

function countsOf(kind: CountedKind, rows: readonly CountedRow[]): Counts {
  const counts: Record<string, number> = {}
  for (const row of rows) for (const name of totalsOf(kind, row)) counts[name] = (counts[name] ?? 0) - 1
  return counts
}

function collectionOf(kind: CountedKind, store: Store): Pick<Collection<CountedRow>, 'getMany' | 'deleteMany'> {
  const { messages, conversations, contacts } = openSyncedCollections(store)
  return { message: messages, conversation: conversations, contact: contacts }[kind]
}
