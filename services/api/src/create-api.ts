import { trustedProxies } from '@pagesync/shared/config/common-config.ts'
import type { EventLog } from '@pagesync/shared/event-log/event-log.ts'
import type { FacebookLogin } from '@pagesync/shared/graph/facebook-login.ts'
import { createServer, type Server } from '@pagesync/shared/http/create-server.ts'
import { type HealthCheck, registerHealth } from '@pagesync/shared/http/health.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { registerAccessLog } from './access-log.ts'
import type { ApiContext, ReadPage } from './api-context.ts'
import { registerAudit } from './audit-requests.ts'
import type { AuditWriter } from './audit-writer.ts'
import { type Access, registerAuthentication } from './authenticate.ts'
import { decorateWithCaller } from './caller.ts'
import type { ApiConfig } from './config.ts'
import { createContext } from './create-context.ts'
import { createFindCaller } from './find-caller.ts'
import { createFindKey } from './find-key.ts'
import { harden } from './harden.ts'
import type { LiveEvents } from './live-events.ts'
import { createKeyUses } from './note-key-use.ts'
import { registerDocuments } from './openapi/register-documents.ts'
import { BODY_BYTES_MAX, registerBodyParsing } from './parse-body.ts'
import { createPublicUrl } from './public-url.ts'
import type { PullLimitsConfig } from './pull-limits.ts'
import { createRequestLimits, type RequestLimits, type RequestLimitsConfig } from './request-limits.ts'
import { registerAccounts } from './routes/accounts.ts'
import { registerApiKeys } from './routes/api-keys.ts'
import { registerAuditLog } from './routes/audit-log.ts'
import { registerAutomaticReplies } from './routes/automatic-replies.ts'
import { registerAutomationTest } from './routes/automation-test.ts'
import { registerAutomations } from './routes/automations.ts'
import { registerCommandActs } from './routes/command-acts.ts'
import { registerCommands } from './routes/commands.ts'
import { registerComments } from './routes/comments.ts'
import { registerConnect } from './routes/connect.ts'
import { registerConnectPage } from './routes/connect-page.ts'
import { registerContactEdits } from './routes/contact-edits.ts'
import { registerContacts } from './routes/contacts.ts'
import { registerConversationEdits } from './routes/conversation-edits.ts'
import { registerConversationPulls } from './routes/conversation-pulls.ts'
import { registerConversationPushes } from './routes/conversation-pushes.ts'
import { registerConversations } from './routes/conversations.ts'
import { registerDeadLetters } from './routes/dead-letters.ts'
import { registerErasures, registerTenantErasure } from './routes/erasures.ts'
import { registerEvents } from './routes/events.ts'
import { registerFacebookCallbacks } from './routes/facebook-callbacks.ts'
import { registerFaqActs } from './routes/faq-acts.ts'
import { registerFaqImport } from './routes/faq-import.ts'
import { registerFaqOverview } from './routes/faq-overview.ts'
import { registerFaqs } from './routes/faqs.ts'
import { registerInstantReplies } from './routes/instant-replies.ts'
import { registerKeywords } from './routes/keywords.ts'
import { registerMessages } from './routes/messages.ts'
import { registerPageConnection } from './routes/page-connection.ts'
import { registerPageEdits } from './routes/page-edits.ts'
import { registerPagePulls } from './routes/page-pulls.ts'
import { registerPagePushes } from './routes/page-pushes.ts'
import { registerPages } from './routes/pages.ts'
import { registerSchedule } from './routes/schedule.ts'
import { registerSends } from './routes/sends.ts'
import { registerSettings } from './routes/settings.ts'
import { registerStatistics } from './routes/statistics.ts'
import { registerSyncHistory } from './routes/sync-history.ts'
import { registerSyncStatus } from './routes/sync-status.ts'
import { registerTenantApiKeys } from './routes/tenant-api-keys.ts'
import { registerTenants } from './routes/tenants.ts'
import { registerTokens } from './routes/tokens.ts'
import { registerUnanswered } from './routes/unanswered.ts'
import { createVerifyJwt, type JwtConfig } from './verify-jwt.ts'
import type { CommandWaiters } from './wait-for-command.ts'

const BASE_PATH = '/api/facebook'
const API_VERSION = '0.1.0'

export interface ApiDeps {
  readonly config: Pick<
    ApiConfig,
    | 'OPERATOR_TOKEN'
    | 'COMMAND_WAIT_SECONDS'
    | 'COMMAND_WAITERS_MAX'
    | 'TRUSTED_PROXIES'
    | 'TOKEN_KEYS'
    | 'ERASURE_KEY'
    | 'FB_APP_SECRET'
  > &
    JwtConfig &
    PullLimitsConfig &
    RequestLimitsConfig &
    Partial<Pick<ApiConfig, 'FB_APP_SECRET_PREVIOUS' | 'CORS_ORIGINS' | 'ALLOW_PRIVATE_URLS' | 'PUBLIC_API_URL'>>
  readonly logger: Logger
  /** Its collections are there already. Not closed by the API. */
  readonly store: Store
  /** Its topics are there already. Not closed by the API. */
  readonly eventLog: EventLog
  readonly readPage: ReadPage
  readonly facebook: FacebookLogin
  readonly clock: Clock
}

export interface ApiRoute {
  readonly method: string
  readonly path: string
  /** Null: open to everybody. */
  readonly access: Access | null
  /** A key for some pages alone is refused. */
  readonly wholeTenant: boolean
}

export interface Api extends AsyncDisposable {
  /** Never listens by itself. */
  readonly app: Server
  readonly routes: readonly ApiRoute[]
  /** Ends the waits of callers (they get 202), answers what is in flight, publishes what was accepted. Twice is once. */
  close(): Promise<void>
}

/** In-flight requests have so long to end before their connections are cut. */
const CLOSE_REQUESTS_MS = 4_500

/** The API: reads state from the store, and turns requests to do something into commands. */
export async function createApi(deps: ApiDeps): Promise<Api> {
  const { config, logger, clock } = deps
  const verifyJwt = createVerifyJwt(config, clock)
  const app = createServer({
    logger,
    bodyLimit: BODY_BYTES_MAX,
    trustProxy: trustedProxies(config.TRUSTED_PROXIES),
  })
  const routes = collectRoutes(app)
  const { context, waiters, liveEvents, credentials, audit, closePublishing } = createContext({
    ...deps,
    commandsPath: `${BASE_PATH}/commands`,
    callbackPath: `${BASE_PATH}/connect/callback`,
    publicUrl: createPublicUrl(app, config.PUBLIC_API_URL),
  })
  await context.tombstones.checkKey()
  // Before the server stops taking connections: whoever waits is answered 202.
  app.addHook('preClose', async () => {
    await Promise.all([waiters.close(), liveEvents.close(), credentials[Symbol.asyncDispose]()])
  })
  const limits = createRequestLimits(config, clock)
  decorateWithCaller(app)
  await harden(app, config.CORS_ORIGINS)
  registerBodyParsing(app)
  registerAccessLog(app)
  await registerDocuments(app, API_VERSION)
  registerHealth(app, healthChecks(deps, waiters, liveEvents, limits, audit))
  await app.register(
    async (api) => {
      const keyUses = createKeyUses(context.apiKeys, clock, logger)
      api.addHook('onClose', () => keyUses.settled())
      const findCaller = createFindCaller({
        findKey: createFindKey(context.tenants, clock),
        noteUse: keyUses.note,
        verifyJwt,
        tenants: context.tenants,
        clock,
      })
      registerAudit(api, { writer: audit, clock })
      registerAuthentication(api, { findCaller, limits, operatorToken: config.OPERATOR_TOKEN })
      registerRoutes(api as Server, context, config.OPERATOR_TOKEN !== undefined)
    },
    { prefix: BASE_PATH },
  )
  await app.ready()

  let closed: Promise<void> | undefined
  const close = (): Promise<void> => {
    closed ??= closeInOrder(app, async () => void (await Promise.all([closePublishing(), audit.close()])))
    return closed
  }
  return { app, routes, close, [Symbol.asyncDispose]: close }
}

async function closeInOrder(app: Server, closeBehind: () => Promise<void>): Promise<void> {
  const cut = setTimeout(() => app.server.closeAllConnections(), CLOSE_REQUESTS_MS)
  try {
    await app.close()
  } finally {
    clearTimeout(cut)
    await closeBehind()
  }
}

function registerRoutes(api: Server, context: ApiContext, hasOperator: boolean): void {
  registerPages(api, context)
  registerConnectPage(api, context)
  registerPageConnection(api, context)
  registerConnect(api, context)
  registerAccounts(api, context)
  registerPagePulls(api, context)
  registerSyncStatus(api, context)
  registerStatistics(api, context)
  registerSyncHistory(api, context)
  registerConversations(api, context)
  registerMessages(api, context)
  registerConversationPulls(api, context)
  registerContacts(api, context)
  registerCommands(api, context)
  registerCommandActs(api, context)
  registerPagePushes(api, context)
  registerConversationPushes(api, context)
  registerSends(api, context)
  registerComments(api, context)
  registerPageEdits(api, context)
  registerSchedule(api, context)
  registerContactEdits(api, context)
  registerConversationEdits(api, context)
  registerUnanswered(api, context)
  registerAutomations(api, context)
  registerInstantReplies(api, context)
  registerKeywords(api, context)
  registerFaqs(api, context)
  registerFaqOverview(api, context)
  registerFaqImport(api, context)
  registerFaqActs(api, context)
  registerAutomaticReplies(api, context)
  registerAutomationTest(api, context)
  registerSettings(api, context)
  registerDeadLetters(api, context)
  registerEvents(api, context)
  registerApiKeys(api, context)
  registerAuditLog(api, context)
  if (hasOperator) registerTenants(api, context)
  if (hasOperator) registerTenantApiKeys(api, context)
  if (hasOperator) registerTokens(api, context)
  registerErasures(api, context)
  registerFacebookCallbacks(api, context)
  if (hasOperator) registerTenantErasure(api, context)
}

function collectRoutes(app: Server): readonly ApiRoute[] {
  const routes: ApiRoute[] = []
  app.addHook('onRoute', ({ method, url, config }) => {
    for (const each of Array.isArray(method) ? method : [method])
      routes.push({
        method: each,
        path: url,
        access: config?.access ?? null,
        wholeTenant: config?.wholeTenant === true,
      })
  })
  return routes
}

function healthChecks(
  { store, eventLog }: ApiDeps,
  waiters: CommandWaiters,
  liveEvents: LiveEvents,
  limits: RequestLimits,
  audit: AuditWriter,
): HealthCheck[] {
  return [
    {
      name: 'store',
      check: async (timeoutMs) => {
        await store.ping(timeoutMs)
        return { engine: store.engine }
      },
    },
    {
      name: 'event_log',
      check: async (timeoutMs) => {
        await eventLog.ping(timeoutMs)
        return { engine: eventLog.engine }
      },
    },
    {
      name: 'callers',
      optional: true,
      check: async () => ({ waiting: waiters.count(), listening: liveEvents.count() }),
    },
    { name: 'audit_log', optional: true, check: async () => ({ ...audit.counts() }) },
    { name: 'strangers', optional: true, check: async () => ({ ...limits.counts() }) },
  ]
}
