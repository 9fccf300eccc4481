import { setTimeout as delay } from 'node:timers/promises'
import { AppError } from '../errors/app-error.ts'
import { backOffMs } from '../lifecycle/back-off.ts'
import type { Collection, StoreDocument } from './collection.ts'

/** A row on its way: numbered and versioned only once it is stored. */
export type Draft<T extends StoreDocument> = Omit<T, 'rev' | 'id'> & { readonly _id: string } & {
  readonly rev?: number
  readonly id?: number
}

export interface MergeRowsOptions<T extends StoreDocument, K> {
  readonly collection: Collection<T>
  /** Everything that is known of each key, in order. */
  readonly incoming: ReadonlyMap<string, readonly K[]>
  /** Pure. Must answer the very same object when the knowledge changes nothing; null leaves a missing row missing. */
  readonly fold: (row: Draft<T> | null, knowledge: readonly K[], key: string) => Draft<T> | null
  /** Which write to try first: inserts when most keys will be new, reads when most are there. */
  readonly expect: 'new' | 'existing'
  /** Numbers for new rows: one call a round. Absent for rows without a number. */
  readonly takeIds?: (count: number) => Promise<number[]>
  readonly signal?: AbortSignal
}

export interface MergedRow<T> {
  /** What was stored before this call; null when the row is new. */
  readonly before: T | null
  /** What is stored now (the same object as `before` when nothing changed). */
  readonly after: T
}

const ROUNDS_MAX = 30
const CHUNK = 1000
const CONFLICT_BACK_OFF = { baseMs: 5, maxMs: 250 }

/**
 * The one way in which synced rows are written: insert, and what exists already is read, folded and written back by
 * compare-and-set; what lost a race is read and folded again. Repeating the call is harmless as far as `fold` is.
 *
 * @throws AppError WRITE_CONFLICT when a row stayed contended for 30 rounds; STORE_UNAVAILABLE
 */
export async function mergeRows<T extends StoreDocument, K>(
  options: MergeRowsOptions<T, K>,
): Promise<Map<string, MergedRow<T>>> {
  const merged = new Map<string, MergedRow<T>>()
  const keys = [...options.incoming.keys()]
  for (let i = 0; i < keys.length; i += CHUNK) await mergeChunk(keys.slice(i, i + CHUNK), options, merged)
  return merged
}

async function mergeChunk<T extends StoreDocument, K>(
  keys: readonly string[],
  options: MergeRowsOptions<T, K>,
  merged: Map<string, MergedRow<T>>,
): Promise<void> {
  let open: readonly string[] = keys
  let insertFirst = options.expect === 'new'
  for (let round = 1; open.length > 0; round++) {
    if (round > ROUNDS_MAX) throw new AppError('WRITE_CONFLICT', `${open.length} rows stayed contended`)
    options.signal?.throwIfAborted()
    if (round > 2) await delay(backOffMs(round - 2, CONFLICT_BACK_OFF))
    const stored = insertFirst ? new Map<string, T>() : await readRows(options.collection, open)
    const missing = open.filter((key) => !stored.has(key))
    const drafts = draftsOf(missing, options)
    const existing = await insertMissing(drafts, options, merged)
    // Knowledge that makes no row by itself may still concern one that is there: it is read in the next round.
    const unread = insertFirst && drafts.length < missing.length ? withoutDraft(missing, drafts) : []
    const lost = await replaceChanged(
      open.filter((key) => stored.has(key)),
      stored,
      options,
      merged,
    )
    open = [...existing, ...lost, ...unread]
    insertFirst = false
  }
}

async function readRows<T extends StoreDocument>(
  collection: Collection<T>,
  keys: readonly string[],
): Promise<Map<string, T>> {
  const rows = await collection.getMany(keys)
  return new Map(rows.map((row) => [row._id, row]))
}

function draftsOf<T extends StoreDocument, K>(
  keys: readonly string[],
  { fold, incoming }: MergeRowsOptions<T, K>,
): readonly Draft<T>[] {
  return keys.flatMap((key) => {
    const draft = fold(null, incoming.get(key) ?? [], key)
    return draft === null ? [] : [draft]
  })
}

function withoutDraft(keys: readonly string[], drafts: readonly { readonly _id: string }[]): readonly string[] {
  const made = new Set(drafts.map(({ _id }) => _id))
  return keys.filter((key) => !made.has(key))
}

/** Answers the keys that turned out to exist. */
async function insertMissing<T extends StoreDocument, K>(
  drafts: readonly Draft<T>[],
  options: MergeRowsOptions<T, K>,
  merged: Map<string, MergedRow<T>>,
): Promise<readonly string[]> {
  if (drafts.length === 0) return []
  const ids = options.takeIds ? await options.takeIds(drafts.length) : []
  const rows = drafts.map(
    (draft, i) => (options.takeIds ? { ...draft, id: ids[i] } : draft) as unknown as Omit<T, 'rev'>,
  )
  const { existing } = await options.collection.insertMany(rows)
  const known = new Set(existing)
  for (const row of rows)
    if (!known.has(row._id)) merged.set(row._id, { before: null, after: { ...row, rev: 1 } as unknown as T })
  return existing
}

/** Answers the keys whose row somebody else changed in between. */
async function replaceChanged<T extends StoreDocument, K>(
  keys: readonly string[],
  stored: ReadonlyMap<string, T>,
  options: MergeRowsOptions<T, K>,
  merged: Map<string, MergedRow<T>>,
): Promise<readonly string[]> {
  const changed: T[] = []
  for (const key of keys) {
    const before = stored.get(key) as T
    const after = options.fold(
      before as unknown as Draft<T>,
      options.incoming.get(key) ?? [],
      key,
    ) as unknown as T | null
    if (after === null || after === before) merged.set(key, { before, after: before })
    else changed.push(after)
  }
  if (changed.length === 0) return []
  const { lost } = await options.collection.replaceMany(changed)
  const lostKeys = new Set(lost)
  for (const after of changed) {
    if (!lostKeys.has(after._id))
      merged.set(after._id, { before: stored.get(after._id) as T, after: { ...after, rev: after.rev + 1 } })
  }
  return lost
}
