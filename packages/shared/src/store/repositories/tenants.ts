import { randomBytes } from 'node:crypto'
import { AppError } from '../../errors/app-error.ts'
import { hashApiKey, newApiKey } from '../../security/api-key.ts'
import type { Store } from '../collection.ts'
import { createErasuresUnderWay } from './erasures-under-way.ts'
import { API_KEYS, type ApiKeyRow, TENANTS, type TenantRow } from './rows.ts'

export interface NewApiKey {
  readonly tenantId: string
  readonly name: string
  readonly scopes: readonly string[]
  readonly pageIds?: readonly number[] | null
  readonly expiresMs?: number | null
}

export interface Tenants {
  create(name: string, nowMs: number, id?: string): Promise<TenantRow>
  /** Undefined from the moment on that its erasure is asked for. */
  get(tenantId: string): Promise<TenantRow | undefined>
  list(limit: number, after?: string): Promise<TenantRow[]>
  /** Answers the key in clear, this once. `key` is given only where a demonstration keeps a fixed one. */
  createApiKey(
    input: NewApiKey,
    nowMs: number,
    key?: string,
  ): Promise<{ readonly key: string; readonly row: ApiKeyRow }>
  /** The live key row of a bearer token, undefined for unknown, revoked and expired ones alike. */
  findApiKey(token: string, nowMs: number): Promise<ApiKeyRow | undefined>
}

export const ALL_SCOPES = ['read', 'sync', 'push', 'push:human', 'automations', 'admin'] as const

const randomId = (prefix: string): string => `${prefix}_${randomBytes(12).toString('base64url')}`

export function createTenants(store: Store): Tenants {
  const tenants = store.collection(TENANTS)
  const keys = store.collection(API_KEYS)
  const erasures = createErasuresUnderWay(store)
  return {
    async create(name, nowMs, id = randomId('t')) {
      await tenants.insertMany([{ _id: id, name, created_ms: nowMs }])
      const [row] = await tenants.getMany([id])
      if (!row) throw new AppError('INTERNAL', 'The tenant was not stored')
      return row
    },
    async get(tenantId) {
      const [row] = await tenants.getMany([tenantId])
      return row && !(await erasures.isErased(tenantId)) ? row : undefined
    },
    list: (limit, after) => tenants.find({ index: '_id', limit, ...(after ? { after: { _id: after } } : {}) }),
    async createApiKey(input, nowMs, key = newApiKey()) {
      const row = {
        _id: hashApiKey(key),
        key_id: randomId('key'),
        tenant_id: input.tenantId,
        name: input.name,
        prefix: key.slice(0, 12),
        scopes: input.scopes,
        page_ids: input.pageIds ?? null,
        created_ms: nowMs,
        expires_ms: input.expiresMs ?? null,
        revoked_ms: null,
      }
      await keys.insertMany([row])
      return { key, row: { ...row, rev: 1 } }
    },
    async findApiKey(token, nowMs) {
      const [row] = await keys.getMany([hashApiKey(token)])
      if (!row || row.revoked_ms !== null) return undefined
      if (row.expires_ms !== null && row.expires_ms <= nowMs) return undefined
      return (await erasures.isErased(row.tenant_id)) ? undefined : row
    },
  }
}
