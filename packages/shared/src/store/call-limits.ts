import { AppError } from '../errors/app-error.ts'
import type { CollectionDefinition, Scalar, StoreDocument } from './collection.ts'

/** Both engines check their callers here, so that what one refuses the other refuses too. */
export const KEYS_MAX = 5_000
export const FIND_LIMIT_MAX = 1_000
export const GROUPS_MAX = 1_000
export const ID_BYTES_MAX = 512
/** A stored document; MongoDB's own limit is 16 MiB of BSON. */
export const DOCUMENT_BYTES_MAX = 15_000_000

/** A mistake of ours, not of the data: nothing was written. */
export const misuse = (message: string): AppError => new AppError('INTERNAL', message)

/** For reading and deleting: a key that could not be stored is simply missing. */
export function checkKeys(ids: readonly string[]): void {
  if (ids.length > KEYS_MAX) throw misuse(`${ids.length} keys in one call, at most ${KEYS_MAX} are allowed`)
  if (!ids.every((id) => typeof id === 'string')) throw misuse('A key must be a string')
}

export function checkStorableId(id: unknown): void {
  if (typeof id !== 'string' || id === '') throw misuse('A key must be a string that is not empty')
  // Three bytes a code unit at most: most keys need no counting.
  if (id.length * 3 > ID_BYTES_MAX && Buffer.byteLength(id) > ID_BYTES_MAX) {
    throw misuse(`A key has ${Buffer.byteLength(id)} bytes, at most ${ID_BYTES_MAX} are allowed`)
  }
}

/** Distinct keys, and a Scalar or nothing in every indexed field. */
export function checkDocuments(definition: CollectionDefinition<never>, documents: readonly object[]): void {
  const rows = documents as readonly Readonly<Record<string, unknown>>[]
  checkKeys(rows.map((row) => row._id as string))
  for (const row of rows) checkStorableId(row._id)
  if (new Set(rows.map((row) => row._id)).size < rows.length) throw misuse('A key stands twice in one call')
  const indexed = indexedFields(definition)
  for (const row of rows) {
    for (const field of indexed) {
      if (row[field] !== undefined && !isScalar(row[field])) {
        throw misuse(`${definition.name}.${field} is indexed: it must hold a string, a number, a boolean or null`)
      }
    }
  }
}

/** Without a rev, compare-and-set would compare nothing. */
export function checkRevs(documents: readonly StoreDocument[]): void {
  for (const { rev } of documents) {
    if (!Number.isSafeInteger(rev) || rev < 1) throw misuse('A document to replace must have the rev it was read with')
  }
}

/** @throws AppError PAYLOAD_TOO_LARGE */
export function checkSize(characters: number, toJson: () => string): void {
  // Three bytes a character at most: most documents need no counting.
  if (characters * 3 > DOCUMENT_BYTES_MAX && Buffer.byteLength(toJson()) > DOCUMENT_BYTES_MAX) {
    throw new AppError('PAYLOAD_TOO_LARGE', `A document is above ${DOCUMENT_BYTES_MAX} bytes`)
  }
}

/** Characters of the document as JSON, about. */
export function roughSize(value: unknown): number {
  if (typeof value === 'string') return value.length
  if (typeof value !== 'object' || value === null) return 8
  let size = 8
  for (const [name, member] of Object.entries(value)) size += name.length + roughSize(member)
  return size
}

export function checkDeltas(deltas: Readonly<Record<string, number>>): void {
  for (const [field, delta] of Object.entries(deltas)) {
    if (!FIELD.test(field) || field === 'rev') throw misuse(`"${field}" cannot be incremented`)
    if (!Number.isFinite(delta)) throw misuse(`"${field}" can be incremented by a finite number only`)
  }
}

const NAME = /^[a-z][a-z0-9_]{0,62}$/
const FIELD = /^[a-z][a-z0-9_]{0,62}$/

/** Names go into SQL and into index names as they are. */
export function checkDefinition(definition: CollectionDefinition<never>): void {
  if (!NAME.test(definition.name)) throw misuse(`"${definition.name}" is no lower_snake_case collection name`)
  for (const [index, fields] of Object.entries(definition.indexes)) {
    if (index === '_id') throw misuse(`${definition.name}: the index _id needs no declaration`)
    if (fields.length === 0) throw misuse(`${definition.name}.${index}: an index needs a field`)
    for (const field of fields) {
      if (!FIELD.test(field)) throw misuse(`${definition.name}.${index}: "${field}" cannot be indexed`)
    }
    if (new Set<string>(fields).size < fields.length) throw misuse(`${definition.name}.${index}: a field stands twice`)
  }
}

export function indexedFields(definition: CollectionDefinition<never>): readonly string[] {
  return [...new Set<string>(Object.values(definition.indexes).flat())]
}

export function isScalar(value: unknown): value is Scalar {
  if (typeof value === 'number') return Number.isFinite(value)
  return value === null || typeof value === 'string' || typeof value === 'boolean'
}
