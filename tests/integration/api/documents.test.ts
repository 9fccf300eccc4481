import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { createApiData, T0_MS, type TestTenant } from '../../support/api-data.ts'
import { type ApiSystem, OPERATOR_TOKEN, startApiSystem } from '../../support/api-system.ts'
import { RESULTS } from '../../support/command-results.ts'
import { finishCommands, type Outcome } from '../../support/finish-command.ts'
import { fetchOpenApi, type OpenApiCheck } from '../../support/openapi-check.ts'
import { createRuleData } from '../../support/rule-data.ts'
import { call } from '../../support/system.ts'

let system: ApiSystem
let check: OpenApiCheck
let tenant: TestTenant
let worker: AsyncDisposable
let outcome: (row: CommandRow) => Outcome = (row) => ({ state: 'succeeded', result: RESULTS[row.type]! })
let ids: Record<'page' | 'conversation' | 'contact' | 'comment' | RuleKind, number>

beforeAll(async () => {
  system = await startApiSystem()
  worker = await finishCommands(system.store, system.eventLog, (row) => outcome(row))
  check = await fetchOpenApi(system.origin)
  const data = createApiData(system.store)
  tenant = await data.addTenant('Angkor')
  const page = await data.addPage(tenant, '100')
  const [conversation] = await data.addConversations(page, 3, () => ({ last_customer_ms: Date.now() - 60_000 }))
  await data.addMessages(conversation!, 4, (i) => SPECIAL_MESSAGES[i] ?? {})
  await data.addMessages(conversation!, 1, () => ({
    _id: `${page.id}:mid.sent`,
    mid: 'm_mid.sent',
    direction: 'out',
    from_id: '100',
    origin: 'send',
  }))
  const contacts = await system.request(tenant.key, 'GET', `/pages/${page.id}/contacts`)
  const rules = createRuleData(system.store, page)
  ids = {
    page: page.id,
    conversation: conversation!.id,
    contact: contacts.body.contacts[0].id,
    comment: (await data.addComment(page)).id,
    keywords: await rules.keywords(),
    greeting: await rules.greeting(),
    instantReply: await rules.instantReply(),
    keyword: await rules.keyword(),
    faq: await rules.faq(),
    faqLog: await rules.faqLog(),
  }
})
afterAll(async () => {
  await worker?.[Symbol.asyncDispose]()
  await system?.[Symbol.asyncDispose]()
})

type RuleKind = 'keywords' | 'greeting' | 'instantReply' | 'keyword' | 'faq' | 'faqLog'

const SPECIAL_MESSAGES = [
  {
    direction: 'out',
    from_id: '100',
    from_name: 'Angkor Coffee',
    origin: 'echo',
    edited_ms: T0_MS + 5,
    reply_to: 'm_mid.1',
    automation_id: 3,
    reactions: [{ from_id: '70001', reaction: 'love', emoji: '❤', stamp: 1 }],
    attachments: [
      { type: 'image', url: 'https://cdn.test/1.jpg', size: 12, mime_type: 'image/jpeg', id: '5', name: 'x' },
    ],
  },
  { deleted_ms: T0_MS + 9 },
  { direction: null, from_id: null, text: null, origin: 'sync', stub: true },
] as const

/** One request of each documented answer that is no error. */
const REQUESTS: readonly (readonly [Method, string, object | undefined])[] = [
  ['GET', '/pages', undefined],
  ['GET', '/pages/{id}', undefined],
  ['POST', '/pages', { facebook_page_id: '555', access_token: 'token' }],
  ['POST', '/connect/start', undefined],
  ['POST', '/connect', { access_token: 'token' }],
  ['GET', '/accounts', undefined],
  ['GET', '/pages/{id}/conversations', undefined],
  ['GET', '/conversations/{id}', undefined],
  ['GET', '/conversations/{id}/messages', undefined],
  ['GET', '/pages/{id}/contacts', undefined],
  ['GET', '/contacts/{id}', undefined],
  ['GET', '/pages/{pageId}/sync-status', undefined],
  ['POST', '/pages/{pageId}/sync-from-facebook', undefined],
  ['POST', '/pages/{pageId}/sync-contacts-from-facebook', undefined],
  ['POST', '/pages/{pageId}/sync-conversations', undefined],
  ['POST', '/pages/{pageId}/full-sync-from-facebook', undefined],
  ['POST', '/conversations/{conversationId}/sync-messages-from-facebook', undefined],
  ['POST', '/conversations/{conversationId}/sync-status-from-facebook', undefined],
  ['GET', '/pages/{pageId}/sync-history', undefined],
  ['PUT', '/pages/{pageId}/update-to-facebook', { about: 'Coffee' }],
  ['POST', '/conversations/{conversationId}/archive-on-facebook', undefined],
  ['POST', '/conversations/{conversationId}/unarchive-on-facebook', undefined],
  ['POST', '/conversations/{conversationId}/mute-on-facebook', undefined],
  ['POST', '/conversations/{conversationId}/unmute-on-facebook', undefined],
  ['POST', '/conversations/{conversationId}/mark-read-on-facebook', undefined],
  ['POST', '/conversations/{conversationId}/thread-control', { action: 'take' }],
  ['POST', '/conversations/{conversationId}/messages', { message: 'On its way!' }],
  ['POST', '/pages/{pageId}/send-message', { recipient_id: '70009999', message: 'Hello' }],
  ['GET', '/commands', undefined],
  ['GET', '/pages/{id}/conversations/unanswered', undefined],
  ['PATCH', '/conversations/{id}', { status: 'closed' }],
  ['PATCH', '/conversations/{id}', { status: 'open' }],
  ['PUT', '/contacts/{contactId}/update-in-system', { notes: 'calls on Mondays' }],
  ['PUT', '/contacts/{contactId}', { notes: null }],
  ['PATCH', '/pages/{id}', { settings: { muted_label: 'Quiet' } }],
  ['GET', '/pages/{id}/schedule', undefined],
  ['PUT', '/pages/{id}/schedule', { full: null, timezone: 'Asia/Phnom_Penh' }],
  ['GET', '/pages/{id}/comments', undefined],
  ['POST', '/comments/{commentId}/private-reply', { message: 'We wrote to you.' }],
  ['GET', '/settings', undefined],
  ['PUT', '/settings', { retention: { messages_days: 30 } }],
  ['GET', '/pages/{pageId}/automations', undefined],
  ['POST', '/pages/{pageId}/automations', { name: 'FAQs', type: 'faq' }],
  ['GET', '/automations/{id}', undefined],
  ['PUT', '/automations/{id}', { name: 'Other words' }],
  ['GET', '/automations/{id}/keywords', undefined],
  ['POST', '/automations/{id}/keywords', { keyword: 'a', match_type: 'exact', response_message: 'b' }],
  ['PUT', '/keywords/{id}', { match_type: 'starts_with' }],
  ['GET', '/automations/{id}/instant-replies', undefined],
  ['POST', '/automations/{id}/instant-replies', { trigger: 'new_message', message: 'Hello' }],
  ['PUT', '/instant-replies/{id}', { include_name: true }],
  ['GET', '/pages/{pageId}/faqs', undefined],
  ['POST', '/pages/{pageId}/faqs', { question: 'Where?', answer: 'Here.' }],
  ['GET', '/faqs/{id}', undefined],
  ['PUT', '/faqs/{id}', { keywords: ['hours'] }],
  ['GET', '/pages/{pageId}/faqs/search?q=open', undefined],
  ['GET', '/pages/{pageId}/faqs/stats', undefined],
  ['GET', '/pages/{pageId}/faq-categories', undefined],
  ['POST', '/pages/{pageId}/faqs/bulk-import', { faqs: [{ question: 'Who?', answer: 'We.' }, {}] }],
  ['POST', '/faqs/{faqId}/send/{conversationId}', undefined],
  ['POST', '/faq-logs/{id}/feedback', { feedback: 'helpful' }],
  ['GET', '/pages/{pageId}/automatic-replies', undefined],
  ['POST', '/pages/{pageId}/automations/test', { text: 'do you ship?' }],
  ['DELETE', '/keywords/{id}', undefined],
  ['DELETE', '/instant-replies/{id}', undefined],
  ['DELETE', '/faqs/{id}', undefined],
  ['DELETE', '/automations/{id}', undefined],
  ['GET', '/dead-letters', undefined],
  ['GET', '/tenants', undefined],
  ['POST', '/tenants', { name: 'Another' }],
  ['POST', '/api-keys', { name: 'CRM', scopes: ['read'] }],
  ['GET', '/api-keys', undefined],
  ['GET', '/audit-log', undefined],
  ['POST', '/tokens/reseal', undefined],
]

const RULE_PATHS: readonly (readonly [string, RuleKind])[] = [
  ['/automations/{id}/instant-replies', 'greeting'],
  ['/automations', 'keywords'],
  ['/instant-replies', 'instantReply'],
  ['/keywords', 'keyword'],
  ['/faqs', 'faq'],
  ['/faq-logs', 'faqLog'],
]

/** The document's path with ids that exist. */
function fill(path: string): string {
  if (path.startsWith('/faqs/{faqId}'))
    return path.replace('{faqId}', String(ids.faq)).replace('{conversationId}', String(ids.conversation))
  const ofRule = RULE_PATHS.find(([start]) => path.startsWith(start))
  if (ofRule) return path.replaceAll(/\{\w+\}/g, String(ids[ofRule[1]]))
  const id = path.startsWith('/conversations')
    ? ids.conversation
    : path.startsWith('/contacts')
      ? ids.contact
      : path.startsWith('/comments')
        ? ids.comment
        : ids.page
  return path.replaceAll(/\{\w+\}/g, String(id))
}

const tokenFor = (path: string): string => (/^\/(tenants|tokens)/.test(path) ? OPERATOR_TOKEN : tenant.key)
type Method = 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE'
const request = (method: Method, path: string, body?: unknown, headers = {}) =>
  system.request(tokenFor(path), method, fill(path), { body, headers })

describe('every answer is as the document at /docs/json says', () => {
  it.each(REQUESTS)('%s %s', async (method, path, body) => {
    const answer = await request(method, path, body)
    expect(answer.status, JSON.stringify(answer.body)).toBeLessThan(300)
    expect(answer.body.success).toBe(true)
    check.expectDocumented(method, `/api/facebook${path.split('?')[0]}`, answer)
  })

  it('cancelling and retrying a command', async () => {
    outcome = () => ({ state: 'failed', failure: { code: 'FACEBOOK_REJECTED', status: 502, message: 'no' } })
    const failed = await request('POST', '/conversations/{conversationId}/archive-on-facebook')
    check.expectDocumented('POST', '/api/facebook/conversations/{conversationId}/archive-on-facebook', failed)
    const acts = ['cancel', 'retry', 'cancel', 'retry']
    for (const act of acts) {
      const answer = await system.request(tenant.key, 'POST', `/commands/${failed.body.command.id}/${act}`)
      check.expectDocumented('POST', `/api/facebook/commands/{id}/${act}`, answer)
    }
    outcome = (row) => ({ state: 'succeeded', result: RESULTS[row.type]! })
  })

  it('GET /commands/{id}, and 202 of a command', async () => {
    const path = '/pages/{pageId}/full-sync-from-facebook'
    const accepted = await request('POST', path, {}, { prefer: 'respond-async' })
    expect(accepted.status).toBe(202)
    check.expectDocumented('POST', `/api/facebook${path}`, accepted)
    const shown = await system.request(tenant.key, 'GET', `/commands/${accepted.body.command.id}`)
    check.expectDocumented('GET', '/api/facebook/commands/{id}', shown)
  })

  it('207 and every error that a command can end with', async () => {
    const path = '/pages/{pageId}/full-sync-from-facebook'
    outcome = () => ({ state: 'partially_succeeded', result: RESULTS['page.full_sync']! })
    check.expectDocumented('POST', `/api/facebook${path}`, await request('POST', path))
    for (const [code, status] of [
      ['FACEBOOK_TOKEN_INVALID', 502],
      ['FACEBOOK_RATE_LIMITED', 503],
      ['FACEBOOK_UNAVAILABLE', 504],
    ] as const) {
      outcome = () => ({ state: 'failed', failure: { code, status, message: 'no', facebook: { code: 190 } } })
      const answer = await request('POST', path)
      expect(answer.status).toBe(status)
      check.expectDocumented('POST', `/api/facebook${path}`, answer)
    }
  })

  it('400, 401, 403, 404, 415 and 422', async () => {
    const path = '/pages/{pageId}/sync-from-facebook'
    const documented = `/api/facebook${path}`
    const answers = [
      await request('POST', path, { fields: ['nothing'] }),
      await system.request('', 'POST', fill(path)),
      await system.request(OPERATOR_TOKEN, 'POST', fill(path)),
      await system.request(tenant.key, 'POST', '/pages/999999/sync-from-facebook'),
      await request('POST', path, {}, { 'content-type': 'text/plain' }),
    ]
    expect(answers.map(({ status }) => status)).toEqual([400, 401, 401, 404, 415])
    for (const answer of answers) check.expectDocumented('POST', documented, answer)
    check.expectDocumented('GET', '/api/facebook/tenants', await system.request(tenant.key, 'GET', '/tenants'))
  })

  it('/livez and /readyz', async () => {
    for (const path of ['/livez', '/readyz']) {
      const answer = await call(`${system.origin}${path}`, 'GET')
      expect(answer.status).toBe(200)
      check.expectDocumented('GET', path, answer)
    }
    const { body } = await call(`${system.origin}/readyz`, 'GET')
    expect(body.parts).toMatchObject({
      store: { status: 'up', engine: 'embedded' },
      event_log: { status: 'up', engine: 'embedded' },
    })
  })
})

describe('the document', () => {
  it('is OpenAPI 3.1 and names every route of the API, with a summary, a tag and its errors', () => {
    expect(check.document.openapi).toBe('3.1.0')
    const documented = Object.entries<Record<string, unknown>>(check.document.paths).flatMap(([path, operations]) =>
      Object.keys(operations).map((method) => `${method.toUpperCase()} ${path}`),
    )
    const registered = system.api.routes
      .filter(({ method, access }) => access !== null && method !== 'HEAD')
      .map(({ method, path }) => `${method} ${path.replaceAll(/:(\w+)/g, '{$1}')}`)
    expect(documented).toEqual(expect.arrayContaining(registered))
    for (const operations of Object.values<Record<string, never>>(check.document.paths))
      for (const operation of Object.values<{ summary: string; tags: string[]; responses: object }>(operations)) {
        expect(operation.summary).toMatch(/^\S.*[^.]$/)
        expect(operation.tags).toHaveLength(1)
      }
  })

  it('asks for a bearer token on every route of the API and on no other', () => {
    expect(check.document.components.securitySchemes.bearer).toMatchObject({ type: 'http', scheme: 'bearer' })
    expect(check.document.security).toEqual([{ bearer: [] }])
    expect(check.document.paths['/livez'].get.security).toEqual([])
    expect(check.document.paths['/api/facebook/pages'].get.security).toBeUndefined()
  })

  it('refers to nothing that it does not hold', () => {
    const refs = [...JSON.stringify(check.document).matchAll(/"\$ref":"([^"]+)"/g)].map(([, ref]) => ref!)
    expect(refs.length).toBeGreaterThan(20)
    for (const ref of refs) {
      const target = ref
        .slice(2)
        .split('/')
        .reduce((at: unknown, name) => (at as Record<string, unknown>)?.[name], check.document)
      expect(target, ref).toBeDefined()
    }
  })

  it('has a page to try it', async () => {
    const page = await call(`${system.origin}/docs`, 'GET')
    expect(page.status).toBe(200)
    expect(page.body).toContain('Facebook Sync API')
  })
})

describe('shapes of the contract', () => {
  it('a message, as a person, the page and Facebook know it', async () => {
    const { body } = await request('GET', '/conversations/{id}/messages?sort=id')
    const [fromPage, deleted, stub, plain] = body.messages
    expect(fromPage).toEqual({
      id: expect.any(Number),
      conversation_id: ids.conversation,
      facebook_message_id: expect.stringMatching(/^m_mid/),
      direction: 'out',
      from: { facebook_id: '100', name: 'Angkor Coffee' },
      text: expect.stringContaining('🙏'),
      attachments: [
        {
          type: 'image',
          id: '5',
          name: 'x',
          mime_type: 'image/jpeg',
          size: 12,
          url: 'https://cdn.test/1.jpg',
          preview_url: null,
          title: null,
          sticker_id: null,
        },
      ],
      created_time: expect.stringMatching(/^2026-01-08T.*Z$/),
      origin: 'echo',
      state: 'sent',
      edited_at: '2026-01-08T10:30:00.005Z',
      deleted_at: null,
      reactions: [{ facebook_id: '70001', reaction: 'love', emoji: '❤' }],
      reply_to: 'm_mid.1',
      automation_id: 3,
    })
    expect(deleted).toMatchObject({ text: null, deleted_at: '2026-01-08T10:30:00.009Z' })
    expect(stub).toMatchObject({ direction: null, text: null, from: { facebook_id: null, name: null } })
    expect(plain).toMatchObject({
      direction: 'in',
      state: 'delivered',
      from: { name: expect.stringMatching(/^Customer/) },
    })
  })

  it('a conversation, a contact and a page', async () => {
    const { conversation } = (await request('GET', '/conversations/{id}')).body
    expect(conversation).toEqual({
      id: ids.conversation,
      page_id: ids.page,
      facebook_conversation_id: expect.stringMatching(/^t_/),
      participant: { facebook_id: expect.any(String), name: expect.stringMatching(/^Customer/) },
      snippet: null,
      unread_count: 0,
      message_count: 0,
      status: 'open',
      muted_until: null,
      is_answered: false,
      can_reply: true,
      folder: 'inbox',
      reply_window: { kind: 'standard', closes_at: expect.stringMatching(/Z$/) },
      labels: [],
      last_message_at: expect.stringMatching(/Z$/),
      last_synced_at: null,
      created_at: '2026-01-08T10:30:00.000Z',
    })
    const { contact } = (await request('GET', '/contacts/{id}')).body
    expect(contact).toEqual({
      id: ids.contact,
      page_id: ids.page,
      facebook_id: expect.any(String),
      name: expect.stringMatching(/^Contact/),
      email: null,
      phone: null,
      custom_fields: { points: 7, nested: { vip: true } },
      tags: ['vip'],
      notes: null,
      last_synced_at: '2026-01-08T10:30:00.000Z',
      created_at: '2026-01-08T10:30:00.000Z',
    })
    const { page } = (await request('GET', '/pages/{id}')).body
    expect(page).toMatchObject({
      id: ids.page,
      facebook_page_id: '100',
      name: 'Angkor Coffee',
      status: 'active',
      fan_count: null,
    })
  })
})
