import type { CollectionDefinition, IndexSelection, StoreDocument } from '../store/collection.ts'
import * as access from '../store/repositories/access-rows.ts'
import * as automations from '../store/repositories/automation-rows.ts'
import * as connections from '../store/repositories/connection-rows.ts'
import { DEAD_LETTERS } from '../store/repositories/dead-letters.ts'
import * as privacy from '../store/repositories/privacy-rows.ts'
import * as rows from '../store/repositories/rows.ts'
import { COUNTING_SESSIONS, STATISTICS } from '../store/repositories/statistics-rows.ts'
import { PAGE_TIMERS } from '../store/repositories/timer-rows.ts'

/** How the rows of a tenant are found in a collection, and those of one of its pages. */
export type Finder =
  /** An index whose first field is the tenant. A page's own are told by `pageField`; without it there are none. */
  | { readonly by: 'tenant-index'; readonly index: string; readonly pageField?: string }
  /** An index whose first field is our id of the page. */
  | { readonly by: 'page-index'; readonly index: string }
  /** `_id` is the tenant's. */
  | { readonly by: 'tenant' }
  /** `_id` begins with the tenant's and a slash. */
  | { readonly by: 'tenant/' }
  /** `_id` is the page row's. */
  | { readonly by: 'page-row' }
  /** `_id` is our id of the page. */
  | { readonly by: 'page' }
  /** `_id` begins with our id of the page and a colon. */
  | { readonly by: 'page:' }
  /** The same with a slash. */
  | { readonly by: 'page/' }
  /** `_id` begins with `t:`, the tenant's and a slash. */
  | { readonly by: 't:tenant/' }
  | { readonly by: 'any'; readonly of: readonly Finder[] }
  /** A text field of an index that begins with the tenant's and a slash. */
  | { readonly by: 'tenant/-field'; readonly index: string }

export interface OwnedRows {
  readonly definition: CollectionDefinition<StoreDocument>
  /** Where a tenant's rows are; null where none are anybody's, or they must outlive the tenant: `why`. */
  readonly ofTenant: Finder | null
  /** The same for one page, where it is another. */
  readonly ofPage?: Finder | null
  readonly why?: string
  /** The page has the same key when it is connected again: what is there then is not what is to be erased. */
  readonly reused?: true
}

const owned = (
  definition: unknown,
  ofTenant: Finder | null,
  more: Pick<OwnedRows, 'ofPage' | 'why' | 'reused'> = {},
): OwnedRows => ({
  definition: definition as CollectionDefinition<StoreDocument>,
  ofTenant,
  ...more,
})

/**
 * Every collection of the system, in the order in which a tenant's rows are removed: first what lets somebody in, or
 * lets us act in their name. A test fails while a collection is missing here.
 */
export const OWNED_ROWS: readonly OwnedRows[] = [
  owned(rows.API_KEYS, { by: 'tenant-index', index: 'byTenant' }),
  owned(connections.LOGINS, { by: 'tenant-index', index: 'byTenant' }, { ofPage: null }),
  owned(access.API_KEY_USES, { by: 'tenant-index', index: 'byTenant' }),
  owned(
    connections.SEALED_TOKENS,
    { by: 'tenant-index', index: 'byTenant', pageField: 'facebook_id' },
    { reused: true },
  ),
  owned(rows.CONTACTS, { by: 'page:' }),
  owned(rows.CONVERSATIONS, { by: 'page:' }),
  owned(rows.MESSAGES, { by: 'page:' }),
  owned(rows.PAGE_EVENTS, { by: 'page:' }),
  owned(rows.COMMENTS, { by: 'page:' }),
  owned(automations.AUTOMATIONS, { by: 'page:' }),
  owned(automations.INSTANT_REPLIES, { by: 'page:' }),
  owned(automations.KEYWORDS, { by: 'page:' }),
  owned(automations.FAQS, { by: 'page:' }),
  owned(automations.RULES_VERSIONS, { by: 'page' }),
  owned(automations.AUTOMATIC_REPLIES, { by: 'page:' }),
  owned(automations.RULE_COUNTS, { by: 'page:' }),
  owned(automations.CONVERSATION_REPLIES, { by: 'page:' }),
  owned(rows.COMMANDS, { by: 'tenant/' }, { ofPage: { by: 'page-index', index: 'byPage' } }),
  owned(rows.COMMAND_SLOTS, { by: 'tenant/-field', index: 'byCommand' }, { ofPage: null }),
  owned(rows.IDEMPOTENCY, { by: 'tenant/' }, { ofPage: null }),
  owned(rows.SEND_ECHOES, { by: 'tenant/' }, { ofPage: null }),
  owned(access.AUDIT_LOG, { by: 'tenant-index', index: 'byTenant' }, { ofPage: null }),
  owned(DEAD_LETTERS, { by: 'tenant-index', index: 'byTenant', pageField: 'facebook_page_id' }),
  owned(rows.PAGE_ACTIVITY, { by: 'page' }),
  owned(rows.PAGE_SYNCS, { by: 'page' }),
  owned(rows.PAGE_LEASES, { by: 'page' }),
  owned(PAGE_TIMERS, { by: 'page:' }),
  owned(access.PAGE_LIMITS, { by: 'page:' }),
  owned(STATISTICS, { by: 'any', of: [{ by: 'page' }, { by: 'page/' }, { by: 't:tenant/' }] }),
  owned(rows.TENANT_SETTINGS, { by: 'tenant' }),
  owned(privacy.TOMBSTONES, { by: 'tenant/' }, { ofPage: null }),
  owned(privacy.TOMBSTONE_MARKS, { by: 'tenant/' }, { ofPage: null }),
  owned(connections.ACCOUNTS, { by: 'tenant-index', index: 'byTenant' }, { ofPage: null }),
  owned(rows.PAGES, { by: 'page-row' }, { reused: true }),
  owned(rows.TENANTS, { by: 'tenant' }),
  owned(privacy.ERASURES, null, { why: 'The trace of what was erased. Finished, it names nobody.' }),
  owned(connections.PAGE_HOLDERS, null, { why: 'Given back where the pages are cut off: it then names no tenant.' }),
  owned(privacy.DELETION_REQUESTS, null, {
    why: 'Of a person at Facebook, whosever pages they have. Finished, it names nobody.',
  }),
  owned(privacy.ERASURE_KEYS, null, { why: 'One row, of the whole system.' }),
  owned(COUNTING_SESSIONS, null, { why: 'Of processes: counts alone, gone when they end.' }),
  owned(rows.SEQUENCES, null, { why: 'Counters of the whole system: ids are never given again.' }),
]

/** What is to be erased: a tenant with all its pages, or one of its pages. */
export interface Scope {
  readonly kind: 'tenant' | 'page'
  readonly tenantId: string
  /** All pages of the tenant, or the one. */
  readonly pages: readonly { readonly id: number; readonly key: string; readonly facebook_page_id: string }[]
}

/** Where rows may be: by key, or in parts of an index of which some rows may be others'. */
export type Place =
  | { readonly ids: readonly string[] }
  | { readonly selection: IndexSelection; readonly keep?: (row: Readonly<Record<string, unknown>>) => boolean }

/** All places of a scope's rows in a collection. Pure. */
export function placesOf({ ofTenant, ofPage = ofTenant }: OwnedRows, scope: Scope): readonly Place[] {
  const finder = scope.kind === 'tenant' ? ofTenant : ofPage
  return finder === null ? [] : placesBy(finder, scope)
}

function placesBy(finder: Finder, scope: Scope): readonly Place[] {
  const { tenantId, pages } = scope
  switch (finder.by) {
    case 'page-row':
      return [{ ids: pages.map(({ key }) => key) }]
    case 'page':
      return [{ ids: pages.map(({ id }) => String(id)) }]
    case 'page:':
      return pages.map(({ id }) => ({ selection: { index: '_id', range: { gte: `${id}:`, lt: `${id};` } } }))
    case 'page/':
      return pages.map(({ id }) => ({ selection: { index: '_id', range: { gte: `${id}/`, lt: `${id}0` } } }))
    case 'any':
      return finder.of.flatMap((each) => placesBy(each, scope))
    case 'page-index':
      return pages.map(({ id }) => ({ selection: { index: finder.index, equals: { page_id: id } } }))
    case 'tenant-index':
      return ofTenantIndex(finder, scope)
    default:
      return scope.kind === 'page' ? [] : [ofTenantAlone(finder, tenantId)]
  }
}

function ofTenantIndex(finder: Finder & { by: 'tenant-index' }, { kind, tenantId, pages }: Scope): readonly Place[] {
  const selection = { index: finder.index, equals: { tenant_id: tenantId } }
  if (kind === 'tenant') return [{ selection }]
  const { pageField } = finder
  if (pageField === undefined) return []
  const values = new Set<unknown>(pages.map((page) => (pageField === 'page_id' ? page.id : page.facebook_page_id)))
  return [{ selection, keep: (row) => !values.has(row[pageField]) }]
}

function ofTenantAlone(finder: Finder, tenantId: string): Place {
  if (finder.by === 'tenant') return { ids: [tenantId] }
  // The character after the slash.
  const begin = finder.by === 't:tenant/' ? `t:${tenantId}` : tenantId
  const range = { gte: `${begin}/`, lt: `${begin}0` }
  return { selection: { index: finder.by === 'tenant/-field' ? finder.index : '_id', range } }
}
