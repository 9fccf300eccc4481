import type { CollectionDefinition, StoreDocument } from '../collection.ts'
import type { AuditRow } from './access-rows.ts'

/**
 * Who was erased, known by a keyed hash alone. `_id` is the tenant's, a slash, and the hash of tenant, Facebook's page and
 * person: it outlives the page, which may be connected anew.
 */
export interface TombstoneRow extends StoreDocument {
  readonly tenant_id: string
  /** What the person and the page did up to here is not stored again. */
  readonly erased_ms: number
  /** When the person wrote first since: what is not older than that is stored. Null: they have not. */
  readonly lifted_ms: number | null
}
export const TOMBSTONES: CollectionDefinition<TombstoneRow> = { name: 'tombstones', indexes: {} }

/** Rises with each change of a page's tombstones; a page without it has none. `_id` is the tenant's, a slash, and Facebook's id of the page. */
export interface TombstoneMarkRow extends StoreDocument {
  readonly version: number
}
export const TOMBSTONE_MARKS: CollectionDefinition<TombstoneMarkRow> = { name: 'tombstone_marks', indexes: {} }

export type AskedBy = Pick<AuditRow, 'route' | 'address' | 'client' | 'request_id'>

/**
 * What Facebook asked for in somebody's name. `_id` is the confirmation code: not to be guessed, and the same when Facebook
 * repeats itself. It stays as a trace; once it is finished it names nobody.
 */
export interface DeletionRequestRow extends StoreDocument {
  /** deauthorization: the person removed the app; deletion: their data is to go. */
  readonly kind: 'deauthorization' | 'deletion'
  /** App-scoped; null once finished. */
  readonly facebook_user_id: string | null
  readonly issued_ms: number
  readonly requested_ms: number
  /** Where it came from, for the audit log. Absent in rows from before. */
  readonly asked_by?: AskedBy
  /** When a worker should look at it (again); null once finished. */
  readonly due_ms: number | null
  readonly attempts: number
  /** Connected accounts of the person that were disconnected, or erased. */
  readonly accounts: number
  /** `_id`s of the erasures that it led to. */
  readonly erasures: readonly string[]
  /** One of the error table's codes: why Facebook did not tell by which ids its pages know the person. */
  readonly problem: string | null
  readonly finished_ms: number | null
}
export const DELETION_REQUESTS: CollectionDefinition<DeletionRequestRow> = {
  name: 'deletion_requests',
  indexes: { byDue: ['due_ms'] },
}

/** What tells the key of the tombstones from another one. There is one row. */
export interface ErasureKeyRow extends StoreDocument {
  readonly check: string
}
export const ERASURE_KEYS: CollectionDefinition<ErasureKeyRow> = { name: 'erasure_keys', indexes: {} }

/** A person as an erasure in work must know them. */
export interface ErasedPerson {
  readonly psid: string
  readonly facebook_page_id: string
  readonly contact_id: number | null
  readonly thread_ids: readonly string[]
}

/**
 * An erasure, carried out in steps of bounded size. `_id` is a natural key: of the contact, the page or the tenant.
 * It stays as a trace; once it is finished it names nobody.
 */
export interface ErasureRow extends StoreDocument {
  readonly tenant_id: string
  readonly kind: 'contact' | 'page' | 'tenant'
  /** Null for a tenant. */
  readonly page_id: number | null
  readonly person: ErasedPerson | null
  /** What a page or a tenant had, as long as the work needs it: `_id`s of rows and ids of pages. */
  readonly pages: readonly { readonly id: number; readonly key: string; readonly facebook_page_id: string }[]
  readonly requested_ms: number
  /** Null once finished; else when a worker should go on with it. Raised by whoever works at it. */
  readonly due_ms: number | null
  /** How often it failed since it got any further. */
  readonly failures?: number
  /** 1: everything goes. 2: what was still being written meanwhile goes. */
  readonly pass: 1 | 2
  readonly step: number
  /** Where in the step; null at its beginning. */
  readonly cursor: string | null
  /** How many rows were removed or emptied, by step. */
  readonly removed: Readonly<Record<string, number>>
  /** When the first pass ended: from then on nothing is there. */
  readonly erased_ms: number | null
  readonly finished_ms: number | null
}
export const ERASURES: CollectionDefinition<ErasureRow> = {
  name: 'erasures',
  indexes: { byDue: ['due_ms'], byTenant: ['tenant_id', 'requested_ms'] },
}
