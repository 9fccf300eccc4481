import type { StoredRecord } from '@pagesync/shared/event-log/event-log.ts'
import { TOPICS } from '@pagesync/shared/model/topics.ts'
import { type ConversationRow, commandKey, type PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createApiData, type TestTenant } from '../../support/api-data.ts'
import { type ApiSystem, startApiSystem } from '../../support/api-system.ts'
import { succeed } from '../../support/command-results.ts'
import { eventually } from '../../support/eventually.ts'
import { createFinishCommand, type Decide, finishCommands } from '../../support/finish-command.ts'

const HOUR_MS = 3_600_000
let system: ApiSystem
let data: ReturnType<typeof createApiData>
let tenant: TestTenant
let page: PageRow
let conversation: ConversationRow
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
  conversation = await conversationWith({ last_customer_ms: Date.now() - HOUR_MS })
})
afterEach(async () => {
  await worker?.[Symbol.asyncDispose]()
  worker = undefined
})

const conversationWith = async (fields: Partial<ConversationRow>) =>
  (await data.addConversations(page, 1, () => fields))[0]!
const startWorker = async (decide: Decide): Promise<void> => {
  worker = await finishCommands(system.store, system.eventLog, decide)
}
const request = (method: 'POST' | 'PUT', path: string, body?: unknown, headers = {}, key = tenant.key) =>
  system.request(key, method, path, { body, headers })
const update = (body: unknown) => request('PUT', `/pages/${page.id}/update-to-facebook`, body)
const push = (act: string, body?: unknown, headers = {}) =>
  request('POST', `/conversations/${conversation.id}/${act}`, body, headers)
const commandsOfPage = async () =>
  (await system.request(tenant.key, 'GET', `/commands?page_id=${page.id}`)).body.commands
const LATER = { prefer: 'respond-async' }

describe('a push that succeeds', () => {
  it('of a page answers what was sent and what was the same already, and the page as it stands', async () => {
    await startWorker(succeed)
    const answer = await update({ about: 'Coffee', phone: '' })
    expect(answer.status).toBe(200)
    expect(answer.body).toMatchObject({
      success: true,
      message: 'Page updated successfully',
      outcome: 'applied_remote',
      updated_fields: ['about'],
      unchanged_fields: ['phone'],
      page: { id: page.id, facebook_page_id: page.facebook_page_id },
    })
    const [command] = await commandsOfPage()
    const row = await system.ledger.getByKey(commandKey(tenant.id, command.id))
    expect(row?.arguments).toEqual({ about: 'Coffee', phone: '' })
  })

  it.each([
    ['archive-on-facebook', { message: 'Conversation archived', outcome: 'applied_as_label' }],
    ['unarchive-on-facebook', { message: 'Conversation unarchived', reason: expect.any(String) }],
    ['mute-on-facebook', { message: expect.stringMatching(/^Conversation muted until /), muted_until: 'PERMANENTLY' }],
    ['unmute-on-facebook', { message: 'Conversation unmuted', muted_until: null }],
    ['mark-read-on-facebook', { message: 'Conversation marked as read', unread_count: 0 }],
  ])('%s answers how far it reached, and the conversation as it stands', async (act, expected) => {
    await startWorker(succeed)
    const { status, body } = await push(act)
    expect(status).toBe(200)
    expect(body).toMatchObject({ success: true, ...expected, conversation: { id: conversation.id, page_id: page.id } })
    expect(body.outcome).toMatch(/^applied_/)
  })

  it('of a message answers the message', async () => {
    await startWorker((row) => ({
      state: 'succeeded',
      result: { message: 'sent', outcome: 'applied_remote', facebook_message_id: `m_sent.${row.page_id}` },
    }))
    await data.addMessages(conversation, 1, () => ({
      _id: `${page.id}:sent.${page.id}`,
      mid: `m_sent.${page.id}`,
      direction: 'out',
      from_id: page.facebook_page_id,
      text: 'On its way!',
      origin: 'send',
    }))
    const { status, body } = await push('messages', { message: 'On its way!' })
    expect(status).toBe(200)
    expect(body).toMatchObject({
      success: true,
      outcome: 'applied_remote',
      message: {
        id: expect.any(Number),
        conversation_id: conversation.id,
        facebook_message_id: `m_sent.${page.id}`,
        direction: 'out',
        text: 'On its way!',
        origin: 'send',
        from: { facebook_id: page.facebook_page_id, name: 'Angkor Coffee' },
      },
    })
  })
})

describe('a push that fails', () => {
  it("answers Facebook's words and the command", async () => {
    const facebook = { code: 10, subcode: 2018278, type: 'OAuthException', fbtrace_id: 'x' }
    await startWorker(() => ({
      state: 'failed',
      failure: { code: 'MESSAGE_WINDOW_CLOSED', message: 'outside the window', status: 502, facebook },
    }))
    const { status, body } = await push('messages', { message: 'late' })
    expect(status).toBe(502)
    expect(body).toMatchObject({ code: 'MESSAGE_WINDOW_CLOSED', facebook, command: { state: 'failed' } })
  })
})

describe('Idempotency-Key', () => {
  it('50 concurrent requests with one key make one command, and all get the same answer', async () => {
    await startWorker(succeed)
    const key = { 'idempotency-key': `send-${page.id}` }
    const answers = await Promise.all(Array.from({ length: 50 }, () => push('messages', { message: 'once' }, key)))
    expect(new Set(answers.map(({ status, body }) => `${status} ${JSON.stringify(body)}`)).size).toBe(1)
    expect(answers[0]!.status).toBe(200)
    expect(await commandsOfPage()).toHaveLength(1)
  })

  it('without one, equal pushes are separate commands', async () => {
    await push('archive-on-facebook', {}, LATER)
    await push('archive-on-facebook', {}, LATER)
    expect(await commandsOfPage()).toHaveLength(2)
  })

  it('answers the same command also when the window has closed since', async () => {
    await startWorker(succeed)
    const key = { 'idempotency-key': `window-${page.id}` }
    const first = await push('messages', { message: 'in time' }, key)
    expect(first.status).toBe(200)
    await closeWindow()
    expect((await push('messages', { message: 'in time' }, key)).status).toBe(200)
    expect((await push('messages', { message: 'in time' })).status).toBe(409)
    const other = await push('messages', { message: 'another' }, key)
    expect(other.status).toBe(422)
    expect(await commandsOfPage()).toHaveLength(1)
  })
})

async function closeWindow(): Promise<void> {
  const { CONVERSATIONS } = await import('@pagesync/shared/store/repositories/rows.ts')
  const collection = system.store.collection(CONVERSATIONS)
  const [row] = await collection.getMany([conversation._id])
  await collection.replaceMany([{ ...row!, last_customer_ms: Date.now() - 8 * 24 * HOUR_MS }])
}

describe('the reply window', () => {
  const sendTo = (target: ConversationRow, body: object, key = tenant.key) =>
    request('POST', `/conversations/${target.id}/messages`, body, LATER, key)
  const human = { messaging_type: 'MESSAGE_TAG', tag: 'HUMAN_AGENT' }

  it('that is closed is told before the call, and no command is made', async () => {
    const old = await conversationWith({ last_customer_ms: Date.now() - 8 * 24 * HOUR_MS })
    for (const body of [{ message: 'late' }, { message: 'late', ...human }]) {
      const answer = await sendTo(old, body)
      expect([answer.status, answer.body.code]).toEqual([409, 'MESSAGE_WINDOW_CLOSED'])
    }
    const bySecondPath = await request('POST', `/pages/${page.id}/send-message`, {
      recipient_id: old.psid,
      message: 'late',
    })
    expect([bySecondPath.status, bySecondPath.body.code]).toEqual([409, 'MESSAGE_WINDOW_CLOSED'])
    expect(await commandsOfPage()).toEqual([])
  })

  it('of a person is open for seven days, for keys with push:human', async () => {
    const yesterday = await conversationWith({ last_customer_ms: Date.now() - 30 * HOUR_MS })
    expect((await sendTo(yesterday, { message: 'late' })).status).toBe(409)
    const answer = await sendTo(yesterday, { message: 'late', ...human })
    expect(answer.status).toBe(202)
    const row = await system.ledger.getByKey(commandKey(tenant.id, answer.body.command.id))
    expect(row?.arguments).toEqual({ message: 'late', ...human, human: true })
    const robot = await data.addKey(tenant.id, ['read', 'push'])
    const refused = await sendTo(yesterday, { message: 'late', ...human }, robot)
    expect([refused.status, refused.body.code]).toEqual([403, 'FORBIDDEN'])
    // Nor by letting run again what a person asked for.
    const command = `/commands/${answer.body.command.id}`
    expect((await system.request(tenant.key, 'POST', `${command}/cancel`)).status).toBe(200)
    const syncing = await data.addKey(tenant.id, ['read', 'push', 'sync'])
    const again = await system.request(syncing, 'POST', `${command}/retry`)
    expect([again.status, again.body.code]).toEqual([403, 'FORBIDDEN'])
    expect((await system.request(tenant.key, 'POST', `${command}/retry`)).status).toBe(202)
  })

  it('bounds how long a message waits', async () => {
    const nearly = await conversationWith({ last_customer_ms: Date.now() - 23 * HOUR_MS })
    const { body } = await sendTo(nearly, { message: 'soon' })
    const leftMs = Date.parse(body.command.expires_at) - Date.now()
    expect(leftMs).toBeGreaterThan(0.9 * HOUR_MS)
    expect(leftMs).toBeLessThanOrEqual(HOUR_MS)
  })

  it('that is not known is left to Facebook', async () => {
    const unheard = await conversationWith({ last_customer_ms: null })
    expect((await sendTo(unheard, { message: 'hello' })).status).toBe(202)
  })
})

describe('bad input', () => {
  const MS = Date.now()
  it.each([
    ['in the past', Math.floor(MS / 1000) - 60],
    ['zero', 0],
    ['negative', -1],
    ['a fraction', MS / 1000 + 3600.5],
    ['milliseconds', MS + HOUR_MS],
    ['another word', 'FOREVER'],
    ['NaN', 'NaN'],
    ['a number as text', String(Math.floor(MS / 1000) + 3600)],
    ['null', null],
    ['a list', []],
  ])('mute_until that is %s is refused, naming it', async (_what, mute_until) => {
    const answer = await push('mute-on-facebook', { mute_until })
    expect(answer.status).toBe(400)
    expect(answer.body).toMatchObject({ code: 'VALIDATION_FAILED', errors: [{ path: '/mute_until' }] })
    expect(await commandsOfPage()).toEqual([])
  })

  it('mute_until in the future, or PERMANENTLY, is taken', async () => {
    for (const mute_until of ['PERMANENTLY', Math.floor(MS / 1000) + 3600])
      expect((await push('mute-on-facebook', { mute_until }, LATER)).status).toBe(202)
  })

  it.each([
    [{}, '/'],
    [{ abuot: 'x' }, '/abuot'],
    [{ about: null }, '/about'],
    [{ about: 7 }, '/about'],
    [{ name: 'Another' }, '/name'],
  ])('a page update %j is refused', async (body, path) => {
    const answer = await update(body)
    expect(answer.status).toBe(400)
    expect(answer.body.errors[0].path).toBe(path)
  })

  it.each([
    [undefined, '/'],
    [{}, '/'],
    [{ message: '' }, '/message'],
    [{ message: '   ' }, '/message'],
    [{ message: 'x'.repeat(2001) }, '/message'],
    [{ message: 'x', attachment: { type: 'image', url: 'https://cdn.test/1.jpg' } }, '/message'],
    [{ attachment: { type: 'image', url: 'file:///etc/passwd' } }, '/attachment/url'],
    [{ attachment: { type: 'virus', url: 'https://cdn.test/1' } }, '/attachment/type'],
    [{ message: 'x', tag: 'ACCOUNT_UPDATE' }, '/tag'],
    [{ message: 'x', messaging_type: 'MESSAGE_TAG' }, '/tag'],
    [{ message: 'x', recipient_id: '5' }, '/recipient_id'],
    [{ message: 'x', human: true }, '/human'],
    [{ message: 'x', quick_replies: [{ content_type: 'text' }] }, '/quick_replies/0/title'],
  ])('a message %j is refused, naming where', async (body, path) => {
    const answer = await push('messages', body)
    expect(answer.status).toBe(400)
    expect(answer.body.errors[0].path).toBe(path)
  })

  it('2,000 characters are taken, also such as need two units each; more with split alone', async () => {
    for (const body of [
      { message: 'x'.repeat(2000) },
      { message: '🙏'.repeat(2000) },
      { message: 'x'.repeat(2001), split: true },
    ])
      expect((await push('messages', body, LATER)).status).toBe(202)
  })

  it.each([[{ message: 'x' }], [{ recipient_id: 'someone', message: 'x' }], [{ recipient_id: 5, message: 'x' }]])(
    'a message to nobody, %j, is refused',
    async (body) => {
      const answer = await request('POST', `/pages/${page.id}/send-message`, body)
      expect(answer.status).toBe(400)
      expect(answer.body.errors[0].path).toBe('/recipient_id')
    },
  )

  it('what takes nothing takes nothing; control of a thread needs a known action', async () => {
    expect((await push('archive-on-facebook', { force: true })).body.errors[0].path).toBe('/force')
    for (const body of [{}, { action: 'steal' }]) {
      const answer = await push('thread-control', body)
      expect([answer.status, answer.body.errors[0].path]).toEqual([400, '/action'])
    }
  })

  it('a key without the scope push gets 403', async () => {
    const reader = await data.addKey(tenant.id, ['read', 'sync'])
    const answer = await request('PUT', `/pages/${page.id}/update-to-facebook`, { about: 'x' }, {}, reader)
    expect(answer.status).toBe(403)
  })
})

describe('comments', () => {
  it('are listed, and answered by a message to whoever wrote one', async () => {
    await startWorker(() => ({
      state: 'succeeded',
      result: { message: 'Private reply sent', outcome: 'applied_remote', facebook_message_id: null },
    }))
    const older = await data.addComment(page, { created_ms: Date.now() - 6 * 24 * HOUR_MS })
    const comment = await data.addComment(page)
    const listed = await system.request(tenant.key, 'GET', `/pages/${page.id}/comments`)
    expect(listed.body.comments.map(({ id }: { id: number }) => id)).toEqual([comment.id, older.id])
    expect(listed.body.comments[0]).toMatchObject({
      facebook_comment_id: comment.comment_id,
      from: { facebook_id: '9001', name: 'Dara' },
      message: 'How much is it?',
      replied_at: null,
    })
    const answer = await request('POST', `/comments/${comment.id}/private-reply`, { message: 'Five dollars' })
    expect(answer.status).toBe(200)
    const [command] = await commandsOfPage()
    const row = await system.ledger.getByKey(commandKey(tenant.id, command.id))
    expect(row).toMatchObject({
      type: 'comment.private_reply',
      arguments: { message: 'Five dollars', comment_id: comment.comment_id },
    })
  })

  it('older than seven days cannot be answered so, nor can one with nothing to say', async () => {
    const old = await data.addComment(page, { created_ms: Date.now() - 8 * 24 * HOUR_MS })
    const late = await request('POST', `/comments/${old.id}/private-reply`, { message: 'late' })
    expect([late.status, late.body.code]).toEqual([409, 'MESSAGE_WINDOW_CLOSED'])
    for (const body of [{}, { message: '' }, { message: 'x'.repeat(2001) }, { message: 'x', comment_id: '1' }])
      expect((await request('POST', `/comments/${old.id}/private-reply`, body)).status).toBe(400)
  })
})

describe('cancelling and retrying', () => {
  const act = (id: string, what: string, key = tenant.key) => request('POST', `/commands/${id}/${what}`, {}, {}, key)

  it('a command that waits is cancelled, which its waiting caller is told at once', async () => {
    const answering = push('archive-on-facebook')
    const [command] = await eventually(async () => {
      const commands = await commandsOfPage()
      return commands.length > 0 ? commands : undefined
    })
    const cancelled = await act(command.id, 'cancel')
    expect(cancelled.status).toBe(200)
    expect(cancelled.body.command).toMatchObject({ id: command.id, state: 'cancelled' })
    const told = await answering
    expect([told.status, told.body.code]).toEqual([409, 'COMMAND_CANCELLED'])
    expect((await act(command.id, 'cancel')).status).toBe(200)
  })

  it('a sync that several cancel at once ends once, and is counted', async () => {
    const path = `/pages/${page.id}/sync-contacts-from-facebook`
    const { body } = await request('POST', path, {}, { prefer: 'respond-async' })
    const answers = await Promise.all([1, 2, 3].map(() => act(body.command.id, 'cancel')))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200])
    const shown = await system.request(tenant.key, 'GET', `/pages/${page.id}/sync-status`)
    expect(shown.body.statistics.sync_frequency).toMatchObject({ runs_24h: 1, success_rate: 0 })
    expect(shown.body.running).toBeNull()
  })

  it('what has ended cannot be cancelled, what succeeded not be retried', async () => {
    await startWorker(succeed)
    await push('archive-on-facebook')
    const [command] = await commandsOfPage()
    const cancelling = await act(command.id, 'cancel')
    expect([cancelling.status, cancelling.body.code]).toEqual([409, 'NOT_CANCELLABLE'])
    const retrying = await act(command.id, 'retry')
    expect([retrying.status, retrying.body.code]).toEqual([409, 'NOT_RETRYABLE'])
  })

  it('what failed runs again, and the topic wakes the workers', async () => {
    const seen: StoredRecord[] = []
    const { body } = await push('archive-on-facebook', {}, LATER)
    const finish = createFinishCommand(system.store, system.eventLog, { announces: false })
    const failure = { code: 'FACEBOOK_REJECTED', status: 502, message: 'no' }
    await finish(commandKey(tenant.id, body.command.id), () => ({ state: 'failed', failure }))
    await using _tail = await system.eventLog.tail({
      topic: TOPICS.commands,
      from: 'now',
      handle: (records) => void seen.push(...records),
    })
    const retried = await act(body.command.id, 'retry')
    expect(retried.status).toBe(202)
    expect(retried.body).toMatchObject({ success: true, status: 'running', command: { state: 'queued', attempts: 0 } })
    expect(retried.headers.location).toBe(`/api/facebook/commands/${body.command.id}`)
    const record = await eventually(() => seen[0])
    expect(JSON.parse(record.value.toString())).toMatchObject({
      id: body.command.id,
      conversation_id: conversation.id,
    })
  })

  it('of a push needs the scope push', async () => {
    const { body } = await push('archive-on-facebook', {}, LATER)
    const syncer = await data.addKey(tenant.id, ['read', 'sync'])
    for (const what of ['cancel', 'retry']) expect((await act(body.command.id, what, syncer)).status).toBe(403)
  })
})
