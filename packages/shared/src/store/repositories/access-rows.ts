import type { CollectionDefinition, StoreDocument } from '../collection.ts'

/** When an API key was last used, to the minute. `_id` is the key's `key_id`: apart from the key, which is seldom written. */
export interface ApiKeyUseRow extends StoreDocument {
  readonly tenant_id: string
  readonly last_used_ms: number
}
export const API_KEY_USES: CollectionDefinition<ApiKeyUseRow> = {
  name: 'api_key_uses',
  indexes: { byTenant: ['tenant_id'] },
}
