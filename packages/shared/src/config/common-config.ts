import { isIP } from 'node:net'
import { Type } from '@sinclair/typebox'
import { tokenKeyProblems } from '../security/token-keys.ts'
import { Secret } from './setting.ts'

/**
 * Settings that several services share, to be spread into a service's own schema:
 * `Type.Object({ ...EventLogSettings, ...StoreSettings, ...LogSettings, GATEWAY_PORT: Port(3031, '…') })`.
 */

/** Both engine URLs may hold a password, so no error shows them. */
export const EventLogSettings = {
  EVENT_LOG_URL: Secret({
    pattern: '^(kafka://.+|embedded:.+)$',
    description:
      'The event log: kafka://host:9092,host2:9092[?replication=3&min_isr=2] or embedded:./data (one process alone)',
  }),
  TOPIC_PARTITIONS: Type.Integer({
    minimum: 1,
    maximum: 1000,
    default: 12,
    description: 'Partitions of each topic that is created; a topic with fewer is refused',
  }),
}

export const StoreSettings = {
  STORE_URL: Secret({
    pattern: '^(mongodb(\\+srv)?://.+|embedded:.+)$',
    description: 'The store: mongodb://host:27017/pagesync or embedded:./data (one process alone)',
  }),
}

export const TokenSettings = {
  TOKEN_KEYS: Secret({
    check: tokenKeyProblems,
    description:
      'Keys that seal stored access tokens, by comma, as name:key with 32 bytes in Base64 each: the first seals, all open; name:lost for one that nobody has any more',
  }),
}

export const LogSettings = {
  LOG_LEVEL: Type.String({
    pattern: '^(trace|debug|info|warn|error|fatal|silent)$',
    default: 'info',
    description: 'Least level that is logged: trace, debug, info, warn, error, fatal or silent',
  }),
}

export const ScheduleSettings = {
  SCHEDULES: Type.String({
    pattern: '^(on|off)$',
    default: 'on',
    description: 'on: this worker starts scheduled syncs and the checks of tokens and webhooks; off: others do',
  }),
}

export const HttpSettings = {
  TRUSTED_PROXIES: Type.Optional(
    Type.String({
      maxLength: 4096,
      check: proxyProblems,
      description: 'Addresses or networks, by comma, of the proxies whose X-Forwarded-For is believed; none if unset',
    }),
  ),
}

export const PrivacySettings = {
  ERASURE_KEY: Secret({
    minLength: 32,
    description:
      'Secret under which erased people are recognised; the same in worker and API, and for good: another one is refused',
  }),
}

export const AttachmentSettings = {
  ALLOW_PRIVATE_URLS: Type.Boolean({
    default: false,
    description: 'Attachments may be at http and private addresses: for development alone; the same in worker and API',
  }),
}

export const GraphSettings = {
  GRAPH_URL: Type.String({
    pattern: '^https?://[^/]+/?$',
    maxLength: 1024,
    default: 'https://graph.facebook.com',
    description: "Origin of Facebook's Graph API",
  }),
  GRAPH_VERSION: Type.String({
    pattern: '^v[0-9]+\\.[0-9]+$',
    default: 'v26.0',
    description: 'Version of the Graph API',
  }),
}

export const LoginSettings = {
  FB_LOGIN_URL: Type.String({
    pattern: '^https?://[^/]+/?$',
    maxLength: 1024,
    default: 'https://www.facebook.com',
    description: "Origin of Facebook's login dialog",
  }),
  PUBLIC_API_URL: Type.Optional(
    Type.String({
      pattern: '^https?://[^/?#]+/?$',
      maxLength: 1024,
      description:
        'Origin under which browsers reach the API, for the way back from the login: https://api.example.com. Unset: http://localhost and the port',
    }),
  ),
}

/** What Facebook's app dashboard shows. Each service takes the ones that it needs. */
export const FacebookAppSettings = {
  FB_APP_ID: Type.String({ pattern: '^[0-9]{1,32}$', description: "Facebook's id of the app" }),
  FB_APP_SECRET: Secret({ minLength: 16, description: 'The secret of the app: signs webhooks and proves our calls' }),
  FB_APP_SECRET_PREVIOUS: Type.Optional(
    Secret({ minLength: 16, description: 'The secret before, believed too while the secret is being changed' }),
  ),
  FB_VERIFY_TOKEN: Secret({ minLength: 8, description: 'What Facebook says when it verifies the webhook address' }),
}

/** Variables that one service or script of ours has and another does not: never a typing mistake. */
export const KNOWN_VARIABLES: ReadonlySet<string> = new Set([
  ...Object.keys(FacebookAppSettings),
  ...Object.keys(LoginSettings),
  ...Object.keys(PrivacySettings),
  'PAGESYNC_ENGINES_DIR',
  // The command line's.
  'PAGESYNC_URL',
  'PAGESYNC_KEY',
])

/** Networks that Fastify knows by these names. */
const NAMED_NETWORKS: ReadonlySet<string> = new Set(['loopback', 'linklocal', 'uniquelocal'])

/** Names of hosts, and everybody (`/0`), are none: whoever could be one could name any address as their own. */
function proxyProblems(list: string): string[] {
  return (trustedProxies(list) ?? []).flatMap((entry) => {
    const [address = '', prefix, ...more] = entry.split('/')
    const bits = isIP(address) === 4 ? 32 : isIP(address) === 6 ? 128 : 0
    const isNetwork = prefix === undefined || (/^[1-9][0-9]{0,2}$/.test(prefix) && Number(prefix) <= bits)
    if (NAMED_NETWORKS.has(entry) || (bits > 0 && isNetwork && more.length === 0)) return []
    return [`holds ${JSON.stringify(entry)}, which is no address and no network`]
  })
}

/** `TRUSTED_PROXIES` as Fastify takes it. */
export function trustedProxies(list: string | undefined): string[] | undefined {
  const addresses = (list ?? '').split(',').map((address) => address.trim())
  const given = addresses.filter((address) => address !== '')
  return given.length > 0 ? given : undefined
}
