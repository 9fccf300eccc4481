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

/** When pulls of a page were asked for in the last while. `_id` is page and kind; at most as many times as the limit. */
export interface PageLimitRow extends StoreDocument {
  readonly taken_ms: readonly number[]
}
export const PAGE_LIMITS: CollectionDefinition<PageLimitRow> = { name: 'page_limits', indexes: {} }
