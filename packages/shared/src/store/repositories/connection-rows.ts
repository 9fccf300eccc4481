import type { CollectionDefinition, StoreDocument } from '../collection.ts'

/** What connecting leaves behind: sealed tokens, and who holds a page. */

/** Apart from pages and accounts, so that no listing of them can show one. `_id` is `tokenKey(owner)`. */
export interface SealedTokenRow extends StoreDocument {
  readonly tenant_id: string
  readonly kind: 'page' | 'account'
  readonly facebook_id: string
  /** As the sealer writes it; null once it was forgotten. */
  readonly sealed: string | null
  /** Names the key that sealed it: says which keys are still needed. Null where nothing is sealed. */
  readonly key_id: string | null
  readonly updated_ms: number
}
export const SEALED_TOKENS: CollectionDefinition<SealedTokenRow> = {
  name: 'sealed_tokens',
  indexes: { byKeyId: ['key_id'], byTenant: ['tenant_id'] },
}

/** The one tenant that holds a page, which two may not do at the same time. `_id` is Facebook's id of the page. */
export interface PageHolderRow extends StoreDocument {
  /** Null: nobody. */
  readonly tenant_id: string | null
  /** Rises whenever the page is given back, or taken from somebody. */
  readonly generation: number
  readonly changed_ms: number
}
export const PAGE_HOLDERS: CollectionDefinition<PageHolderRow> = { name: 'page_holders', indexes: {} }
