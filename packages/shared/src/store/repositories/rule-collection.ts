import { AppError } from '../../errors/app-error.ts'
import type { Collection, Scalar } from '../collection.ts'
import { type RuleRow, ruleKey } from './automation-rows.ts'
import type { IdKind, Sequences } from './sequences.ts'

/** What a rule, or a part of one, is made of beside what every one has. */
export type RuleContent<T extends RuleRow> = Omit<
  T,
  '_id' | 'rev' | 'id' | 'tenant_id' | 'page_id' | 'created_ms' | 'updated_ms'
>

/** The page of a rule, whose owner the caller has checked. */
export interface RulePage {
  readonly tenantId: string
  readonly pageId: number
}

/** All of a page, or of an automation, whose owner the caller has checked; FAQs also by category. */
export type RulesOf =
  | { readonly page_id: number }
  | { readonly automation_id: number }
  | { readonly page_id: number; readonly category: string }

/** Rows of one kind that callers make, change and remove. */
export interface RuleCollection<T extends RuleRow> {
  /** Undefined for another tenant's as for an unknown id. */
  get(tenantId: string, id: number): Promise<T | undefined>
  /** In the order given, each under a number of its own. */
  insert(page: RulePage, contents: readonly RuleContent<T>[], nowMs: number): Promise<T[]>
  /**
   * Reads, changes and writes until nobody else wrote in between; `change` answers the same object for "nothing to do".
   * Undefined when the row is gone.
   *
   * @throws AppError WRITE_CONFLICT
   */
  update(row: T, change: (row: T) => T, nowMs: number): Promise<T | undefined>
  remove(rows: readonly Pick<T, '_id'>[]): Promise<void>
  /** The newest first, that is by falling id; or by rising id. */
  list(
    of: RulesOf,
    sort: 'newest' | 'id',
    limit: number,
    after?: { readonly _id: string; readonly id: number },
  ): Promise<T[]>
  /** By rising id; at most `max`. */
  findAll(of: RulesOf, max: number): Promise<T[]>
  count(of: RulesOf): Promise<number>
  /** Those of a page that the caller has checked, in any order, missing ones left out. At most 5,000. */
  getOfPage(pageId: number, ids: readonly number[]): Promise<T[]>
}

const CAS_ROUNDS_MAX = 20
const CHUNK = 1_000

export function createRuleCollection<T extends RuleRow>(
  collection: Collection<T>,
  kind: IdKind,
  sequences: Sequences,
): RuleCollection<T> {
  const list: RuleCollection<T>['list'] = (of, sort, limit, after) =>
    collection.find({
      ...selection(of),
      order: sort === 'id' ? 'asc' : 'desc',
      limit,
      ...(after ? { after: { id: after.id, _id: after._id } } : {}),
    })
  return {
    list,
    count: (of) => collection.count(selection(of)),
    getOfPage: (pageId, ids) =>
      ids.length === 0 ? Promise.resolve([]) : collection.getMany(ids.map((id) => ruleKey(pageId, id))),
    async get(tenantId, id) {
      const [row] = await collection.find({ index: 'byId', equals: { id }, limit: 1 })
      return row?.tenant_id === tenantId ? row : undefined
    },
    async insert({ tenantId, pageId }, contents, nowMs) {
      const ids = await sequences.take(kind, contents.length)
      const rows = contents.map((content, i) => {
        const id = ids[i] as number
        const identity = { _id: ruleKey(pageId, id), id, tenant_id: tenantId, page_id: pageId }
        return { ...content, ...identity, created_ms: nowMs, updated_ms: nowMs } as unknown as Omit<T, 'rev'>
      })
      for (let i = 0; i < rows.length; i += CHUNK) await collection.insertMany(rows.slice(i, i + CHUNK))
      return rows.map((row) => ({ ...row, rev: 1 }) as unknown as T)
    },
    async update(row, change, nowMs) {
      let current: T | undefined = row
      for (let round = 0; round < CAS_ROUNDS_MAX && current; round++) {
        const changed = change(current)
        if (changed === current) return current
        const next = { ...changed, updated_ms: nowMs }
        const { lost } = await collection.replaceMany([next])
        if (lost.length === 0) return { ...next, rev: next.rev + 1 }
        current = (await collection.getMany([row._id]))[0]
      }
      if (!current) return undefined
      throw new AppError('WRITE_CONFLICT', 'It is being changed by somebody else')
    },
    async remove(rows) {
      for (let i = 0; i < rows.length; i += CHUNK)
        await collection.deleteMany(rows.slice(i, i + CHUNK).map(({ _id }) => _id))
    },
    async findAll(of, max) {
      const all: T[] = []
      for (;;) {
        const some = await list(of, 'id', Math.min(CHUNK, max - all.length), all.at(-1))
        all.push(...some)
        if (some.length < CHUNK || all.length >= max) return all
      }
    },
  }
}

function selection(of: RulesOf): { readonly index: string; readonly equals: Readonly<Record<string, Scalar>> } {
  const index = 'automation_id' in of ? 'byAutomation' : 'category' in of ? 'byCategory' : 'byPage'
  return { index, equals: { ...of } }
}
