import { AppError } from '../../errors/app-error.ts'
import type { Store } from '../collection.ts'
import { PAGE_LIMITS } from './access-rows.ts'

export type LimitKind = 'full_sync' | 'pull'

/** Shared by all instances: how often something of a page was asked for in the last while. */
export interface PageLimits {
  /**
   * Takes one of `max` places in the `windowMs` that end now. Null: there was one, and it is taken; else how long until
   * one is free, in milliseconds.
   *
   * @throws AppError WRITE_CONFLICT when too many ask at the same moment
   */
  take(pageId: number, kind: LimitKind, nowMs: number, limit: { max: number; windowMs: number }): Promise<number | null>
  /** Gives a place back that was taken at `atMs`: nothing new came of it. */
  giveBack(pageId: number, kind: LimitKind, atMs: number): Promise<void>
}

const CAS_ROUNDS_MAX = 50

export function createPageLimits(store: Store): PageLimits {
  const collection = store.collection(PAGE_LIMITS)

  /** `next` answers null for "nothing to write". */
  const change = async (id: string, next: (taken: readonly number[]) => readonly number[] | null): Promise<void> => {
    for (let round = 0; round < CAS_ROUNDS_MAX; round++) {
      const [row] = await collection.getMany([id])
      const taken_ms = next(row?.taken_ms ?? [])
      if (taken_ms === null) return
      if (!row && (await collection.insertMany([{ _id: id, taken_ms }])).existing.length === 0) return
      if (row && (await collection.replaceMany([{ ...row, taken_ms }])).lost.length === 0) return
    }
    throw new AppError('WRITE_CONFLICT', 'Too many ask for the same page at one moment')
  }

  return {
    async take(pageId, kind, nowMs, { max, windowMs }) {
      let waitMs: number | null = null
      await change(`${pageId}:${kind}`, (all) => {
        const taken = all.filter((atMs) => atMs > nowMs - windowMs).toSorted((a, b) => a - b)
        const oldest = taken.at(-max)
        waitMs = oldest === undefined ? null : oldest + windowMs - nowMs
        return oldest === undefined ? [...taken, nowMs] : null
      })
      return waitMs
    },
    giveBack: (pageId, kind, atMs) =>
      change(`${pageId}:${kind}`, (taken) => {
        const index = taken.indexOf(atMs)
        return index < 0 ? null : taken.toSpliced(index, 1)
      }),
  }
}
