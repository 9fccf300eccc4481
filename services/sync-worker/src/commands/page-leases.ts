import type { BudgetState } from '@pagesync/shared/graph/page-budget.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { PAGE_LEASES, type PageLeaseRow } from '@pagesync/shared/store/repositories/rows.ts'

/** So many pages that were given back are remembered. */
const GIVEN_BACK_MAX = 1_000
/** A dead holder's page is free after this. */
export const LEASE_MS = 10_000
export const LEASE_RENEW_MS = 3_000
const ROUNDS_MAX = 5

export interface PageLeases {
  /**
   * The lease if nobody else holds it, with a fence higher than all before; undefined otherwise. Whoever holds it finds a
   * note then, and looks at the ledger once more before it forgets the page: what was put there meanwhile is not missed.
   */
  acquire(pageId: number): Promise<PageLeaseRow | undefined>
  /** Prolongs all of them in one step; answers those that still hold, the others were taken over. */
  renew(
    leases: readonly { readonly lease: PageLeaseRow; readonly budget: BudgetState }[],
  ): Promise<Map<string, PageLeaseRow>>
  /**
   * Gives it back, with the budget as it stands; answers whether others wanted it meanwhile. A lease that was lost is left
   * alone.
   */
  release(lease: PageLeaseRow, budget: BudgetState): Promise<boolean>
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

  const save = async (row: PageLeaseRow): Promise<PageLeaseRow | undefined> => {
    const { lost } = await leases.replaceMany([row])
    return lost.length === 0 ? { ...row, rev: row.rev + 1 } : undefined
  }
  const take = (row: PageLeaseRow, nowMs: number): Promise<PageLeaseRow | undefined> =>
    save({
      ...row,
      owner,
      fence: row.fence + 1,
      expires_ms: nowMs + LEASE_MS,
      is_wanted: false,
      buckets: row.owner === null ? row.buckets : emptied(row, nowMs),
    })
  const readOrMake = async (pageId: number): Promise<PageLeaseRow | undefined> => {
    const [row] = await leases.getMany([String(pageId)])
    if (row) return row
    await leases.insertMany([fresh(pageId)])
    return (await leases.getMany([String(pageId)]))[0]
  }
  /** Our lease as it stands, where others only noted that they want it; undefined where they took it over. */
  const stillOurs = async (lease: PageLeaseRow): Promise<PageLeaseRow | undefined> => {
    const [row] = await leases.getMany([lease._id])
    return row?.owner === owner && row.fence === lease.fence ? row : undefined
  }

  return {
    async acquire(pageId) {
      const id = String(pageId)
      const ours = givenBack.get(id)
      givenBack.delete(id)
      const again = ours && (await take(ours, clock.now()))
      if (again) return again
      for (let round = 0; round < ROUNDS_MAX; round++) {
        const row = await readOrMake(pageId)
        const now = clock.now()
        if (!row) return undefined
        if (row.owner === null || row.expires_ms <= now) {
          const taken = await take(row, now)
          if (taken) return taken
        } else if (row.is_wanted === true || (await save({ ...row, is_wanted: true }))) return undefined
      }
      return undefined
    },
    async renew(held) {
      const now = clock.now()
      const next = held.map(({ lease, budget }) => ({ ...lease, ...budget, expires_ms: now + LEASE_MS }))
      const { lost } = await leases.replaceMany(next)
      const renewed = await Promise.all(
        next.map(async (row) => {
          if (!lost.includes(row._id)) return { ...row, rev: row.rev + 1 }
          const ours = await stillOurs(row)
          return ours && save({ ...row, rev: ours.rev, is_wanted: true })
        }),
      )
      return new Map(renewed.flatMap((row) => (row ? [[row._id, row]] : [])))
    },
    async release(lease, budget) {
      let row: PageLeaseRow | undefined = lease
      for (let round = 0; row && round < ROUNDS_MAX; round++) {
        const free = await save({ ...row, ...budget, owner: null, expires_ms: 0, is_wanted: false })
        if (free) {
          if (givenBack.size >= GIVEN_BACK_MAX) givenBack.delete(givenBack.keys().next().value as string)
          givenBack.set(lease._id, free)
          return row.is_wanted === true
        }
        row = await stillOurs(row)
      }
      return false
    },
  }
}

/** The holder died without saying what it had drawn since its last renewal: begin with nothing. */
function emptied(row: PageLeaseRow, nowMs: number): PageLeaseRow['buckets'] {
  return Object.fromEntries(Object.keys(row.buckets).map((name) => [name, { tokens: 0, at_ms: nowMs }]))
}
