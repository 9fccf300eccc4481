/**
 * The store port: JSON documents under a natural key, declared indexes, compare-and-set. Two engines stand behind
 * it, MongoDB's wire protocol (`mongo/`) and the embedded one (`sqlite/`); both pass
 * `tests/contract/collection-contract.ts`. Repositories (`repositories/`) are written once, on this port.
 *
 * No transactions: each write is idempotent by its key or guarded by `rev`. Every method throws only AppError; an
 * engine that does not answer is STORE_UNAVAILABLE, and then a write may or may not have been made. What breaks a rule
 * stated here is a programming error: INTERNAL.
 */

/**
 * What every document has. `_id` is the natural key, 1 to 512 bytes; `rev` starts at 1 and rises with each write. All
 * else is JSON, with any names, at most 15,000,000 bytes (PAYLOAD_TOO_LARGE) and 80 levels deep.
 */
export interface StoreDocument {
  readonly _id: string
  readonly rev: number
}

export type Scalar = string | number | boolean | null

/**
 * Indexed fields are top level and lower_snake_case. They hold Scalars of one type, null, or are absent (absent is
 * found, counted and ordered as null); strings are ordered by their UTF-8 bytes, false before true. Every index ends
 * with `_id` by itself, so its order is total. The index named `_id` is there without being declared.
 */
export interface CollectionDefinition<T extends StoreDocument> {
  /** lower_snake_case; the table's or collection's name. */
  readonly name: string
  readonly indexes: Readonly<Record<string, readonly (keyof T & string)[]>>
}

export interface Range {
  readonly gt?: string | number
  readonly gte?: string | number
  readonly lt?: string | number
  readonly lte?: string | number
}

/** Names a declared index, fixes its first fields by `equals`, and optionally limits the next one by `range`. */
export interface IndexSelection {
  /** A declared index, or `_id` (then `equals` is empty and `range` is over `_id`). */
  readonly index: string
  /** Values for the first 0…n fields of the index, by name. */
  readonly equals?: Readonly<Record<string, Scalar>>
  /** Over the first field that `equals` leaves open. Null never lies within a range. */
  readonly range?: Range
}

export interface FindQuery extends IndexSelection {
  /** By the index's open fields, then `_id`, all in this direction. Null sorts before everything else. Default `asc`. */
  readonly order?: 'asc' | 'desc'
  /** 1…1,000. */
  readonly limit: number
  /** Keyset paging: only what comes after this document in the order; it need not exist any more. */
  readonly after?: Readonly<Record<string, Scalar>> & { readonly _id: string }
}

export interface InsertResult {
  /** Keys that were there already: those documents were not written. */
  readonly existing: readonly string[]
}

export interface ReplaceResult {
  /** Keys whose stored `rev` was another (or that are gone): those documents were not written. */
  readonly lost: readonly string[]
}

export interface Collection<T extends StoreDocument> {
  /** In any order, missing ones left out. At most 5,000 keys. */
  getMany(ids: readonly string[]): Promise<T[]>
  /** Each document stands or falls by itself; `rev` is written as 1. At most 5,000 of them, distinct keys. */
  insertMany(documents: readonly Omit<T, 'rev'>[]): Promise<InsertResult>
  /** Compare-and-set: writes the whole document where the stored `rev` equals the given one, with `rev` + 1. At most 5,000, distinct keys. */
  replaceMany(documents: readonly T[]): Promise<ReplaceResult>
  /**
   * Adds to number fields (absent counts as 0, anything else that is no number is INTERNAL) in one atomic step, making
   * the document if it is missing; answers the document after it. The one write that is not idempotent.
   */
  increment(id: string, deltas: Readonly<Record<string, number>>): Promise<T>
  find(query: FindQuery): Promise<T[]>
  count(selection: IndexSelection): Promise<number>
  /** How many documents there are for each value of the first open field of the index. Above 1,000 groups it is INTERNAL. */
  groupCount(selection: Omit<IndexSelection, 'range'>): Promise<ReadonlyMap<Scalar, number>>
  /** Missing ones are no error. At most 5,000 keys. Answers how many were there. */
  deleteMany(ids: readonly string[]): Promise<number>
}

export interface Store extends AsyncDisposable {
  readonly engine: 'mongodb' | 'embedded'
  /** Makes the collections' tables and indexes where they are missing, drops none. May be called by many at once and again. */
  ensure(definitions: readonly CollectionDefinition<never>[]): Promise<void>
  collection<T extends StoreDocument>(definition: CollectionDefinition<T>): Collection<T>
  /** Rejects with STORE_UNAVAILABLE within `timeoutMs` when the engine does not answer. */
  ping(timeoutMs: number): Promise<void>
  /** Twice is once; any call after it rejects with STORE_UNAVAILABLE. */
  close(): Promise<void>
}
