/**
 * How a document stands in MongoDB: as it is, with two exceptions.
 *
 * 1. Names of fields that MongoDB or its driver would take for their own are escaped by a leading fullwidth dollar
 *    sign: `$ne` (an operator; refused by replace at the top level), `$ref` (the driver would answer a DBRef),
 *    `_bsontype` (the driver would take the object for a BSON class), names with a NUL (BSON has none), `_write`.
 *    What comes from outside may hold any of them.
 * 2. `_write` holds a mark of the call that last wrote the document whole, see `write-batches.ts`.
 */
const ESCAPE = '＄'
const WRITE_MARK = '_write'
const RESERVED = /^[$＄]|^_bsontype$|^_write$|\0/

export interface StoredDocument {
  readonly _id: string
  readonly rev: number
  readonly [WRITE_MARK]?: string
  readonly [field: string]: unknown
}

export function toStored(document: object, rev: number, writeMark: string): StoredDocument {
  const safe = anyName(document, (name) => RESERVED.test(name)) ? renamed(document, escapeName) : document
  return { ...(safe as StoredDocument), rev, [WRITE_MARK]: writeMark }
}

export function fromStored<T>(stored: StoredDocument): T {
  const { [WRITE_MARK]: _mark, ...document } = stored
  const escaped = anyName(document, (name) => name.startsWith(ESCAPE))
  return (escaped ? renamed(document, unescapeName) : document) as T
}

const escapeName = (name: string): string =>
  RESERVED.test(name) ? ESCAPE + name.replaceAll('%', '%25').replaceAll('\0', '%00') : name

const unescapeName = (name: string): string =>
  name.startsWith(ESCAPE) ? name.slice(ESCAPE.length).replaceAll('%00', '\0').replaceAll('%25', '%') : name

/** Almost always false: so most documents are looked through, but not copied. */
function anyName(value: unknown, matches: (name: string) => boolean): boolean {
  if (typeof value !== 'object' || value === null) return false
  if (Array.isArray(value)) return value.some((member) => anyName(member, matches))
  return Object.entries(value).some(([name, member]) => matches(name) || anyName(member, matches))
}

function renamed(value: unknown, rename: (name: string) => string): unknown {
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map((member) => renamed(member, rename))
  return Object.fromEntries(Object.entries(value).map(([name, member]) => [rename(name), renamed(member, rename)]))
}
