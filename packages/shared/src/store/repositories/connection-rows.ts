import type { Requester } from '../../model/command.ts'
import type { CollectionDefinition, StoreDocument } from '../collection.ts'

/**
 * What connecting leaves behind: sealed tokens, who holds a page, the accounts of people who logged in, and logins under
 * way.
 */

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

/** A person at Facebook who connected pages of the tenant. `_id` is `accountKey(…)`. */
export interface AccountRow extends StoreDocument {
  readonly id: number
  readonly tenant_id: string
  /** App-scoped. */
  readonly facebook_user_id: string
  readonly name: string | null
  readonly status: 'connected' | 'disconnected'
  /** Facebook refused the person's token. */
  readonly token_invalid: boolean
  readonly token_expires_ms: number | null
  readonly data_access_expires_ms: number | null
  readonly created_ms: number
  readonly connected_ms: number
}
export const ACCOUNTS: CollectionDefinition<AccountRow> = {
  name: 'accounts',
  indexes: { byId: ['id'], byTenant: ['tenant_id', 'id'], byUser: ['facebook_user_id'] },
}
export const accountKey = (tenantId: string, facebookUserId: string): string => `${tenantId}/${facebookUserId}`

/** A login that somebody began. `_id` is the SHA-256 of its `state`: the store cannot continue one. */
export interface LoginRow extends StoreDocument {
  readonly tenant_id: string
  readonly requester: Requester
  /** SHA-256 of the cookie of the browser that began it. */
  readonly cookie_hash: string
  /** The dialog and the exchange of its code must name the same. */
  readonly redirect_uri: string
  readonly expires_ms: number
  /** Null: nobody came back with it yet. */
  readonly used_ms: number | null
}
export const LOGINS: CollectionDefinition<LoginRow> = {
  name: 'logins',
  indexes: { byExpiry: ['expires_ms'], byTenant: ['tenant_id'] },
}
