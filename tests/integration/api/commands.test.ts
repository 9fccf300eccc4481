import type { StoredRecord } from '@pagesync/shared/event-log/event-log.ts'
import { TOPICS } from '@pagesync/shared/model/topics.ts'
import { commandKey, type PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createApiData, type TestTenant } from '../../support/api-data.ts'
import { type ApiSystem, startApiSystem } from '../../support/api-system.ts'
import { RESULTS, succeed } from '../../support/command-results.ts'
import { eventually } from '../../support/eventually.ts'
import { createFinishCommand, type Decide, finishCommands } from '../../support/finish-command.ts'
import { call } from '../../support/system.ts'

let system: ApiSystem
let data: ReturnType<typeof createApiData>
let tenant: TestTenant
let page: PageRow
let worker: AsyncDisposable | undefined
let facebookPageId = 100

beforeAll(async () => {
  system = await startApiSystem()
  data = createApiData(system.store)
  tenant = await data.addTenant('Angkor')
})
afterAll(() => system?.[Symbol.asyncDispose]())
beforeEach(async () => {
  page = await data.addPage(tenant, String(facebookPageId++))
})
afterEach(async () => {
  await worker?.[Symbol.asyncDispose]()
  worker = undefined
})

const startWorker = async (decide: Decide): Promise<void> => {
  worker = await finishCommands(system.store, system.eventLog, decide)
}
const post = (path: string, headers: Readonly<Record<string, string>> = {}, body?: unknown) =>
  system.request(tenant.key, 'POST', path, { headers, body })
const details = (headers?: Readonly<Record<string, string>>, body?: unknown) =>
  post(`/pages/${page.id}/sync-from-facebook`, headers, body)
const waitingAt = async ({ origin }: ApiSystem): Promise<number> =>
  (await call(`${origin}/readyz`, 'GET')).body.parts.callers.waiting
const commandsOfPage = async () =>
  (await system.request(tenant.key, 'GET', `/commands?page_id=${page.id}`)).body.commands

describe('a pull that ends while its caller waits', () => {
  it('answers 200 with the members of its result beside success', async () => {
    await startWorker(succeed)
    const [conversation] = await data.addConversations(page, 1)
    const pulls: readonly (readonly [string, string])[] = [
      ['page.sync_details', `/pages/${page.id}/sync-from-facebook`],
      ['page.sync_contacts', `/pages/${page.id}/sync-contacts-from-facebook`],
      ['page.sync_conversations', `/pages/${page.id}/sync-conversations`],
      ['page.full_sync', `/pages/${page.id}/full-sync-from-facebook`],
      ['conversation.sync_messages', `/conversations/${conversation!.id}/sync-messages-from-facebook`],
      ['conversation.sync_status', `/conversations/${conversation!.id}/sync-status-from-facebook`],
    ]
    for (const [type, path] of pulls) {
      const answer = await post(path)
      expect(answer.status, JSON.stringify(answer.body)).toBe(200)
      expect(answer.body).toEqual({ success: true, ...RESULTS[type] })
      expect(answer.headers['preference-applied']).toBeUndefined()
    }
    const kinds = (await commandsOfPage()).map((command: { type: string }) => command.type)
    expect(kinds).toEqual(pulls.map(([type]) => type).toReversed())
  })

  it('is told by the change, long before the ledger would be read again', async () => {
    await startWorker(succeed)
    await details()
    const startedMs = performance.now()
    for (let i = 0; i < 5; i++) expect((await details()).status).toBe(200)
    expect(performance.now() - startedMs).toBeLessThan(5 * 2_000)
  })

  it('answers 207 and success false when a part failed, and keeps what worked', async () => {
    const errors = [{ conversation_id: 1, code: 'FACEBOOK_OBJECT_GONE', message: 'gone' }]
    const result = {
      ...RESULTS['page.full_sync'],
      sync_results: { ...(RESULTS['page.full_sync']!.sync_results as object), errors },
    }
    await startWorker(() => ({ state: 'partially_succeeded', result }))
    const answer = await post(`/pages/${page.id}/full-sync-from-facebook`)
    expect(answer.status).toBe(207)
    expect(answer.body).toEqual({ success: false, ...result })
  })

  it("answers Facebook's refusal as a problem with its code, Facebook's own words, and the command", async () => {
    const facebook = { code: 190, subcode: 463, type: 'OAuthException', fbtrace_id: 'AbC' }
    await startWorker(() => ({
      state: 'failed',
      failure: {
        code: 'FACEBOOK_TOKEN_INVALID',
        message: 'Facebook answered with error 190/463',
        status: 502,
        facebook,
      },
    }))
    const answer = await details()
    expect(answer.status).toBe(502)
    expect(answer.headers['content-type']).toMatch(/^application\/problem\+json/)
    expect(answer.body).toMatchObject({
      success: false,
      status: 502,
      code: 'FACEBOOK_TOKEN_INVALID',
      facebook,
      command: { state: 'failed', type: 'page.sync_details', error: { code: 'FACEBOOK_TOKEN_INVALID', facebook } },
    })
    expect(answer.body.request_id).toBe(answer.headers['x-request-id'])
  })

  it.each([
    ['cancelled', 'COMMAND_CANCELLED'],
    ['expired', 'COMMAND_EXPIRED'],
  ] as const)('that is %s answers 409', async (state, code) => {
    await startWorker(() => ({ state }))
    const answer = await details()
    expect(answer.status).toBe(409)
    expect(answer.body).toMatchObject({ code, command: { state } })
  })

  it('says when to come again where Facebook did not answer', async () => {
    await startWorker(() => ({
      state: 'failed',
      failure: { code: 'FACEBOOK_UNAVAILABLE', message: 'Facebook did not answer', status: 504 },
    }))
    const answer = await details()
    expect(answer.status).toBe(504)
    expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
  })
})

describe('waiting', () => {
  it('Prefer: respond-async answers 202 at once, with the command and where it is', async () => {
    const answer = await details({ prefer: 'respond-async' })
    expect(answer.status).toBe(202)
    expect(answer.headers['preference-applied']).toBe('respond-async')
    expect(answer.body).toMatchObject({
      success: true,
      status: 'running',
      command: { type: 'page.sync_details', state: 'accepted', page_id: page.id, conversation_id: null },
    })
    const location = String(answer.headers.location)
    expect(location).toBe(`/api/facebook/commands/${answer.body.command.id}`)
    const shown = await system.request(tenant.key, 'GET', location.replace('/api/facebook', ''))
    expect(shown.body.command).toEqual({
      ...answer.body.command,
      transitions: [
        { state: 'accepted', at: answer.body.command.requested_at, attempt: 0, worker: null, reason: null },
      ],
    })
  })

  it('Prefer: wait=1 answers 202 after a second', async () => {
    const startedMs = performance.now()
    const answer = await details({ prefer: 'wait=1' })
    expect(answer.status).toBe(202)
    expect(answer.headers['preference-applied']).toBe('wait=1')
    expect(performance.now() - startedMs).toBeGreaterThan(900)
  })

  it('a preference that was applied is told with a result as well', async () => {
    await startWorker(succeed)
    const answer = await details({ prefer: 'wait=20' })
    expect(answer.status).toBe(200)
    expect(answer.headers['preference-applied']).toBe('wait=20')
  })

  it('reads the ledger again without any change announced', async () => {
    const finish = createFinishCommand(system.store, system.eventLog, { announces: false })
    const answering = details({ prefer: 'wait=30' })
    const [command] = await eventually(async () => {
      const commands = await commandsOfPage()
      return commands.length > 0 ? commands : undefined
    })
    await finish(commandKey(tenant.id, command.id), succeed)
    expect((await answering).status).toBe(200)
  })

  it('ends when the caller is gone', async () => {
    const leaving = new AbortController()
    const answering = fetch(`${system.url}/pages/${page.id}/sync-from-facebook`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tenant.key}` },
      signal: leaving.signal,
    })
    await eventually(async () => (await waitingAt(system)) === 1)
    leaving.abort()
    await expect(answering).rejects.toThrow()
    await eventually(async () => (await waitingAt(system)) === 0)
  })

  it('is for a bounded number of callers: one more is answered 202 at once', async () => {
    await using small = await startApiSystem({ config: { COMMAND_WAITERS_MAX: 1, COMMAND_WAIT_SECONDS: 4 } })
    const own = createApiData(small.store)
    const { key, id } = await own.addTenant('Small')
    const its = await own.addPage({ key, id }, '1')
    const first = small.request(key, 'POST', `/pages/${its.id}/sync-from-facebook`)
    await eventually(async () => (await waitingAt(small)) === 1)
    const second = await small.request(key, 'POST', `/pages/${its.id}/sync-contacts-from-facebook`)
    expect(second.status).toBe(202)
    expect(await waitingAt(small)).toBe(1)
    const { status, headers } = await first
    expect([status, headers['preference-applied']]).toEqual([202, 'wait=4'])
  })
})

describe('the command topic', () => {
  it("has the command as internal services would write it, keyed by Facebook's page id, within the caller's trace", async () => {
    const seen: StoredRecord[] = []
    await using _tail = await system.eventLog.tail({
      topic: TOPICS.commands,
      from: 'now',
      handle: (records) => void seen.push(...records),
    })
    const traceparent = `00-${'ab'.repeat(16)}-${'cd'.repeat(8)}-01`
    const [conversation] = await data.addConversations(page, 1)
    const { body } = await post(
      `/conversations/${conversation!.id}/sync-messages-from-facebook`,
      { prefer: 'respond-async', traceparent, 'idempotency-key': 'mine' },
      { mode: 'full', since: '2026-01-08T17:30:00+07:00' },
    )
    const record = await eventually(() => seen[0])
    expect(record.key).toBe(page.facebook_page_id)
    expect(record.headers).toMatchObject({
      ce_specversion: '1.0',
      ce_id: body.command.id,
      ce_type: 'conversation.sync_messages',
      ce_source: '/pagesync/api',
      ce_subject: page.facebook_page_id,
      'content-type': 'application/json',
      traceparent,
    })
    expect(JSON.parse(record.value.toString())).toEqual({
      id: body.command.id,
      type: 'conversation.sync_messages',
      tenant_id: tenant.id,
      page_id: page.id,
      conversation_id: conversation!.id,
      arguments: { mode: 'full', since: '2026-01-08T10:30:00.000Z' },
      requested_by: { kind: 'api_key', id: expect.stringMatching(/^key_/) },
      requested_at: body.command.requested_at,
      idempotency_key: null,
      not_before: null,
      expires_at: body.command.expires_at,
    })
    expect(body.command.conversation_id).toBe(conversation!.id)
  })
})

describe('equal pulls', () => {
  it('that are still running share one command, 50 at once as well', async () => {
    const answers = await Promise.all(Array.from({ length: 50 }, () => details({ prefer: 'respond-async' })))
    expect(new Set(answers.map(({ body }) => body.command.id)).size).toBe(1)
    expect(await commandsOfPage()).toHaveLength(1)
  })

  it('are separate commands once the first has ended, and where the arguments differ', async () => {
    await startWorker(succeed)
    await details()
    await details()
    await details({}, { fields: ['about'] })
    expect(await commandsOfPage()).toHaveLength(3)
  })
})

describe('Idempotency-Key', () => {
  it('50 concurrent requests with one key make one command and get equal answers', async () => {
    await startWorker(succeed)
    const answers = await Promise.all(Array.from({ length: 50 }, () => details({ 'idempotency-key': 'order 66' })))
    expect(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size).toBe(1)
    expect(await commandsOfPage()).toHaveLength(1)
    expect((await details({ 'idempotency-key': 'order 66' })).status).toBe(200)
    expect(await commandsOfPage()).toHaveLength(1)
  })

  it('stands for the request in whatever order its body is written, and for no other', async () => {
    const key = { 'idempotency-key': `k-${page.id}`, prefer: 'respond-async' }
    const full = `/pages/${page.id}/full-sync-from-facebook`
    const first = await post(full, key, { mode: 'full', since: '2026-01-01T00:00:00Z' })
    const same = await post(full, key, { since: '2026-01-01T00:00:00Z', mode: 'full' })
    expect(same.body.command.id).toBe(first.body.command.id)
    for (const other of [
      await post(full, key, { mode: 'incremental' }),
      await post(full, key),
      await post(`/pages/${page.id}/sync-conversations`, key, { mode: 'full', since: '2026-01-01T00:00:00Z' }),
    ]) {
      expect(other.status).toBe(422)
      expect(other.body.code).toBe('IDEMPOTENCY_KEY_REUSED')
    }
    expect(await commandsOfPage()).toHaveLength(1)
  })

  it("is one tenant's own", async () => {
    const other = await data.addTenant('Other')
    const theirs = await data.addPage(other, String(facebookPageId++))
    const key = { 'idempotency-key': 'shared', prefer: 'respond-async' }
    const mine = await details(key)
    const answer = await system.request(other.key, 'POST', `/pages/${theirs.id}/sync-from-facebook`, { headers: key })
    expect(answer.status).toBe(202)
    expect(answer.body.command.id).not.toBe(mine.body.command.id)
  })

  it('joins an equal pull that is running, and goes on to stand for that one', async () => {
    const running = await details({ prefer: 'respond-async' })
    const key = { 'idempotency-key': `join-${page.id}`, prefer: 'respond-async' }
    expect((await details(key)).body.command.id).toBe(running.body.command.id)
    const finish = createFinishCommand(system.store, system.eventLog, { announces: true })
    await finish(commandKey(tenant.id, running.body.command.id), succeed)
    expect((await details(key)).status).toBe(200)
    expect(await commandsOfPage()).toHaveLength(1)
  })

  it.each([
    ['empty', ''],
    ['longer than 255 characters', 'x'.repeat(256)],
    ['not printable', 'caf\u00e9'],
  ])('that is %s is refused', async (_what, value) => {
    const answer = await fetch(`${system.url}/pages/${page.id}/sync-from-facebook`, {
      method: 'POST',
      headers: { authorization: `Bearer ${tenant.key}`, 'idempotency-key': value },
    })
    expect(answer.status).toBe(400)
    expect(await answer.json()).toMatchObject({ errors: [{ path: '/headers/idempotency-key' }] })
  })
})

describe('a page whose token is dead', () => {
  it('takes no new command and makes no row, but answers a key that stands for one already', async () => {
    await startWorker(succeed)
    const key = { 'idempotency-key': `before-${page.id}` }
    await details(key)
    await data.pages.update(tenant.id, page.id, (row) => ({
      ...row,
      status: 'reauth_required',
      token_status: 'invalid',
    }))
    const answer = await details()
    expect(answer.status).toBe(409)
    expect(answer.body.code).toBe('PAGE_REAUTH_REQUIRED')
    expect(await commandsOfPage()).toHaveLength(1)
    expect((await details(key)).status).toBe(200)
    expect((await details({ 'idempotency-key': 'new' })).status).toBe(409)
  })
})

describe('the ledger', () => {
  it('can be listed by page, state and kind, newest first, and by id', async () => {
    const finish = createFinishCommand(system.store, system.eventLog, { announces: true })
    const ids: string[] = []
    for (const path of ['sync-from-facebook', 'sync-contacts-from-facebook', 'sync-conversations']) {
      const { body } = await post(`/pages/${page.id}/${path}`, { prefer: 'respond-async' })
      ids.push(body.command.id)
    }
    await finish(commandKey(tenant.id, ids[0]!), succeed)
    const list = async (query: string): Promise<string[]> => {
      const { body } = await system.request(tenant.key, 'GET', `/commands?${query}`)
      return body.commands.map((command: { id: string }) => command.id)
    }
    expect((await list(`page_id=${page.id}`)).sort()).toEqual(ids.toSorted())
    expect(await list(`page_id=${page.id}&sort=id`)).toEqual(ids.toSorted())
    expect(await list(`page_id=${page.id}&state=succeeded`)).toEqual([ids[0]])
    expect(await list(`page_id=${page.id}&kind=page.sync_contacts`)).toEqual([ids[1]])
    expect(await list(`page_id=${page.id}&state=accepted&kind=page.sync_details`)).toEqual([])
    for (const query of ['state=done', 'kind=page.dance', 'page_id=0'])
      expect((await system.request(tenant.key, 'GET', `/commands?${query}`)).status, query).toBe(400)
  })

  it("shows the page's past syncs with their counts, not what still runs", async () => {
    const { body } = await post(`/pages/${page.id}/full-sync-from-facebook`, { prefer: 'respond-async' })
    const path = `/pages/${page.id}/sync-history`
    expect((await system.request(tenant.key, 'GET', path)).body).toEqual({ success: true, runs: [], next_cursor: null })
    const finish = createFinishCommand(system.store, system.eventLog, { announces: true })
    await finish(commandKey(tenant.id, body.command.id), succeed)
    const { runs } = (await system.request(tenant.key, 'GET', path)).body
    expect(runs).toEqual([
      {
        command_id: body.command.id,
        kind: 'page.full_sync',
        trigger: 'api',
        state: 'succeeded',
        started_at: expect.stringMatching(/Z$/),
        finished_at: expect.stringMatching(/Z$/),
        counts: { contacts: 2, conversations: 1, messages: 600, errors: 0 },
        graph_calls: 3,
        error: null,
      },
    ])
  })

  it('shows a running sync with its progress in sync-status', async () => {
    const { body } = await post(`/pages/${page.id}/full-sync-from-facebook`, { prefer: 'respond-async' })
    const key = commandKey(tenant.id, body.command.id)
    const row = await system.ledger.getByKey(key)
    await system.ledger.save({
      ...row!,
      state: 'running',
      started_ms: Date.now() - 10_000,
      due_ms: Date.now() + 60_000,
      progress: { phase: 'conversations', done: 25, total: 100 },
    })
    // Hundreds of other open commands come first; a person's name is no sync.
    const others = Array.from({ length: 600 }, (_, i) => ({
      commandId: `before_${i}`,
      tenantId: tenant.id,
      pageId: page.id,
      facebookPageId: page.facebook_page_id,
      conversationKey: null,
      type: i === 0 ? ('message.send' as const) : ('contact.resolve_profile' as const),
      arguments: { contact_id: 1 },
      requestedBy: { kind: 'system' as const, id: 'test' },
      trigger: 'webhook' as const,
    }))
    await system.ledger.acceptQueued(others, { nowMs: Date.now() - 60_000, worker: 'test' })
    await data.addConversations(page, 3)
    const status = await system.request(tenant.key, 'GET', `/pages/${page.id}/sync-status`)
    expect(status.body).toEqual({
      success: true,
      page: {
        id: page.id,
        name: 'Angkor Coffee',
        status: 'active',
        last_synced_at: null,
        token_status: 'valid',
        token_expires_at: null,
        data_access_expires_at: null,
        webhook: { subscribed: null, last_event_at: null },
      },
      statistics: {
        total_conversations: 3,
        total_contacts: 3,
        total_messages: 0,
        last_sync: null,
        sync_frequency: {
          runs_24h: 0,
          runs_7d: 0,
          average_interval_seconds: null,
          average_duration_ms: null,
          success_rate: null,
          items_changed_24h: 0,
        },
        next_scheduled_at: expect.stringMatching(/Z$/),
      },
      running: {
        command_id: body.command.id,
        phase: 'conversations',
        done: 25,
        total: 100,
        percent: 25,
        eta_seconds: expect.any(Number),
      },
    })
    const shown = await system.request(tenant.key, 'GET', `/commands/${body.command.id}`)
    expect(shown.body.command.progress).toEqual({ phase: 'conversations', done: 25, total: 100, percent: 25 })
  })
})
