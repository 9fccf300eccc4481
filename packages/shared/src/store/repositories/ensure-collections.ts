import type { CollectionDefinition, Store } from '../collection.ts'
import { API_KEY_USES, AUDIT_LOG, PAGE_LIMITS } from './access-rows.ts'
import * as automationRows from './automation-rows.ts'
import * as connections from './connection-rows.ts'
import { DEAD_LETTERS } from './dead-letters.ts'
import * as privacy from './privacy-rows.ts'
import * as rows from './rows.ts'
import { COUNTING_SESSIONS, STATISTICS } from './statistics-rows.ts'
import { PAGE_TIMERS } from './timer-rows.ts'

/** Every collection of the system, for `Store.ensure` at start. */
export const COLLECTIONS: readonly CollectionDefinition<never>[] = [
  rows.TENANTS,
  rows.API_KEYS,
  API_KEY_USES,
  PAGE_LIMITS,
  AUDIT_LOG,
  rows.PAGES,
  connections.SEALED_TOKENS,
  connections.PAGE_HOLDERS,
  connections.ACCOUNTS,
  connections.LOGINS,
  rows.PAGE_ACTIVITY,
  rows.CONVERSATIONS,
  rows.MESSAGES,
  rows.CONTACTS,
  rows.PAGE_EVENTS,
  rows.COMMANDS,
  rows.COMMAND_SLOTS,
  rows.IDEMPOTENCY,
  rows.SEND_ECHOES,
  rows.COMMENTS,
  rows.PAGE_SYNCS,
  rows.TENANT_SETTINGS,
  rows.PAGE_LEASES,
  rows.SEQUENCES,
  automationRows.AUTOMATIONS,
  automationRows.INSTANT_REPLIES,
  automationRows.KEYWORDS,
  automationRows.FAQS,
  automationRows.RULES_VERSIONS,
  automationRows.AUTOMATIC_REPLIES,
  automationRows.RULE_COUNTS,
  automationRows.CONVERSATION_REPLIES,
  DEAD_LETTERS,
  PAGE_TIMERS,
  STATISTICS,
  COUNTING_SESSIONS,
  ...Object.values(privacy),
]

export function ensureCollections(store: Store): Promise<void> {
  return store.ensure(COLLECTIONS)
}
