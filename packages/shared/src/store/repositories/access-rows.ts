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

/**
 * What somebody known did or was refused over HTTP. `_id` is made of the request's id: written twice it is once. Only
 * ever inserted, and removed when its time is over.
 */
export interface AuditRow extends StoreDocument {
  /** Null: what the operator did, or Facebook asked for, that is about no tenant. */
  readonly tenant_id: string | null
  readonly at_ms: number
  readonly actor_kind: 'person' | 'api_key' | 'operator' | 'facebook'
  readonly actor_id: string
  readonly method: string
  /** The route's pattern, and the ids that stood in the path. */
  readonly route: string
  readonly params: Readonly<Record<string, string>>
  readonly address: string
  /** What the client calls itself. */
  readonly client: string | null
  readonly status: number
  /** The error's code; null where there was none. */
  readonly code: string | null
  readonly request_id: string
  /** Equal refusals of one moment are one row. */
  readonly times: number
}
export const AUDIT_LOG: CollectionDefinition<AuditRow> = {
  name: 'audit_log',
  indexes: { byTenant: ['tenant_id', 'at_ms'], byTime: ['at_ms'] },
}
