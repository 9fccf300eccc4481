import { FIND_LIMIT_MAX, isScalar, misuse } from './call-limits.ts'
import type { CollectionDefinition, FindQuery, IndexSelection, Range, Scalar } from './collection.ts'

/** A selection read against the declared index: what both engines build their queries from. */
export interface IndexPlan {
  /** All fields of the index; the last is always `_id`. */
  readonly fields: readonly string[]
  /** The first fields, fixed to a value each. */
  readonly fixed: readonly (readonly [field: string, value: Scalar])[]
  /** The rest: what the order goes by. The last is always `_id`. */
  readonly open: readonly string[]
  /** Over the first open field. At least one bound, all of one type. */
  readonly range: Range | undefined
}

export interface FindPlan extends IndexPlan {
  readonly descending: boolean
  readonly limit: number
  /** One value for each open field. */
  readonly after: readonly Scalar[] | undefined
}

/** The declared index with the `_id` that ends every index. */
export function indexFields(declared: readonly string[]): readonly string[] {
  return [...declared, '_id']
}

export function planSelection(definition: CollectionDefinition<never>, selection: IndexSelection): IndexPlan {
  const declared = selection.index === '_id' ? [] : definition.indexes[selection.index]
  if (!declared) throw misuse(`${definition.name} has no index "${selection.index}"`)
  const fields = indexFields(declared)
  const equals = Object.entries(selection.equals ?? {}).filter(([, value]) => value !== undefined)
  const values = new Map<string, Scalar>(equals)
  const prefix = fields.slice(0, values.size)
  if (values.size >= fields.length || !prefix.every((field) => values.has(field))) {
    throw misuse(`${definition.name}.${selection.index}: equals must name the first fields of ${fields.join(', ')}`)
  }
  const fixed = prefix.map((field) => [field, scalar(values.get(field), field)] as const)
  const open = fields.slice(values.size)
  return { fields, fixed, open, range: planRange(selection.range, open[0] as string) }
}

export function planFind(definition: CollectionDefinition<never>, query: FindQuery): FindPlan {
  const plan = planSelection(definition, query)
  const { limit, after, order = 'asc' } = query
  if (!Number.isInteger(limit) || limit < 1 || limit > FIND_LIMIT_MAX) {
    throw misuse(`find's limit is ${limit}, it must be from 1 to ${FIND_LIMIT_MAX}`)
  }
  if (order !== 'asc' && order !== 'desc') throw misuse(`There is no order "${String(order)}"`)
  if (after && typeof after._id !== 'string') throw misuse('find goes on after a document with an _id')
  return {
    ...plan,
    descending: order === 'desc',
    limit,
    after: after && plan.open.map((field) => scalar(after[field] ?? null, field)),
  }
}

export function planGroups(definition: CollectionDefinition<never>, selection: IndexSelection): IndexPlan {
  const plan = planSelection(definition, { ...selection, range: undefined })
  if (plan.open.length === 1) throw misuse(`${definition.name}.${selection.index} leaves no field open to group by`)
  return plan
}

function planRange(range: Range | undefined, field: string): Range | undefined {
  if (range === undefined) return undefined
  const bounds = [range.gt, range.gte, range.lt, range.lte].filter((bound) => bound !== undefined)
  const [first] = bounds
  if (first === undefined) throw misuse(`The range over ${field} has no bound`)
  if (!bounds.every((bound) => isScalar(bound) && typeof bound === typeof first)) {
    throw misuse(`The range over ${field} must have bounds of one type`)
  }
  if (typeof first !== 'string' && (typeof first !== 'number' || field === '_id')) {
    throw misuse(`The range over ${field} cannot have a ${typeof first} as its bound`)
  }
  return range
}

/** A value that is an object would be an operator on MongoDB: it never gets that far. */
function scalar(value: unknown, field: string): Scalar {
  if (!isScalar(value)) throw misuse(`${field} can be compared with a string, a number, a boolean or null only`)
  return value
}
