import type { Store } from '../collection.ts'
import { getAll } from '../get-all.ts'
import { PAGE_LEASES, type PageLeaseRow } from './rows.ts'

/** The pages' leases, to be looked at: what is left of a page's budget. Workers alone write them. */
export interface LeaseReader {
  /** Of pages whose owner the caller has checked; those that no worker served yet have none. */
  ofPages(pageIds: readonly number[]): Promise<PageLeaseRow[]>
}

export function createLeaseReader(store: Store): LeaseReader {
  const leases = store.collection(PAGE_LEASES)
  return {
    ofPages: (pageIds) => getAll(leases, pageIds.map(String)),
  }
}
