import type { Store } from '../collection.ts'
import { AUDIT_LOG, type AuditRow } from './access-rows.ts'

export type AuditPosition = Pick<AuditRow, '_id' | 'at_ms'>

/** Who did what. Nothing changes a row once it is there. */
export interface AuditLog {
  /** At most 1,000; one that is there already is left as it is. */
  append(rows: readonly Omit<AuditRow, 'rev'>[]): Promise<void>
  /** Newest first; null: of everybody. From `fromMs` on and before `toMs`. */
  list(
    tenantId: string | null,
    period: { readonly fromMs?: number; readonly toMs?: number },
    limit: number,
    after?: AuditPosition,
  ): Promise<AuditRow[]>
  /** Removes up to `limit` (at most 1,000) of a tenant's rows from before `beforeMs`; answers how many. Null: those of no tenant. */
  forget(tenantId: string | null, beforeMs: number, limit: number): Promise<number>
}

export function createAuditLog(store: Store): AuditLog {
  const collection = store.collection(AUDIT_LOG)
  return {
    async append(rows) {
      await collection.insertMany(rows)
    },
    list(tenantId, { fromMs, toMs }, limit, after) {
      const range = {
        ...(fromMs === undefined ? {} : { gte: fromMs }),
        ...(toMs === undefined ? {} : { lt: toMs }),
      }
      return collection.find({
        ...(tenantId === null ? { index: 'byTime' } : { index: 'byTenant', equals: { tenant_id: tenantId } }),
        ...(Object.keys(range).length === 0 ? {} : { range }),
        order: 'desc',
        limit,
        ...(after ? { after: { at_ms: after.at_ms, _id: after._id } } : {}),
      })
    },
    async forget(tenantId, beforeMs, limit) {
      const old = await collection.find({
        index: 'byTenant',
        equals: { tenant_id: tenantId },
        range: { lt: beforeMs },
        limit,
      })
      return old.length === 0 ? 0 : collection.deleteMany(old.map((row) => row._id))
    },
  }
}
