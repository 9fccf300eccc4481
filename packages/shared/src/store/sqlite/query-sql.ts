import type { Range, Scalar } from '../collection.ts'
import type { IndexPlan } from '../index-plan.ts'
import { columnOf, indexIdentifier, type SqlValue, toKey } from './table.ts'

export interface Query {
  readonly sql: string
  readonly values: readonly SqlValue[]
}

/** A place in the order of the open fields, and which way to go on from it. */
export interface Place {
  readonly after: readonly Scalar[]
  readonly descending: boolean
}

/** `FROM … WHERE …`. The index is named, so that no statistics can talk SQLite into another plan. */
export function fromWhere(table: string, plan: IndexPlan, place?: Place): Query {
  const conditions: string[] = []
  const values: SqlValue[] = []
  const add = (condition: string, ...bound: readonly Scalar[]): void => {
    conditions.push(condition)
    values.push(...bound.map(toKey))
  }
  for (const [field, value] of plan.fixed) add(`${columnOf(field)} = ?`, value)
  if (plan.range) addRange(add, columnOf(plan.open[0] as string), plan.range, place)
  if (place) {
    const columns = plan.open.map(columnOf).join(', ')
    const marks = plan.open.map(() => '?').join(', ')
    add(`(${columns}) ${place.descending ? '<' : '>'} (${marks})`, ...place.after)
  }
  const where = conditions.length > 0 ? ` WHERE ${conditions.join(' AND ')}` : ''
  return { sql: `FROM "${table}" INDEXED BY ${indexIdentifier(table, plan.fields)}${where}`, values }
}

export function orderBy(plan: IndexPlan, descending: boolean): string {
  return `ORDER BY ${plan.open.map((field) => `${columnOf(field)} ${descending ? 'DESC' : 'ASC'}`).join(', ')}`
}

/**
 * A range holds values of one type only, as on MongoDB: what a missing bound leaves open ends where the type ends.
 * Where a place bounds the scan already, the bound on that side is only a filter (`+` keeps SQLite from scanning by it
 * instead, from the range's beginning on every page).
 */
function addRange(add: (condition: string, ...bound: Scalar[]) => void, column: string, range: Range, place?: Place) {
  const lower = place && !place.descending ? `+${column}` : column
  const upper = place?.descending ? `+${column}` : column
  const isText = [range.gt, range.gte, range.lt, range.lte].some((bound) => typeof bound === 'string')
  if (range.gt !== undefined) add(`${lower} > ?`, range.gt)
  if (range.gte !== undefined) add(`${lower} >= ?`, range.gte)
  if (range.lt !== undefined) add(`${upper} < ?`, range.lt)
  if (range.lte !== undefined) add(`${upper} <= ?`, range.lte)
  if (range.gt === undefined && range.gte === undefined) add(`${lower} ${isText ? ">= ''" : '> -1e999'}`)
  if (range.lt === undefined && range.lte === undefined) add(`${upper} < ${isText ? "x''" : "''"}`)
}
