import { AppError } from '../../errors/app-error.ts'
import type { Store } from '../collection.ts'
import { PAGE_HOLDERS, type PageHolderRow } from './connection-rows.ts'

/** Who holds each page: one row for each of Facebook's pages, taken and given back by compare-and-set. */
export interface PageHolders {
  /** The tenant that the page's events are for. */
  holderOf(facebookPageId: string): Promise<PageHolderRow | undefined>
  /** See `PageConnections`. */
  heldAs(facebookPageIds: readonly string[]): Promise<ReadonlyMap<string, string>>
  /**
   * Takes the page, or holds it once more: both change the row, so that what was decided on the row before is lost.
   *
   * @throws AppError PAGE_ALREADY_CONNECTED while another tenant holds it
   */
  take(facebookPageId: string, tenantId: string, nowMs: number): Promise<PageHolderRow>
  /** Was the page held without a break since `held` was answered? Changes the row once more. */
  confirm(held: PageHolderRow): Promise<boolean>
  /** Gives the page back; false when somebody took it since `held` was read. */
  giveBack(held: PageHolderRow, nowMs: number): Promise<boolean>
}

export interface PageHoldersOptions {
  /** Is the page of this tenant really connected? */
  readonly isConnected: (tenantId: string, facebookPageId: string) => Promise<boolean>
}

const CAS_ROUNDS_MAX = 20
/** Longer than any connecting takes from its first write to its last: whoever died in between holds the page no longer. */
const HALF_CONNECTED_MS = 60_000

export function createPageHolders(store: Store, { isConnected }: PageHoldersOptions): PageHolders {
  const holders = store.collection(PAGE_HOLDERS)
  const holderOf: PageHolders['holderOf'] = async (facebookPageId) => (await holders.getMany([facebookPageId]))[0]

  const isFree = async (row: PageHolderRow, tenantId: string, nowMs: number): Promise<boolean> => {
    if (row.tenant_id === null || row.tenant_id === tenantId) return true
    return row.changed_ms + HALF_CONNECTED_MS <= nowMs && !(await isConnected(row.tenant_id, row._id))
  }

  return {
    holderOf,
    async heldAs(facebookPageIds) {
      const rows = facebookPageIds.length === 0 ? [] : await holders.getMany(facebookPageIds)
      return new Map(rows.map(({ _id, tenant_id, generation }) => [_id, `${generation}/${tenant_id ?? ''}`]))
    },
    async take(facebookPageId, tenantId, nowMs) {
      for (let round = 0; round < CAS_ROUNDS_MAX; round++) {
        const known = await holderOf(facebookPageId)
        if (!known) {
          const row = { _id: facebookPageId, tenant_id: tenantId, generation: 1, changed_ms: nowMs }
          if ((await holders.insertMany([row])).existing.length === 0) return { ...row, rev: 1 }
          continue
        }
        if (!(await isFree(known, tenantId, nowMs)))
          throw new AppError('PAGE_ALREADY_CONNECTED', 'The page is connected elsewhere')
        const isTaken = known.tenant_id !== null && known.tenant_id !== tenantId
        const row = {
          ...known,
          tenant_id: tenantId,
          generation: known.generation + (isTaken ? 1 : 0),
          changed_ms: nowMs,
        }
        if ((await holders.replaceMany([row])).lost.length === 0) return { ...row, rev: known.rev + 1 }
      }
      throw busy()
    },
    async confirm(held) {
      for (let round = 0; round < CAS_ROUNDS_MAX; round++) {
        const now = await holderOf(held._id)
        if (now?.tenant_id !== held.tenant_id || now.generation !== held.generation) return false
        if ((await holders.replaceMany([now])).lost.length === 0) return true
      }
      throw busy()
    },
    async giveBack(held, nowMs) {
      const { lost } = await holders.replaceMany([
        { ...held, tenant_id: null, generation: held.generation + 1, changed_ms: nowMs },
      ])
      return lost.length === 0
    },
  }
}

const busy = (): AppError => new AppError('WRITE_CONFLICT', 'The page is being connected or disconnected by others')
