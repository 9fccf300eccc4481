import { AppError } from '../../errors/app-error.ts'
import type { Store } from '../collection.ts'
import { TENANT_SETTINGS, type TenantSettingsRow } from './rows.ts'

export type StoredSettings = Pick<TenantSettingsRow, 'retention' | 'page_defaults'>

/** What tenants decided for themselves. Members that nobody decided are absent. */
export interface TenantSettings {
  get(tenantId: string): Promise<StoredSettings>
  /** All that anybody decided, by tenant. */
  all(): Promise<ReadonlyMap<string, StoredSettings>>
  /** Reads, changes and writes back until nobody else wrote in between; answers what is stored then. */
  update(tenantId: string, change: (settings: StoredSettings) => StoredSettings): Promise<StoredSettings>
}

const CAS_ROUNDS_MAX = 20
const READ_AT_ONCE = 500

export function createTenantSettings(store: Store): TenantSettings {
  const collection = store.collection(TENANT_SETTINGS)
  const read = async (tenantId: string): Promise<TenantSettingsRow | undefined> =>
    (await collection.getMany([tenantId]))[0]
  return {
    async get(tenantId) {
      const row = await read(tenantId)
      return { retention: row?.retention ?? {}, page_defaults: row?.page_defaults ?? {} }
    },
    async all() {
      const found = new Map<string, StoredSettings>()
      for (let last: string | undefined; ; ) {
        const query = { index: '_id', limit: READ_AT_ONCE, ...(last === undefined ? {} : { after: { _id: last } }) }
        const rows = await collection.find(query)
        for (const { _id, retention, page_defaults } of rows) found.set(_id, { retention, page_defaults })
        last = rows.at(-1)?._id
        if (rows.length < READ_AT_ONCE) return found
      }
    },
    async update(tenantId, change) {
      for (let round = 0; round < CAS_ROUNDS_MAX; round++) {
        const row = await read(tenantId)
        const next = change({ retention: row?.retention ?? {}, page_defaults: row?.page_defaults ?? {} })
        if (!row && (await collection.insertMany([{ _id: tenantId, ...next }])).existing.length === 0) return next
        if (row && (await collection.replaceMany([{ ...row, ...next }])).lost.length === 0) return next
      }
      throw new AppError('WRITE_CONFLICT', 'The settings are being changed by somebody else')
    },
  }
}
