import type { Filter, Sort } from 'mongodb'
import type { Scalar } from '../collection.ts'
import type { FindPlan, IndexPlan } from '../index-plan.ts'
import type { StoredDocument } from './stored-form.ts'

type Condition = Filter<StoredDocument>

/** The selection of a plan, without its place to go on after. */
export function selectionFilter(plan: IndexPlan): Condition {
  const conditions: Condition[] = plan.fixed.map(([field, value]) => ({ [field]: { $eq: value } }))
  if (plan.range) conditions.push({ [plan.open[0] as string]: definedOnly(plan.range) })
  return conjunction(conditions)
}

export function findFilter(plan: FindPlan): Condition {
  return conjunction([selectionFilter(plan), ...(plan.after ? afterConditions(plan, plan.after) : [])])
}

/** All open fields in one direction, so that the index gives the order, forwards or backwards. */
export function findSort(plan: FindPlan): Sort {
  const direction = plan.descending ? -1 : 1
  return Object.fromEntries(plan.open.map((field) => [field, direction]))
}

/**
 * What comes after (a, b, _id): a beyond, or a equal and b beyond, or both equal and _id beyond. The first condition
 * is implied by the others and only there for the server: it bounds the scan of the index where the planner does not
 * see through the $or.
 */
function afterConditions(plan: FindPlan, after: readonly Scalar[]): Condition[] {
  const branches: Condition[] = []
  for (const [i, field] of plan.open.entries()) {
    const equal = plan.open.slice(0, i).map((before, j) => ({ [before]: { $eq: after[j] } }))
    const ranged = plan.range !== undefined && i === 0
    for (const beyond of beyondConditions(field, after[i] as Scalar, plan.descending, ranged)) {
      branches.push(conjunction([...equal, beyond]))
    }
  }
  const [only] = branches
  if (branches.length === 1 && only) return [only]
  return [...boundCondition(plan, after[0] as Scalar), { $or: branches }]
}

/**
 * Null (and absent) comes before everything else, while `$gt` and `$lt` compare within one type and never meet null.
 */
function beyondConditions(field: string, value: Scalar, descending: boolean, ranged: boolean): Condition[] {
  if (!descending) return [{ [field]: value === null ? { $ne: null } : { $gt: value } }]
  if (value === null) return []
  const lower: Condition = { [field]: { $lt: value } }
  return field === '_id' || ranged ? [lower] : [lower, { [field]: { $eq: null } }]
}

function boundCondition(plan: FindPlan, value: Scalar): Condition[] {
  const field = plan.open[0] as string
  if (value === null) return []
  if (!plan.descending) return [{ [field]: { $gte: value } }]
  return [{ [field]: plan.range ? { $lte: value } : { $not: { $gt: value } } }]
}

function conjunction(conditions: readonly Condition[]): Condition {
  const [only] = conditions
  if (conditions.length <= 1) return only ?? {}
  return { $and: [...conditions] }
}

function definedOnly(bounds: object): object {
  const entries = Object.entries(bounds).filter(([, bound]) => bound !== undefined)
  return Object.fromEntries(entries.map(([name, bound]) => [`$${name}`, bound]))
}
