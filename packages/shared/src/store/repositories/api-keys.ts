import { AppError } from '../../errors/app-error.ts'
import type { Store } from '../collection.ts'
import { API_KEY_USES, type ApiKeyUseRow } from './access-rows.ts'
import { API_KEYS, type ApiKeyRow } from './rows.ts'

export type KeyUse = Pick<ApiKeyRow, 'key_id' | 'tenant_id'> & { readonly atMs: number }

/** A tenant's API keys, as those who look after them see them. What makes a key and finds a bearer's is in `Tenants`. */
export interface ApiKeys {
  /** Undefined for another tenant's as for an id that was never given. */
  get(tenantId: string, keyId: string): Promise<ApiKeyRow | undefined>
  /** Is the key neither revoked nor expired? */
  isLive(tenantId: string, keyId: string, nowMs: number): Promise<boolean>
  /** Which of these hashes belong to keys that are neither revoked nor expired. */
  areLive(hashes: readonly string[], nowMs: number): Promise<ReadonlySet<string>>
  /** Newest first, revoked and expired ones too. */
  list(tenantId: string, limit: number, after?: Pick<ApiKeyRow, '_id' | 'created_ms'>): Promise<ApiKeyRow[]>
  /** Once revoked it stays so, and revoking it again answers the row. */
  revoke(row: ApiKeyRow, nowMs: number): Promise<ApiKeyRow>
  /** When each of these keys was last used, by `key_id`; those never used are left out. */
  lastUsed(keyIds: readonly string[]): Promise<ReadonlyMap<string, number>>
  /** Keeps the newest use of each key. */
  noteUses(uses: readonly KeyUse[]): Promise<void>
}

const CAS_ROUNDS_MAX = 20

export function createApiKeys(store: Store): ApiKeys {
  const keys = store.collection(API_KEYS)
  const uses = store.collection(API_KEY_USES)
  const get: ApiKeys['get'] = async (tenantId, keyId) => {
    const [row] = await keys.find({ index: 'byKeyId', equals: { key_id: keyId }, limit: 1 })
    return row?.tenant_id === tenantId ? row : undefined
  }
  return {
    get,
    async isLive(tenantId, keyId, nowMs) {
      const row = await get(tenantId, keyId)
      return row !== undefined && isLive(row, nowMs)
    },
    async areLive(hashes, nowMs) {
      const rows = hashes.length === 0 ? [] : await keys.getMany(hashes)
      const live = rows.filter((row) => isLive(row, nowMs))
      return new Set(live.map((row) => row._id))
    },
    list: (tenantId, limit, after) =>
      keys.find({
        index: 'byTenant',
        equals: { tenant_id: tenantId },
        order: 'desc',
        limit,
        ...(after ? { after: { created_ms: after.created_ms, _id: after._id } } : {}),
      }),
    async revoke(row, nowMs) {
      let current: ApiKeyRow | undefined = row
      for (let round = 0; current && round < CAS_ROUNDS_MAX; round++) {
        if (current.revoked_ms !== null) return current
        const revoked: ApiKeyRow = { ...current, revoked_ms: nowMs }
        const { lost } = await keys.replaceMany([revoked])
        if (lost.length === 0) return { ...revoked, rev: revoked.rev + 1 }
        current = (await keys.getMany([row._id]))[0]
      }
      throw new AppError('WRITE_CONFLICT', 'The key is being changed by somebody else')
    },
    async lastUsed(keyIds) {
      const rows = await uses.getMany(keyIds)
      return new Map(rows.map((row) => [row._id, row.last_used_ms]))
    },
    async noteUses(newUses) {
      const stored = new Map((await uses.getMany(newUses.map(({ key_id }) => key_id))).map((row) => [row._id, row]))
      const fresh = newUses.filter(({ key_id }) => !stored.has(key_id))
      const newer = newUses.flatMap(({ key_id, atMs }): ApiKeyUseRow[] => {
        const row = stored.get(key_id)
        return row && atMs > row.last_used_ms ? [{ ...row, last_used_ms: atMs }] : []
      })
      if (fresh.length > 0)
        await uses.insertMany(
          fresh.map(({ key_id, tenant_id, atMs }) => ({ _id: key_id, tenant_id, last_used_ms: atMs })),
        )
      // A lost race is another instance's equally fresh time.
      if (newer.length > 0) await uses.replaceMany(newer)
    },
  }
}

const isLive = ({ revoked_ms, expires_ms }: ApiKeyRow, nowMs: number): boolean =>
  revoked_ms === null && (expires_ms ?? Number.POSITIVE_INFINITY) > nowMs
