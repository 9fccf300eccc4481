import type { CommandState, CommandType, Requester } from '../../model/command.ts'
import type { Stamp } from '../../model/stamp.ts'
import type { PageSchedule } from '../../schedule/page-schedule.ts'
import type { CollectionDefinition, StoreDocument } from '../collection.ts'
import type { PageHealth } from './page-health-rows.ts'

/**
 * The documents as they are stored. Times are milliseconds since 1970 (`…_ms`), null or absent where unknown. Rows of
 * one page refer to each other by natural key; the numeric `id` is for callers. `page_id` is ours and belongs to one
 * tenant, so a key that begins with it cannot cross tenants.
 */

export interface TenantRow extends StoreDocument {
  readonly name: string
  readonly created_ms: number
}
export const TENANTS: CollectionDefinition<TenantRow> = { name: 'tenants', indexes: {} }

/** `_id` is the SHA-256 of the key: looking it up needs no comparison of secrets. */
export interface ApiKeyRow extends StoreDocument {
  readonly key_id: string
  readonly tenant_id: string
  readonly name: string
  /** The first characters, to recognise a key by. */
  readonly prefix: string
  readonly scopes: readonly string[]
  /** Null: all pages of the tenant. */
  readonly page_ids: readonly number[] | null
  readonly created_ms: number
  readonly expires_ms: number | null
  readonly revoked_ms: number | null
}
export const API_KEYS: CollectionDefinition<ApiKeyRow> = {
  name: 'api_keys',
  indexes: { byTenant: ['tenant_id', 'created_ms'], byKeyId: ['key_id'] },
}

export type PageStatus = 'active' | 'paused' | 'reauth_required' | 'disconnected'

/** The labels are how archived and muted conversations are shown at Facebook, which has no such states. */
export interface PageSettings {
  readonly mirror_labels: boolean
  readonly archived_label: string
  readonly muted_label: string
  /** IANA; what "today" and "9 o'clock" mean for the page's rules. */
  readonly timezone: string
  /** After a person answered in a conversation, its automations are silent for so long. */
  readonly automation_pause_minutes: number
}

/** A page as one tenant connected it. `_id` is `pageKey(tenantId, facebookPageId)`. */
export interface PageRow extends StoreDocument, PageHealth {
  readonly id: number
  readonly tenant_id: string
  readonly facebook_page_id: string
  readonly status: PageStatus
  readonly name: string | null
  readonly category: string | null
  readonly about: string | null
  readonly phone: string | null
  readonly website: string | null
  readonly fan_count: number | null
  /** When the details were last pulled. */
  readonly details_synced_ms: number | null
  /** Up to when everything of the page was really synced. */
  readonly last_synced_ms: number | null
  readonly token_status: 'valid' | 'expiring' | 'invalid' | 'unknown'
  readonly webhook_subscribed: boolean | null
  /** `_id` of the account that the page was connected by; absent where its own token did. */
  readonly account_key?: string
  /** What a person decided for the page; read by `pageSettings`. */
  readonly settings?: Partial<PageSettings>
  /** What a person decided; read by `pageSchedule`. */
  readonly schedule?: Partial<PageSchedule>
  /** What Facebook told last of its policies (`policy_enforcement`): `warning`, `block`, `unblock`. */
  readonly policy?: { readonly action: string; readonly stamp: Stamp }
  /** Facebook's ids of the page's custom labels, by name, as last found. */
  readonly label_ids?: Readonly<Record<string, string>>
  readonly created_ms: number
}
const DEFAULT_PAGE_SETTINGS: PageSettings = {
  mirror_labels: false,
  archived_label: 'Archived',
  muted_label: 'Muted',
  timezone: 'UTC',
  automation_pause_minutes: 30,
}
export const pageSettings = ({ settings }: Pick<PageRow, 'settings'>): PageSettings => ({
  ...DEFAULT_PAGE_SETTINGS,
  ...settings,
})
export const PAGES: CollectionDefinition<PageRow> = {
  name: 'pages',
  indexes: { byId: ['id'], byTenant: ['tenant_id', 'id'], byFacebookPage: ['facebook_page_id'] },
}
export const pageKey = (tenantId: string, facebookPageId: string): string => `${tenantId}/${facebookPageId}`

/** When Facebook last told us anything of a page. `_id` is `String(page_id)`. */
export interface PageActivityRow extends StoreDocument {
  readonly last_event_ms: number
}
export const PAGE_ACTIVITY: CollectionDefinition<PageActivityRow> = { name: 'page_activity', indexes: {} }

export type ConversationStatus = 'open' | 'closed' | 'archived'

/** `_id` is `conversationKey(…)`. */
export interface ConversationRow extends StoreDocument {
  /** The command that wrote the row last, where a pull did: a page of results repeated after a crash is announced again by it. */
  readonly written_by?: string
  readonly id: number
  readonly tenant_id: string
  readonly page_id: number
  /** The one participant who is not the page; null where there is none or several. */
  readonly psid: string | null
  /** Facebook's `t_…` ids, the newest first: two threads of one person are one conversation. */
  readonly thread_ids: readonly string[]
  readonly participant_name: string | null
  /** The event that made the row; null when a pull did. */
  readonly event_id: string | null
  readonly snippet: string | null
  /** The newest message by its own time. */
  readonly last_message_mid: string | null
  readonly last_message_ms: number | null
  readonly last_message_direction: 'in' | 'out' | null
  readonly last_message_automatic: boolean
  /** The person's first message that we know of; absent where the row is older than this field. */
  readonly first_customer?: { readonly mid: string; readonly ms: number } | null
  /** When a person at the page, not an automation, answered last. */
  readonly last_person_reply_ms?: number
  /** The person's last action: opens the reply window. */
  readonly last_customer_ms: number | null
  readonly unread_count: number
  /** The first message that nothing, or no person, has answered yet; absent or null while nobody waits. */
  readonly waiting_since_ms?: number | null
  readonly waiting_person_since_ms?: number | null
  /** Of the newest knowledge about `unread_count`. */
  readonly unread_stamp: Stamp
  /** Of the newest pull that told `unread_count`: what is older is contained in it. */
  readonly unread_pull_stamp: Stamp
  readonly message_count: number
  readonly message_count_pull_stamp: Stamp
  readonly can_reply: boolean | null
  readonly folder: string | null
  /** Of `can_reply` and `folder`. */
  readonly state_stamp: Stamp
  readonly status: ConversationStatus
  readonly status_stamp: Stamp
  /** Muted while this lies ahead; `PERMANENTLY_MS` has no end. */
  readonly muted_until_ms: number | null
  readonly muted_stamp?: Stamp
  readonly labels: readonly string[]
  /** When each label was last put or taken off, as far as that was told. */
  readonly label_stamps?: Readonly<Record<string, Stamp>>
  /** Labels that a call of ours is about to put on or take off: until it ends, what Facebook shows of them is no news. */
  readonly label_calls?: readonly string[]
  /** The page's messages up to here were delivered to, and read by, the person. */
  readonly delivered_ms: number | null
  readonly read_ms: number | null
  /** The place in the page events topic up to which live events are counted here: makes counting exactly once. */
  readonly applied_partition: number | null
  readonly applied_offset: number
  /** Facebook's `updated_time` as last pulled. */
  readonly thread_updated_ms: number | null
  /** All messages created up to here are stored: a pull need not look further back. */
  readonly messages_complete_ms: number | null
  /** When Facebook was first found to list the thread no more (it hides requests after 30 quiet days); null while it does. */
  readonly not_listed_since_ms: number | null
  readonly last_synced_ms: number | null
  readonly created_ms: number
  /** Fields that a person changed here and that are not announced yet: see the API's `editRow`. */
  readonly unannounced?: readonly string[]
}
export const CONVERSATIONS: CollectionDefinition<ConversationRow> = {
  name: 'conversations',
  indexes: { byId: ['id'], byPage: ['page_id', 'last_message_ms'], byPageId: ['page_id', 'id'] },
}

/** page + the one other participant; page + thread where there is none or several. */
export const conversationKey = (pageId: number, psidOrThreadId: string): string => `${pageId}:${psidOrThreadId}`

export interface Reaction {
  /** PSID or page id of who reacted. */
  readonly from_id: string
  /** Null once taken back: kept, so that an older event cannot bring it back. */
  readonly reaction: string | null
  readonly emoji: string | null
  readonly stamp: Stamp
}

export interface Attachment {
  readonly type: string
  readonly id?: string
  readonly name?: string
  readonly mime_type?: string
  readonly size?: number
  readonly url?: string
  readonly preview_url?: string
  readonly title?: string
  readonly sticker_id?: string
  /** What we have no field for: kept as it came. */
  readonly raw?: unknown
}

export type MessageOrigin = 'webhook' | 'echo' | 'sync' | 'send'

/** `_id` is `messageKey(…)`. Optional members are absent where there is nothing: most messages have none of them. */
export interface MessageRow extends StoreDocument {
  /** The command that wrote the row last, where a pull did: a page of results repeated after a crash is announced again by it. */
  readonly written_by?: string
  readonly id: number
  readonly tenant_id: string
  readonly page_id: number
  /** `_id` of its conversation. */
  readonly conversation_key: string
  /** As Facebook wrote it. */
  readonly mid: string
  /** Null while only its id is known. */
  readonly direction: 'in' | 'out' | null
  readonly from_id: string | null
  readonly from_name?: string
  readonly text: string | null
  readonly attachments?: readonly Attachment[]
  readonly reply_to?: string
  readonly created_ms: number
  readonly origin: MessageOrigin
  /** What told of the message before it turned out to be our own send; absent where that is `origin`. */
  readonly first_origin?: MessageOrigin
  /** Of the knowledge that the row began with; `text_stamp` where the text is newer. */
  readonly stamp: Stamp
  readonly text_stamp?: Stamp
  readonly content_stamp?: Stamp
  /** True while only the id is known (Facebook lists it, but gives no detail). */
  readonly stub?: boolean
  readonly edited_ms?: number
  readonly deleted_ms?: number
  readonly reactions?: readonly Reaction[]
  readonly app_id?: string
  readonly metadata?: string
  readonly automation_id?: number
  /** The event that told of the message first, and its place in the page events topic. Absent when a pull did. */
  readonly event_id?: string
  readonly log_partition?: number
  readonly log_offset?: number
}
export const MESSAGES: CollectionDefinition<MessageRow> = {
  name: 'messages',
  indexes: {
    byId: ['id'],
    byConversation: ['conversation_key', 'created_ms'],
    // A listing by id is complete whatever is inserted meanwhile, also when a sync adds what is older.
    byConversationId: ['conversation_key', 'id'],
  },
}

/** page + `mid` without one leading `m_` (`canonicalMid`). */
export const messageKey = (pageId: number, canonical: string): string => `${pageId}:${canonical}`

/** `_id` is `conversationKey(page, psid)`: a person per page. */
export interface ContactRow extends StoreDocument {
  /** The command that wrote the row last, where a pull did: a page of results repeated after a crash is announced again by it. */
  readonly written_by?: string
  readonly id: number
  readonly tenant_id: string
  readonly page_id: number
  readonly psid: string
  readonly name: string | null
  readonly name_stamp: Stamp
  readonly email: string | null
  readonly phone: string | null
  readonly custom_fields: Readonly<Record<string, unknown>>
  readonly tags: readonly string[]
  readonly notes: string | null
  readonly profile_pic?: string
  /** When Facebook should be asked who this is (again); null: the name is known. */
  readonly profile_due_ms: number | null
  /** Fields that a person set here: Facebook's data never overwrites them. */
  readonly set_by_person: readonly string[]
  readonly event_id: string | null
  readonly last_synced_ms: number | null
  readonly created_ms: number
  /** Fields that a person changed here and that are not announced yet: see the API's `editRow`. */
  readonly unannounced?: readonly string[]
}
export const CONTACTS: CollectionDefinition<ContactRow> = {
  name: 'contacts',
  indexes: { byId: ['id'], byPageId: ['page_id', 'id'], byProfileDue: ['profile_due_ms'] },
}

/** Events that are no message: kept as they came. `_id` is page and event id. */
export interface PageEventRow extends StoreDocument {
  readonly tenant_id: string
  readonly page_id: number
  readonly psid: string | null
  readonly type: string
  readonly channel: string
  readonly time_ms: number
  readonly raw: unknown
}
export const PAGE_EVENTS: CollectionDefinition<PageEventRow> = {
  name: 'page_events',
  indexes: {
    byPage: ['page_id', 'time_ms'],
    // Of one person; those that name nobody by themselves have null.
    byPerson: ['page_id', 'psid'],
  },
}

export interface CommandTransition {
  readonly state: CommandState
  readonly at_ms: number
  readonly attempt: number
  readonly worker: string | null
  readonly reason: string | null
}

export interface CommandFailure {
  readonly code: string
  readonly message: string
  readonly status: number
  readonly facebook?: {
    readonly code: number
    readonly subcode?: number
    readonly type?: string
    readonly fbtrace_id?: string
  }
}

export interface CommandProgress {
  readonly phase: string
  readonly done: number
  readonly total: number | null
}

/** Which commands of a page run side by side, and which first: see the worker's `createLanes`. */
export type Lane = 'push' | 'pull' | 'sync' | 'name'

/** The ledger. `_id` is `commandKey(tenantId, commandId)`. */
export interface CommandRow extends StoreDocument {
  readonly command_id: string
  readonly tenant_id: string
  readonly page_id: number
  readonly facebook_page_id: string
  readonly conversation_key: string | null
  readonly type: CommandType
  readonly arguments: Readonly<Record<string, unknown>>
  readonly requested_by: Requester
  readonly trigger: 'api' | 'schedule' | 'webhook' | 'reconnect'
  readonly state: CommandState
  readonly lane: Lane
  /** Null once final; else when a worker should look at it (again). */
  readonly due_ms: number | null
  readonly accepted_ms: number
  readonly started_ms: number | null
  readonly finished_ms: number | null
  readonly expires_ms: number
  readonly attempts: number
  readonly worker: string | null
  readonly graph_calls: number
  /** Where to go on after a stop; its shape is the command's own. */
  readonly checkpoint: unknown
  readonly progress: CommandProgress | null
  readonly result: Readonly<Record<string, unknown>> | null
  readonly failure: CommandFailure | null
  readonly transitions: readonly CommandTransition[]
}
export const COMMANDS: CollectionDefinition<CommandRow> = {
  name: 'commands',
  indexes: {
    byDue: ['due_ms'],
    byPageDue: ['page_id', 'due_ms'],
    byPageLane: ['page_id', 'lane', 'due_ms'],
    byPage: ['page_id', 'accepted_ms'],
    byTenant: ['tenant_id', 'accepted_ms'],
    // For retention: null while the command is open.
    byFinished: ['finished_ms'],
  },
}
export const commandKey = (tenantId: string, commandId: string): string => `${tenantId}/${commandId}`

/** The open command that equal pulls share. `_id` is a hash of what makes them equal. */
export interface CommandSlotRow extends StoreDocument {
  readonly command_key: string
  readonly taken_ms: number
}
export const COMMAND_SLOTS: CollectionDefinition<CommandSlotRow> = {
  name: 'command_slots',
  indexes: { byCommand: ['command_key'], byTime: ['taken_ms'] },
}

/** Our echo of a send. `_id` is `sendKey(…)`: it may come before the answer, after it, or in its place. */
export interface SendEchoRow extends StoreDocument {
  readonly mid: string
  readonly at_ms: number
}
export const SEND_ECHOES: CollectionDefinition<SendEchoRow> = { name: 'send_echoes', indexes: { byTime: ['at_ms'] } }

/** A comment under one of the page's posts. `_id` is page and comment id. */
export interface CommentRow extends StoreDocument {
  readonly id: number
  readonly tenant_id: string
  readonly page_id: number
  /** Facebook's ids. */
  readonly comment_id: string
  readonly post_id: string | null
  readonly parent_id: string | null
  readonly from_id: string | null
  readonly from_name: string | null
  readonly message: string | null
  readonly message_stamp: Stamp
  readonly created_ms: number
  readonly edited_ms: number | null
  readonly hidden: boolean
  readonly hidden_stamp: Stamp
  readonly deleted_ms: number | null
  /** The command that answered it privately: Facebook allows one answer. */
  readonly replied_by: string | null
  readonly replied_ms: number | null
  /** The place in the page events topic at which the new comment was told first. */
  readonly log_partition?: number
  readonly log_offset?: number
}
export const COMMENTS: CollectionDefinition<CommentRow> = {
  name: 'comments',
  indexes: {
    byId: ['id'],
    byPage: ['page_id', 'created_ms'],
    byPageId: ['page_id', 'id'],
    byAuthor: ['page_id', 'from_id'],
  },
}
export const commentKey = (pageId: number, commentId: string): string => `${pageId}:${commentId}`

/** What an idempotency key was used for. `_id` is tenant and a hash of the key. */
export interface IdempotencyRow extends StoreDocument {
  readonly request_hash: string
  readonly command_key: string
  readonly expires_ms: number
}
export const IDEMPOTENCY: CollectionDefinition<IdempotencyRow> = {
  name: 'idempotency_keys',
  indexes: { byExpiry: ['expires_ms'] },
}

/** How far a page is synced. `_id` is `String(page_id)`. */
export interface PageSyncRow extends StoreDocument {
  /** For each folder: Facebook's `updated_time` up to which every conversation is known. */
  readonly watermarks: Readonly<Record<string, number>>
  /** Conversations whose messages could not be pulled: tried again by the next sync. At most 1,000. */
  readonly retry: readonly { readonly thread_id: string; readonly key: string }[]
}
export const PAGE_SYNCS: CollectionDefinition<PageSyncRow> = { name: 'page_syncs', indexes: {} }

/** What a tenant decided for itself; absent members are the defaults. `_id` is the tenant's. */
export interface TenantSettingsRow extends StoreDocument {
  readonly retention: Readonly<Record<string, number | null>>
  readonly page_defaults: Partial<PageSettings>
}
export const TENANT_SETTINGS: CollectionDefinition<TenantSettingsRow> = { name: 'tenant_settings', indexes: {} }

/** Who may call Graph for a page. `_id` is `String(page_id)`. */
export interface PageLeaseRow extends StoreDocument {
  readonly owner: string | null
  /** Rises with every new holder. */
  readonly fence: number
  readonly expires_ms: number
  /** The page's token buckets, as the holder left them: name → tokens at `at_ms`. */
  readonly buckets: Readonly<Record<string, { readonly tokens: number; readonly at_ms: number }>>
  /** Facebook's own count of what the page may still ask, in percent of its limit. */
  readonly usage_percent: number
  /** Facebook asked to wait until then; 0 when it did not. */
  readonly paused_until_ms: number
  /** The same for each of Facebook's limits by itself. */
  readonly gates?: Readonly<Record<string, { readonly usage_percent: number; readonly paused_until_ms: number }>>
  /** Somebody else had something to do for the page while it was held. */
  readonly is_wanted?: boolean
}
export const PAGE_LEASES: CollectionDefinition<PageLeaseRow> = { name: 'page_leases', indexes: {} }

/** One counter per kind of id. */
export interface SequenceRow extends StoreDocument {
  readonly value: number
}
export const SEQUENCES: CollectionDefinition<SequenceRow> = { name: 'sequences', indexes: {} }
