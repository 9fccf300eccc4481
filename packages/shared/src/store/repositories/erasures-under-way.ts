import { AppError } from '../../errors/app-error.ts'
import type { Store } from '../collection.ts'
import { ERASURES } from './privacy-rows.ts'
import { TENANTS } from './rows.ts'

/** What is being erased, and what must not come to be meanwhile. The row of an erasure is there before its work begins. */
export interface ErasuresUnderWay {
  /** Is the tenant being erased, or was it? A tenant of whom no erasure is known is not. */
  isErased(tenantId: string): Promise<boolean>
  /** @throws AppError TENANT_NOT_FOUND when the tenant is being erased, or was */
  refuseErased(tenantId: string): Promise<void>
  /** @throws AppError PAGE_BEING_ERASED while the page's erasure is not finished */
  refuseErasing(pageId: number): Promise<void>
}

/** A page is erased within seconds, or carried on after so long. */
const COME_AGAIN_MS = 30_000

export function createErasuresUnderWay(store: Store): ErasuresUnderWay {
  const isErased: ErasuresUnderWay['isErased'] = async (tenantId) => {
    const [erasure] = await store.collection(ERASURES).getMany([`tenant-${tenantId}`])
    if (!erasure) return false
    if (erasure.finished_ms === null) return true
    // Made anew under its old id: what was erased before is not this one.
    return (await store.collection(TENANTS).getMany([tenantId])).length === 0
  }
  return {
    isErased,
    async refuseErased(tenantId) {
      if (await isErased(tenantId)) throw new AppError('TENANT_NOT_FOUND', 'The tenant was erased')
    },
    async refuseErasing(pageId) {
      const [erasure] = await store.collection(ERASURES).getMany([`page-${pageId}`])
      if (erasure?.finished_ms === null)
        throw new AppError('PAGE_BEING_ERASED', 'The page is being erased', { retryAfterMs: COME_AGAIN_MS })
    },
  }
}
