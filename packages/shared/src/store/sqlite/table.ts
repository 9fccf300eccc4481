import type { DatabaseSync } from 'node:sqlite'
import { checkDefinition, indexedFields, misuse } from '../call-limits.ts'
import type { CollectionDefinition, Scalar } from '../collection.ts'
import { indexFields } from '../index-plan.ts'

/**
 * A table per collection: the document as JSON, and for each indexed field a virtual column that is computed from it.
 *
 * SQLite sorts NULL < numbers < text < blobs and compares text by its UTF-8 bytes, which is MongoDB's order for null,
 * numbers, strings and booleans, given that booleans become blobs (as numbers they would equal 0 and 1). Null becomes
 * minus infinity, which JSON cannot hold: unlike NULL it can be compared, so a place in the order is one row value.
 */
export function columnOf(field: string): string {
  return field === '_id' ? '"_id"' : `"i_${field}"`
}

export const NULL_KEY = Number.NEGATIVE_INFINITY

export type SqlValue = string | number | Uint8Array

export function toKey(value: Scalar): SqlValue {
  if (value === null) return NULL_KEY
  return typeof value === 'boolean' ? Uint8Array.of(value ? 1 : 0) : value
}

export function fromKey(key: SqlValue): Scalar {
  if (key === NULL_KEY) return null
  return key instanceof Uint8Array ? key[0] === 1 : key
}

/** An index is named by its table and fields: one whose declaration changes becomes another index. */
export function indexIdentifier(table: string, fields: readonly string[]): string {
  return fields.length === 1 ? `"sqlite_autoindex_${table}_1"` : `"${table}(${fields.join(',')})"`
}

/** Building an index over many rows takes its time, in one piece: this belongs to a start. */
export function ensureTable(database: DatabaseSync, definition: CollectionDefinition<never>): void {
  checkTable(definition)
  const table = `"${definition.name}"`
  database.exec(
    `CREATE TABLE IF NOT EXISTS ${table} (_id TEXT NOT NULL PRIMARY KEY, rev INTEGER NOT NULL, doc TEXT NOT NULL)`,
  )
  const present = new Set(
    database
      .prepare(`PRAGMA table_xinfo(${table})`)
      .all()
      .map((column) => `"${column.name}"`),
  )
  for (const field of indexedFields(definition)) {
    if (!present.has(columnOf(field))) database.exec(`ALTER TABLE ${table} ADD COLUMN ${columnDefinition(field)}`)
  }
  for (const declared of Object.values(definition.indexes)) {
    const fields = indexFields(declared)
    const identifier = indexIdentifier(definition.name, fields)
    database.exec(`CREATE INDEX IF NOT EXISTS ${identifier} ON ${table} (${fields.map(columnOf).join(', ')})`)
  }
}

export function checkTable(definition: CollectionDefinition<never>): void {
  checkDefinition(definition)
  if (definition.name.startsWith('sqlite_')) throw misuse(`"${definition.name}" is a name of SQLite's own`)
}

function columnDefinition(field: string): string {
  const path = `'$.${field}'`
  const key = `CASE json_type(doc, ${path}) WHEN 'true' THEN x'01' WHEN 'false' THEN x'00' ELSE json_extract(doc, ${path}) END`
  return `${columnOf(field)} GENERATED ALWAYS AS (ifnull(${key}, -1e999)) VIRTUAL`
}
