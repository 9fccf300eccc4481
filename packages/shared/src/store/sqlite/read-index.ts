import { GROUPS_MAX, misuse } from '../call-limits.ts'
import type { Scalar } from '../collection.ts'
import type { FindPlan, IndexPlan } from '../index-plan.ts'
import { fromWhere, orderBy, type Place } from './query-sql.ts'
import type { SqliteEngine } from './sqlite-engine.ts'
import { columnOf, fromKey, type SqlValue } from './table.ts'

/** Index entries that are counted in one turn: about 2 ms. */
const COUNT_STEP = 50_000

/** As many documents as a turn has time for, then on from the last of them. */
export async function findDocuments<T>(engine: SqliteEngine, table: string, plan: FindPlan): Promise<T[]> {
  const { descending, limit, open } = plan
  const found: T[] = []
  let after = plan.after
  const readSome = (untilMs: number): boolean => {
    const query = fromWhere(table, plan, after && { after, descending })
    const sql = `SELECT doc ${query.sql} ${orderBy(plan, descending)} LIMIT ?`
    for (const row of engine.statement(sql).iterate(...query.values, limit - found.length)) {
      found.push(JSON.parse(String(row.doc)) as T)
      if (performance.now() >= untilMs && found.length < limit) {
        const last = found.at(-1) as Readonly<Record<string, Scalar>>
        after = open.map((field) => last[field] ?? null)
        return true
      }
    }
    return false
  }
  while (await engine.turns.run(readSome));
  return found
}

export async function countEntries(engine: SqliteEngine, table: string, plan: IndexPlan): Promise<number> {
  const columns = plan.open.map(columnOf).join(', ')
  let counted = 0
  let place: Place | undefined
  const countSome = (): boolean => {
    const query = fromWhere(table, plan, place)
    const step = `SELECT ${columns} ${query.sql} ${orderBy(plan, false)} LIMIT 1 OFFSET ${COUNT_STEP - 1}`
    const last = engine.statement(step).get(...query.values)
    if (last) {
      counted += COUNT_STEP
      place = { after: Object.values(last).map((key) => fromKey(key as SqlValue)), descending: false }
      return true
    }
    counted += Number(engine.statement(`SELECT count(*) AS n ${query.sql}`).get(...query.values)?.n)
    return false
  }
  while (await engine.turns.run(countSome));
  return counted
}

/** From value to value through the index: the entries of a group are counted, its documents never read. */
export async function countGroups(
  engine: SqliteEngine,
  table: string,
  plan: IndexPlan,
): Promise<ReadonlyMap<Scalar, number>> {
  const groups = new Map<Scalar, number>()
  const [field, ...rest] = plan.open as readonly [string, ...string[]]
  const head: IndexPlan = { ...plan, open: [field] }
  let place: Place | undefined
  const nextValue = (): Scalar | undefined => {
    const query = fromWhere(table, head, place)
    const sql = `SELECT ${columnOf(field)} AS key ${query.sql} ${orderBy(head, false)} LIMIT 1`
    const row = engine.statement(sql).get(...query.values)
    return row && fromKey(row.key as SqlValue)
  }
  for (let value = await engine.turns.run(nextValue); value !== undefined; value = await engine.turns.run(nextValue)) {
    if (groups.size === GROUPS_MAX) throw misuse(`${table} has too many groups by ${field}`)
    const group: IndexPlan = { ...plan, fixed: [...plan.fixed, [field, value]], open: rest }
    const count = await countEntries(engine, table, group)
    // Its last document may have been deleted in between.
    if (count > 0) groups.set(value, count)
    place = { after: [value], descending: false }
  }
  return groups
}
