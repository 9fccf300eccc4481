import type { BudgetState } from '@pagesync/shared/graph/page-budget.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { PAGE_LEASES, type PageLeaseRow } from '@pagesync/shared/store/repositories/rows.ts'

/** So many pages that were given back are remembered. */
const GIVEN_BACK_MAX = 1_000
/** A dead holder's page is free after this. */
export const LEASE_MS = 10_000
export const LEASE_RENEW_MS = 3_000

export interface PageLeases {
  /** The lease if nobody else holds it, with a fence higher than all before; undefined otherwise. */
  acquire(pageId: number): Promise<PageLeaseRow | undefined>
  /** Prolongs all of them in one step; answers those that still hold, the others were taken over. */
  renew(
    leases: readonly { readonly lease: PageLeaseRow; readonly budget: BudgetState }[],
  ): Promise<Map<string, PageLeaseRow>>
  /** Gives it back, with the budget as it stands. A lease that was lost meanwhile is left alone. */
  release(lease: PageLeaseRow, budget: BudgetState): Promise<void>
}

/** Exclusive use of a page by compare-and-set on its lease row: of several who try, exactly one wins. */
export function createPageLeases(store: Store, owner: string, clock: Clock): PageLeases {
  const leases = store.collection(PAGE_LEASES)
  const fresh = (pageId: number) => ({
    _id: String(pageId),
    owner: null,
    fence: 0,
    expires_ms: 0,
    buckets: {},
    usage_percent: 0,
    paused_until_ms: 0,
  })

  /** As we gave them back: where nobody took the page since, it is ours again without a look. */
  const givenBack = new Map<string, PageLeaseRow>()

  const take = async (row: PageLeaseRow, nowMs: number): Promise<PageLeaseRow | undefined> => {
    const taken = {
      ...row,
      owner,
      fence: row.fence + 1,
      expires_ms: nowMs + LEASE_MS,
      buckets: row.owner === null ? row.buckets : emptied(row, nowMs),
    }
    const { lost } = await leases.replaceMany([taken])
    return lost.length === 0 ? { ...taken, rev: row.rev + 1 } : undefined
  }

  return {
    async acquire(pageId) {
      const id = String(pageId)
      const ours = givenBack.get(id)
      givenBack.delete(id)
      const again = ours && (await take(ours, clock.now()))
      if (again) return again
      let [row] = await leases.getMany([id])
      if (!row) {
        await leases.insertMany([fresh(pageId)])
        ;[row] = await leases.getMany([id])
      }
      const now = clock.now()
      if (!row || (row.owner !== null && row.expires_ms > now)) return undefined
      return take(row, now)
    },
    async renew(held) {
      const now = clock.now()
      const next = held.map(({ lease, budget }) => ({ ...lease, ...budget, expires_ms: now + LEASE_MS }))
      const { lost } = await leases.replaceMany(next)
      return new Map(
        next.filter((row) => !lost.includes(row._id)).map((row) => [row._id, { ...row, rev: row.rev + 1 }]),
      )
    },
    async release(lease, budget) {
      const free = { ...lease, ...budget, owner: null, expires_ms: 0 }
      const { lost } = await leases.replaceMany([free])
      if (lost.length > 0) return
      if (givenBack.size >= GIVEN_BACK_MAX) givenBack.delete(givenBack.keys().next().value as string)
      givenBack.set(lease._id, { ...free, rev: free.rev + 1 })
    },
  }
}

/** The holder died without saying what it had drawn since its last renewal: begin with nothing. */
function emptied(row: PageLeaseRow, nowMs: number): PageLeaseRow['buckets'] {
  return Object.fromEntries(Object.keys(row.buckets).map((name) => [name, { tokens: 0, at_ms: nowMs }]))
}
