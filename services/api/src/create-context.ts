import { countRun } from '@pagesync/shared/counting/count-run.ts'
import { createCounting } from '@pagesync/shared/counting/counting.ts'
import { createEraser } from '@pagesync/shared/erasure/eraser.ts'
import type { EventLog } from '@pagesync/shared/event-log/event-log.ts'
import { createPublishBatcher } from '@pagesync/shared/event-log/publish-batcher.ts'
import type { FacebookLogin } from '@pagesync/shared/graph/facebook-login.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import { type Change, changeRecord } from '@pagesync/shared/model/change.ts'
import { SYNC_TYPES } from '@pagesync/shared/model/sync-commands.ts'
import { TOPICS } from '@pagesync/shared/model/topics.ts'
import { createCronTimes } from '@pagesync/shared/schedule/cron-times.ts'
import { allowedUrls } from '@pagesync/shared/security/public-url.ts'
import { createTokenSealer } from '@pagesync/shared/security/seal-tokens.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { gatherCalls } from '@pagesync/shared/store/gathered-store.ts'
import { createAccounts } from '@pagesync/shared/store/repositories/accounts.ts'
import { createApiKeys } from '@pagesync/shared/store/repositories/api-keys.ts'
import { createAuditLog } from '@pagesync/shared/store/repositories/audit-log.ts'
import { createAutomaticReplies } from '@pagesync/shared/store/repositories/automatic-replies.ts'
import { createAutomations } from '@pagesync/shared/store/repositories/automations.ts'
import { createRulesCache } from '@pagesync/shared/store/repositories/compiled-rules.ts'
import { createConversationReplies } from '@pagesync/shared/store/repositories/conversation-replies.ts'
import { createDeadLetterBox } from '@pagesync/shared/store/repositories/dead-letter-box.ts'
import { createDeletionRequests } from '@pagesync/shared/store/repositories/deletion-requests.ts'
import { createLeaseReader } from '@pagesync/shared/store/repositories/lease-reader.ts'
import { createLedger } from '@pagesync/shared/store/repositories/ledger.ts'
import { createLogins } from '@pagesync/shared/store/repositories/logins.ts'
import { createPageLimits } from '@pagesync/shared/store/repositories/page-limits.ts'
import { createPageTimers } from '@pagesync/shared/store/repositories/page-timers.ts'
import { createPages } from '@pagesync/shared/store/repositories/pages.ts'
import { resealTokens } from '@pagesync/shared/store/repositories/reseal-tokens.ts'
import { createRuleCounts } from '@pagesync/shared/store/repositories/rule-counts.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { createStatistics } from '@pagesync/shared/store/repositories/statistics.ts'
import { createSyncedReader, openSyncedCollections } from '@pagesync/shared/store/repositories/synced.ts'
import { createTenantSettings } from '@pagesync/shared/store/repositories/tenant-settings.ts'
import { createTenants } from '@pagesync/shared/store/repositories/tenants.ts'
import { createTombstones } from '@pagesync/shared/store/repositories/tombstones.ts'
import type { ApiContext, ReadPage } from './api-context.ts'
import { type AuditWriter, createAuditWriter } from './audit-writer.ts'
import type { ApiConfig } from './config.ts'
import { createConnectAccount } from './connect-account.ts'
import { createConnectPage } from './connect-page.ts'
import { type CredentialWatch, createCredentialWatch } from './credential-watch.ts'
import { createDisconnectAccount } from './disconnect-account.ts'
import { createDisconnectPage } from './disconnect-page.ts'
import { createLiveEvents, type LiveEvents } from './live-events.ts'
import { createOwnership } from './ownership.ts'
import { createTakePlace, type PullLimitsConfig } from './pull-limits.ts'
import { createRunCommand } from './run-command.ts'
import { createPublishCommand, createSubmitCommand, SOURCE } from './submit-command.ts'
import { type CommandWaiters, createCommandWaiters } from './wait-for-command.ts'

export interface ContextDeps {
  readonly config: Pick<
    ApiConfig,
    'COMMAND_WAIT_SECONDS' | 'COMMAND_WAITERS_MAX' | 'TOKEN_KEYS' | 'ERASURE_KEY' | 'FB_APP_SECRET'
  > &
    Partial<Pick<ApiConfig, 'FB_APP_SECRET_PREVIOUS'>> &
    PullLimitsConfig & { readonly ALLOW_PRIVATE_URLS?: boolean }
  readonly logger: Logger
  readonly store: Store
  readonly eventLog: EventLog
  readonly readPage: ReadPage
  readonly facebook: FacebookLogin
  readonly publicUrl: () => string
  readonly clock: Clock
  readonly commandsPath: string
  readonly callbackPath: string
}

export interface OwnedContext {
  readonly context: ApiContext
  readonly waiters: CommandWaiters
  readonly liveEvents: LiveEvents
  readonly credentials: CredentialWatch
  readonly audit: AuditWriter
  /** Lets what was accepted go out to the topic, for a bounded time. */
  closePublishing(): Promise<void>
}

/** What was accepted has so long to go out; after that workers find it in the ledger. */
const CLOSE_PUBLISHING_MS = 3_500

/** Everything that the routes work with, on the given engines. */
export function createContext(deps: ContextDeps): OwnedContext {
  const { config, logger, eventLog, readPage, facebook, clock, commandsPath, publicUrl, callbackPath } = deps
  const store = gatherCalls(deps.store)
  const sealer = createTokenSealer(config.TOKEN_KEYS)
  const tenants = createTenants(store)
  const apiKeys = createApiKeys(store)
  const auditLog = createAuditLog(store)
  const audit = createAuditWriter({ auditLog, clock, logger })
  const credentials = createCredentialWatch({ apiKeys, tenants, clock, logger })
  const sequences = createSequences(store)
  const pages = createPages(store, sequences, sealer)
  const accounts = createAccounts(store, sequences, sealer)
  const reader = createSyncedReader(store)
  const ledger = createLedger(store)
  const batcher = createPublishBatcher(eventLog, TOPICS.commands, { closeMsMax: CLOSE_PUBLISHING_MS })
  const waiters = createCommandWaiters({ eventLog, ledger, clock, logger, waitersMax: config.COMMAND_WAITERS_MAX })
  const publishCommand = createPublishCommand(batcher, logger)
  const takePlace = createTakePlace(config, createPageLimits(store))
  const submit = createSubmitCommand({ ledger, takePlace, publish: publishCommand, clock })
  const defaultWaitMs = config.COMMAND_WAIT_SECONDS * 1000
  const run = createRunCommand({ submit, waiters, ledger, defaultWaitMs, commandsPath })
  const liveEvents = createLiveEvents({ eventLog, clock, logger })
  const deadLetters = createDeadLetterBox(store)
  const rules = createAutomations(store, sequences)
  const replies = createAutomaticReplies(store, sequences)
  const ownership = createOwnership({ pages, accounts, reader, ledger, deadLetters, rules, replies })
  const announce = (changes: readonly Change[]): Promise<void> =>
    eventLog.publish(
      TOPICS.changes,
      changes.map((change) => changeRecord(change, SOURCE)),
    )
  const settings = createTenantSettings(store)
  const connectPage = createConnectPage({ pages, settings, ledger, submit, announce, logger })
  const tombstones = createTombstones(store, config.ERASURE_KEY)
  const eraser = createEraser({ store, tombstones, announce, now: () => clock.now() })
  const disconnectPage = createDisconnectPage({ facebook, pages, logger })
  return {
    context: {
      tenants,
      apiKeys,
      auditLog,
      credentials,
      isAllowedUrl: allowedUrls(config.ALLOW_PRIVATE_URLS),
      pages,
      timers: createPageTimers(store),
      cronTimes: createCronTimes(),
      reader,
      synced: openSyncedCollections(store),
      ledger,
      deadLetters,
      rules,
      replies,
      ruleCounts: createRuleCounts(store, replies),
      conversationReplies: createConversationReplies(store),
      compiledRules: createRulesCache(rules, clock, 0),
      settings,
      statistics: createStatistics(store),
      countEnded: async (row) => {
        if (!SYNC_TYPES.has(row.type)) return
        // So rare that each is counted in a session of its own.
        await using counting = createCounting({ store, sequences, clock })
        countRun(row, counting)
      },
      tombstones,
      leases: createLeaseReader(store),
      eraser,
      deletions: createDeletionRequests(store, config.ERASURE_KEY),
      signedRequestSecrets: [config.FB_APP_SECRET, config.FB_APP_SECRET_PREVIOUS].filter((each) => each !== undefined),
      ownership,
      submit,
      takePlace,
      run,
      publishCommand,
      announce,
      liveEvents,
      eventLog,
      readPage,
      facebook,
      accounts,
      logins: createLogins(store),
      connectPage,
      connectAccount: createConnectAccount({ facebook, accounts, pages, connectPage, logger }),
      disconnectPage,
      disconnectAccount: createDisconnectAccount({ accounts, pages, disconnectPage, eraser }),
      publicUrl,
      callbackPath,
      resealTokens: (max) => resealTokens(store, sealer, max),
      clock,
    },
    waiters,
    liveEvents,
    credentials,
    audit,
    closePublishing: () => batcher.close(),
  }
}
