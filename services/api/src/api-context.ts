import type { Eraser } from '@pagesync/shared/erasure/eraser.ts'
import type { EventLog } from '@pagesync/shared/event-log/event-log.ts'
import type { FacebookLogin } from '@pagesync/shared/graph/facebook-login.ts'
import type { Server } from '@pagesync/shared/http/create-server.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { CronTimes } from '@pagesync/shared/schedule/cron-times.ts'
import type { Accounts } from '@pagesync/shared/store/repositories/accounts.ts'
import type { ApiKeys } from '@pagesync/shared/store/repositories/api-keys.ts'
import type { AuditLog } from '@pagesync/shared/store/repositories/audit-log.ts'
import type { AutomaticReplies } from '@pagesync/shared/store/repositories/automatic-replies.ts'
import type { Automations } from '@pagesync/shared/store/repositories/automations.ts'
import type { RulesCache } from '@pagesync/shared/store/repositories/compiled-rules.ts'
import type { ConversationReplies } from '@pagesync/shared/store/repositories/conversation-replies.ts'
import type { DeadLetterBox } from '@pagesync/shared/store/repositories/dead-letter-box.ts'
import type { DeletionRequests } from '@pagesync/shared/store/repositories/deletion-requests.ts'
import type { LeaseReader } from '@pagesync/shared/store/repositories/lease-reader.ts'
import type { Ledger } from '@pagesync/shared/store/repositories/ledger.ts'
import type { Logins } from '@pagesync/shared/store/repositories/logins.ts'
import type { PageTimers } from '@pagesync/shared/store/repositories/page-timers.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type { Resealed } from '@pagesync/shared/store/repositories/reseal-tokens.ts'
import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { RuleCounts } from '@pagesync/shared/store/repositories/rule-counts.ts'
import type { Statistics } from '@pagesync/shared/store/repositories/statistics.ts'
import type { SyncedCollections, SyncedReader } from '@pagesync/shared/store/repositories/synced.ts'
import type { TenantSettings } from '@pagesync/shared/store/repositories/tenant-settings.ts'
import type { Tenants } from '@pagesync/shared/store/repositories/tenants.ts'
import type { Tombstones } from '@pagesync/shared/store/repositories/tombstones.ts'
import type { ConnectAccount } from './connect-account.ts'
import type { ConnectPage } from './connect-page.ts'
import type { CredentialWatch } from './credential-watch.ts'
import type { DisconnectAccount } from './disconnect-account.ts'
import type { DisconnectPage } from './disconnect-page.ts'
import type { Announce } from './edit-row.ts'
import type { LiveEvents } from './live-events.ts'
import type { Ownership } from './ownership.ts'
import type { TakePlace } from './pull-limits.ts'
import type { RunCommand } from './run-command.ts'
import type { PublishCommand, SubmitCommand } from './submit-command.ts'

/** What the routes work with. */
export interface ApiContext {
  readonly tenants: Tenants
  readonly apiKeys: ApiKeys
  readonly auditLog: Pick<AuditLog, 'list'>
  /** Ends what goes on after its request was let in. */
  readonly credentials: Pick<CredentialWatch, 'watch'>
  /** Development alone. */
  readonly isAllowedUrl: (url: string) => boolean
  readonly pages: Pages
  readonly timers: Pick<PageTimers, 'lookAgain'>
  readonly cronTimes: CronTimes
  readonly reader: SyncedReader
  /** To be written by `editRow` alone. */
  readonly synced: Pick<SyncedCollections, 'contacts' | 'conversations'>
  readonly ledger: Ledger
  readonly deadLetters: DeadLetterBox
  readonly settings: TenantSettings
  readonly rules: Automations
  readonly replies: AutomaticReplies
  readonly ruleCounts: RuleCounts
  /** Counts a sync that was ended here: a worker counts those that it ends. */
  readonly countEnded: (row: CommandRow) => Promise<void>
  readonly conversationReplies: Pick<ConversationReplies, 'of'>
  readonly compiledRules: RulesCache
  readonly statistics: Statistics
  readonly eraser: Eraser
  readonly deletions: Pick<DeletionRequests, 'add' | 'get'>
  /** The app's secret, and the one before while it is being changed. */
  readonly signedRequestSecrets: readonly string[]
  readonly tombstones: Tombstones
  readonly leases: LeaseReader
  readonly announce: Announce
  readonly liveEvents: Pick<LiveEvents, 'listen'>
  readonly eventLog: Pick<EventLog, 'publish'>
  readonly ownership: Ownership
  readonly submit: SubmitCommand
  readonly takePlace: TakePlace
  readonly run: RunCommand
  readonly publishCommand: PublishCommand
  readonly readPage: ReadPage
  readonly facebook: FacebookLogin
  readonly accounts: Accounts
  readonly logins: Logins
  readonly connectPage: ConnectPage
  readonly connectAccount: ConnectAccount
  readonly disconnectPage: DisconnectPage
  readonly disconnectAccount: DisconnectAccount
  /** Origin under which browsers reach us. */
  readonly publicUrl: () => string
  /** Where Facebook's login comes back to, below the origin. */
  readonly callbackPath: string
  /** Seals up to `max` stored tokens anew under the first key. */
  readonly resealTokens: (max: number) => Promise<Resealed>
  readonly clock: Clock
}

/**
 * The page's own token and its name, by that token or by one of a person or system user who may act for the page.
 *
 * @throws AppError with Facebook's refusal; VALIDATION_FAILED for a token that may read the page and nothing more
 */
export type ReadPage = (
  accessToken: string,
  facebookPageId: string,
) => Promise<{ readonly accessToken: string; readonly name: string | null }>

/** Registers the routes of one group below the base path. */
export type RegisterRoutes = (api: Server, context: ApiContext) => void
