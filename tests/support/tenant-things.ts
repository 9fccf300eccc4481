import { TOPICS } from '@pagesync/shared/model/topics.ts'
import { createApiKeys } from '@pagesync/shared/store/repositories/api-keys.ts'
import { createDeadLetters } from '@pagesync/shared/store/repositories/dead-letters.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { createApiData, type TestTenant } from './api-data.ts'
import { type ApiSystem, OPERATOR_TOKEN } from './api-system.ts'
import { createRuleData } from './rule-data.ts'

/**
 * Makes what routes are about, new each time, since a route may delete it. Everything belongs to one tenant, and all
 * but the tenant's own (dead letters, keys) to one page that is made with the first of them.
 */
export interface Things {
  readonly tenant: TestTenant
  /** The page of all the things. */
  page(): Promise<PageRow>
  /** The id of a new thing; of the page, the page's. */
  make(kind: ThingKind): Promise<string>
  /** Text that answers about the things hold, and no other answer. */
  marks(): Promise<readonly string[]>
}

export type ThingKind = keyof ReturnType<typeof makers>

let facebookPageIds = 40_000

export function createThings(system: ApiSystem, tenant: TestTenant): Things {
  const data = createApiData(system.store)
  let page: Promise<PageRow> | undefined
  const pageOf = (): Promise<PageRow> => {
    page ??= data.addPage(tenant, String(++facebookPageIds))
    return page
  }
  const textIds: string[] = []
  return {
    tenant,
    page: pageOf,
    async make(kind) {
      const id = await makers(system, tenant, pageOf)[kind]()
      if (id.includes('_') && kind !== 'tenant' && kind !== 'spareTenant') textIds.push(id)
      return id
    },
    async marks() {
      const { id, facebook_page_id } = await pageOf()
      return [...textIds, `"facebook_page_id":"${facebook_page_id}"`, `"page_id":${id},`, `"page_id":${id}}`]
    },
  }
}

/** ADD A KIND OF THING HERE: one function that answers the id that routes take. */
function makers(system: ApiSystem, tenant: TestTenant, pageOf: () => Promise<PageRow>) {
  const data = createApiData(system.store)
  const conversation = async () => {
    const fields = () => ({ last_customer_ms: Date.now() - 60_000 })
    const [row] = await data.addConversations(await pageOf(), 1, fields)
    return row!
  }
  const rule = async (kind: keyof ReturnType<typeof createRuleData>): Promise<string> =>
    String(await createRuleData(system.store, await pageOf())[kind]())
  return {
    keywords: () => rule('keywords'),
    greeting: () => rule('greeting'),
    instantReply: () => rule('instantReply'),
    keyword: () => rule('keyword'),
    faq: () => rule('faq'),
    faqLog: () => rule('faqLog'),
    tenant: async () => tenant.id,
    /** One that may be erased. */
    spareTenant: async () => (await data.addTenant('Spare')).id,
    erasure: async () => {
      const [contact] = await data.contactsOf(await conversation())
      const { body } = await system.request(tenant.key, 'DELETE', `/contacts/${contact?.id}`)
      return String(body.erasure.id)
    },
    page: async () => String((await pageOf()).id),
    conversation: async () => String((await conversation()).id),
    contact: async () => {
      const { page_id, psid } = await conversation()
      const { body } = await system.request(tenant.key, 'GET', `/pages/${page_id}/contacts`)
      return String(body.contacts.find((contact: { facebook_id: string }) => contact.facebook_id === psid).id)
    },
    comment: async () => String((await data.addComment(await pageOf())).id),
    command: async () => {
      const path = `/conversations/${(await conversation()).id}/sync-messages-from-facebook`
      const { body } = await system.request(tenant.key, 'POST', path, { headers: { prefer: 'respond-async' } })
      return String(body.command.id)
    },
    account: async () => {
      const { body } = await system.request(tenant.key, 'POST', '/connect', { body: { access_token: 'token' } })
      return String(body.account.id)
    },
    deadLetter: async () =>
      createDeadLetters(system.store, system.eventLog, '/test').bury({
        tenantId: tenant.id,
        facebookPageId: (await pageOf()).facebook_page_id,
        code: 'COMMAND_REJECTED',
        reason: 'bad',
        attempts: 1,
        origin: { kind: 'record', topic: TOPICS.commands, partition: 0, offset: Math.floor(Math.random() * 1e9) },
        key: '',
        payload: Buffer.from('{}'),
        nowMs: Date.now(),
      }),
    apiKey: async () => {
      const made = await data.tenants.createApiKey({ tenantId: tenant.id, name: 'spare', scopes: [] }, Date.now())
      return made.row.key_id
    },
  }
}

/** What an id in a path is the id of: said by its own name, for `:id` by the word before it, or by the whole path. */
const PARAMS: Readonly<Record<string, ThingKind>> = {
  'tenants/:id': 'tenant',
  'pages/:id': 'page',
  ':pageId': 'page',
  'conversations/:id': 'conversation',
  ':conversationId': 'conversation',
  'contacts/:id': 'contact',
  ':contactId': 'contact',
  ':commentId': 'comment',
  'accounts/:id': 'account',
  'commands/:id': 'command',
  'dead-letters/:id': 'deadLetter',
  'erasures/:id': 'erasure',
  'api-keys/:id': 'apiKey',
  'api-keys/:keyId': 'apiKey',
  'automations/:id': 'keywords',
  '/automations/:id/instant-replies': 'greeting',
  'instant-replies/:id': 'instantReply',
  'keywords/:id': 'keyword',
  'faqs/:id': 'faq',
  ':faqId': 'faq',
  'faq-logs/:id': 'faqLog',
}

/** Undefined: nobody said what it is. */
export function paramThing(path: string, param: string): ThingKind | undefined {
  const before = path.split('/').at(path.split('/').indexOf(`:${param}`) - 1)
  return PARAMS[path] ?? PARAMS[`${before}/:${param}`] ?? PARAMS[`:${param}`]
}

/** Fits every kind of id. */
export const NEVER_GIVEN = '987654321'

/** Ids that were never given, for a caller of this tenant. */
export function nobodysThings(tenant: TestTenant): Things {
  return {
    tenant,
    page: async () => ({ id: Number(NEVER_GIVEN) }) as PageRow,
    make: async () => NEVER_GIVEN,
    marks: async () => [],
  }
}

/** The path with ids of the things. */
export async function fillPath(
  path: string,
  things: Things,
  kinds: Readonly<Record<string, ThingKind>> = {},
): Promise<{ path: string; ids: string[] }> {
  const ids: string[] = []
  let filled = path
  for (const [, param = ''] of path.matchAll(/:(\w+)/g)) {
    const kind = kinds[param] ?? paramThing(path, param)
    if (kind === undefined) throw new Error(`${path}: say in tests/support/tenant-things.ts what :${param} is`)
    const id = await things.make(kind)
    ids.push(id)
    filled = filled.replace(`:${param}`, id)
  }
  return { path: filled, ids }
}

/** Keys by what is wrong with them, of one tenant. */
export async function badKeys(system: ApiSystem, tenant: TestTenant): Promise<Readonly<Record<string, string>>> {
  const { tenants } = createApiData(system.store)
  const nowMs = Date.now()
  const scopes = ['read', 'sync', 'push', 'push:human', 'automations', 'admin']
  const expired = await tenants.createApiKey({ tenantId: tenant.id, name: 'old', scopes, expiresMs: nowMs - 1 }, nowMs)
  const revoked = await tenants.createApiKey({ tenantId: tenant.id, name: 'gone', scopes }, nowMs)
  await createApiKeys(system.store).revoke(revoked.row, nowMs)
  return {
    none: '',
    malformed: 'ps_live_short',
    unknown: `ps_live_${'A'.repeat(43)}`,
    'almost the operator': `${OPERATOR_TOKEN}x`,
    expired: expired.key,
    revoked: revoked.key,
  }
}
