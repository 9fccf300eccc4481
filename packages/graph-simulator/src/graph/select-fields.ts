import type { WantedField } from './field-selection.ts'
import { GraphError } from './graph-error.ts'

/** How one field of a node is made; undefined leaves it out, as Facebook does with empty fields. */
export type FieldGetter<Source, Context> = (source: Source, wanted: WantedField, context: Context) => unknown

export interface NodeType<Source, Context> {
  /** Facebook's name of the type, for its error text. */
  readonly name: string
  readonly fields: Readonly<Record<string, FieldGetter<Source, Context>>>
  /** What is answered when no fields are named. */
  readonly defaults: readonly WantedField[]
}

export const plain = (...names: string[]): WantedField[] => names.map((name) => ({ name, parameters: {} }))

/** A node with the wanted fields. `id` is always there; one unknown field fails the whole call. */
export function selectFields<Source, Context>(
  type: NodeType<Source, Context>,
  source: Source,
  wanted: readonly WantedField[] | undefined,
  context: Context,
): Record<string, unknown> {
  const node: Record<string, unknown> = {}
  let withId = false
  for (const field of wanted === undefined || wanted.length === 0 ? type.defaults : wanted) {
    const getter = Object.hasOwn(type.fields, field.name) ? type.fields[field.name] : undefined
    if (getter === undefined) throw nonExisting(field.name, type.name)
    if (field.name === 'id') withId = true
    const value = getter(source, field, context)
    if (value !== undefined) node[field.alias ?? field.name] = value
  }
  const id = type.fields.id
  if (!withId && id !== undefined) node.id = id(source, { name: 'id', parameters: {} }, context)
  return node
}

export const nonExisting = (field: string, type: string): GraphError =>
  new GraphError(100, `(#100) Tried accessing nonexisting field (${field}) on node type (${type})`)

/** Narrows a plain value, or each item of its `data`, to the wanted sub-fields. */
export function narrow(value: unknown, wanted: readonly WantedField[] | undefined): unknown {
  if (wanted === undefined || wanted.length === 0 || value === null || typeof value !== 'object') return value
  if (Array.isArray(value)) return value.map((item) => narrow(item, wanted))
  const source = value as Record<string, unknown>
  if (Array.isArray(source.data)) return { ...source, data: narrow(source.data, wanted) }
  if (source.data !== null && typeof source.data === 'object') return { ...source, data: narrow(source.data, wanted) }
  const narrowed: Record<string, unknown> = {}
  for (const field of wanted) {
    const found = source[field.name]
    if (found !== undefined) narrowed[field.alias ?? field.name] = narrow(found, field.fields)
  }
  return narrowed
}

const DAY_MS = 86_400_000
const pad = (number: number): string => (number < 10 ? `0${number}` : String(number))

/** `2021-07-23T09:28:50+0000`: seconds, and no colon in the offset. By hand: an answer holds thousands of times. */
export function graphTime(epochMs: number): string {
  const date = new Date(epochMs)
  const second = Math.floor((((epochMs % DAY_MS) + DAY_MS) % DAY_MS) / 1000)
  const day = `${date.getUTCFullYear()}-${pad(date.getUTCMonth() + 1)}-${pad(date.getUTCDate())}`
  return `${day}T${pad(Math.floor(second / 3600))}:${pad(Math.floor(second / 60) % 60)}:${pad(second % 60)}+0000`
}
