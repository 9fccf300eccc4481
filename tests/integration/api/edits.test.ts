import type { EventLog } from '@pagesync/shared/event-log/event-log.ts'
import type { Change } from '@pagesync/shared/model/change.ts'
import { mergeContact } from '@pagesync/shared/model/merge-contact.ts'
import { TOPICS } from '@pagesync/shared/model/topics.ts'
import { CONTACTS, type ConversationRow, type PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { createApiData, type TestTenant } from '../../support/api-data.ts'
import { type ApiSystem, startApiSystem } from '../../support/api-system.ts'
import { eventually } from '../../support/eventually.ts'

let system: ApiSystem
let data: ReturnType<typeof createApiData>
let tenant: TestTenant
let page: PageRow
let conversation: ConversationRow
// biome-ignore lint/suspicious/noExplicitAny: looked at member by member
let contact: any
const changes: Change[] = []
let tail: AsyncDisposable

beforeAll(async () => {
  system = await startApiSystem()
  data = createApiData(system.store)
  tenant = await data.addTenant('Angkor')
  page = await data.addPage(tenant, '100')
  tail = await system.eventLog.tail({
    topic: TOPICS.changes,
    from: 'now',
    handle: (records) => void changes.push(...records.map(({ value }) => JSON.parse(value.toString()) as Change)),
  })
})
afterAll(async () => {
  await tail?.[Symbol.asyncDispose]()
  await system?.[Symbol.asyncDispose]()
})
beforeEach(async () => {
  conversation = (await data.addConversations(page, 1))[0]!
  const { body } = await system.request(tenant.key, 'GET', `/pages/${page.id}/contacts?limit=1`)
  contact = body.contacts[0]
})

const put = (body: unknown) => system.request(tenant.key, 'PUT', `/contacts/${contact.id}/update-in-system`, { body })
const changesOf = (entityId: number, type: string) =>
  changes.filter((change) => change.entity_id === entityId && change.type === type)
const stored = async () => (await system.store.collection(CONTACTS).getMany([conversation._id]))[0]!

describe('a contact that a person changes', () => {
  it('has what was named, keeps the rest, and the change is told', async () => {
    const answer = await put({ email: 'sokha@example.com', tags: ['vip', 'wholesale'], custom_fields: { points: 12 } })
    expect(answer.status).toBe(200)
    expect(answer.body.contact).toEqual({
      ...contact,
      email: 'sokha@example.com',
      tags: ['vip', 'wholesale'],
      custom_fields: { points: 12 },
    })
    const [change] = await eventually(async () => {
      const found = changesOf(contact.id, 'contact.updated')
      return found.length > 0 ? found : undefined
    })
    expect(change).toMatchObject({
      tenant_id: tenant.id,
      page_id: page.id,
      facebook_page_id: '100',
      cause: { request_id: answer.headers['x-request-id'] },
      origin: 'live',
      fields: { email: 'sokha@example.com', tags: ['vip', 'wholesale'], custom_fields: { points: 12 } },
    })
    expect(Object.keys(change!.fields)).toHaveLength(3)
    const shown = await system.request(tenant.key, 'GET', `/contacts/${contact.id}`)
    expect(shown.body.contact).toEqual(answer.body.contact)
  })

  it('null clears, also by the short path', async () => {
    await put({ phone: '+855 12 345 678', notes: 'calls on Mondays' })
    const { status, body } = await system.request(tenant.key, 'PUT', `/contacts/${contact.id}`, {
      body: { phone: null, tags: null, custom_fields: null },
    })
    expect(status).toBe(200)
    expect(body.contact).toMatchObject({ phone: null, tags: [], custom_fields: {}, notes: 'calls on Mondays' })
  })

  it('keeps its name against whatever Facebook tells later, but not one that no person set', async () => {
    const told = {
      _id: conversation._id,
      tenant_id: tenant.id,
      page_id: page.id,
      psid: conversation.psid!,
      name: 'What Facebook says',
      stamp: Number.MAX_SAFE_INTEGER,
      event_id: null,
      synced_ms: 1,
      now_ms: 1,
    }
    await put({ notes: 'only a note' })
    expect(mergeContact(await stored(), told)?.name).toBe('What Facebook says')
    await put({ name: 'Sokha, the florist' })
    expect(mergeContact(await stored(), told)?.name).toBe('Sokha, the florist')
  })

  it('is not told of when nothing differs', async () => {
    await put({ email: 'a@b.example' })
    await put({ email: 'a@b.example' })
    await put({ notes: 'the last one' })
    await eventually(async () =>
      changesOf(contact.id, 'contact.updated').some(({ fields }) => fields.notes === 'the last one'),
    )
    expect(changesOf(contact.id, 'contact.updated')).toHaveLength(2)
  })

  it.each([
    [{}, '/'],
    [{ nmae: 'x' }, '/nmae'],
    [{ name: '' }, '/name'],
    [{ name: 7 }, '/name'],
    [{ name: 'x'.repeat(201) }, '/name'],
    [{ email: 'no address' }, '/email'],
    [{ tags: ['a', 'a'] }, '/tags'],
    [{ tags: ['a', 7] }, '/tags'],
    [{ custom_fields: [] }, '/custom_fields'],
    [{ custom_fields: { a: JSON.parse(`${'['.repeat(20)}${']'.repeat(20)}`) } }, '/custom_fields'],
  ])('%j is refused, naming the field', async (body, path) => {
    const answer = await put(body)
    expect(answer.status).toBe(400)
    expect(answer.body.errors[0].path).toMatch(new RegExp(`^${path}`))
  })

  it('that many change at once has what each of them said', async () => {
    const fields = ['name', 'email', 'phone', 'notes'] as const
    const values = { name: 'N', email: 'n@n', phone: '1', notes: 'n' }
    const answers = await Promise.all(fields.map((field) => put({ [field]: values[field] })))
    expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200])
    expect(await stored()).toMatchObject(values)
  })
})

describe('a change that the event log did not take', () => {
  it('is told when the request is repeated', async () => {
    const { eventLog } = system
    const publish = eventLog.publish
    const failing = eventLog as { publish: EventLog['publish'] }
    const { AppError } = await import('@pagesync/shared/errors/app-error.ts')
    failing.publish = async () => {
      throw new AppError('EVENT_LOG_UNAVAILABLE', 'down')
    }
    const answer = await put({ notes: 'unheard' })
    failing.publish = publish
    expect(answer.status).toBe(503)
    expect(changesOf(contact.id, 'contact.updated')).toEqual([])
    expect((await put({ notes: 'unheard' })).status).toBe(200)
    const [change] = await eventually(async () => {
      const found = changesOf(contact.id, 'contact.updated')
      return found.length > 0 ? found : undefined
    })
    expect(change!.fields).toEqual({ notes: 'unheard' })
    expect((await stored()).unannounced).toBeUndefined()
  })
})

describe("a conversation's status", () => {
  const patch = (body: unknown) => system.request(tenant.key, 'PATCH', `/conversations/${conversation.id}`, { body })

  it('is set in the system, told, and found by the filter', async () => {
    const { status, body } = await patch({ status: 'closed' })
    expect(status).toBe(200)
    expect(body.conversation).toMatchObject({ id: conversation.id, status: 'closed' })
    await eventually(async () => changesOf(conversation.id, 'conversation.updated')[0]?.fields.status === 'closed')
    const listed = await system.request(tenant.key, 'GET', `/pages/${page.id}/conversations?status=closed`)
    expect(listed.body.conversations.map(({ id }: { id: number }) => id)).toContain(conversation.id)
  })

  it.each([[{}], [{ status: 'done' }], [{ status: null }], [{ status: 'open', folder: 'inbox' }]])(
    '%j is refused',
    async (body) => {
      expect((await patch(body)).status).toBe(400)
    },
  )
})

describe('unanswered conversations', () => {
  it('are those in which a person has waited for so many hours', async () => {
    const own = await data.addPage(tenant, '300')
    const hoursAgo = (hours: number) => Date.now() - hours * 3_600_000
    const rows = await data.addConversations(own, 6, (i) => {
      const at = hoursAgo([30, 2, 50, 30, 30, 30][i]!)
      const times = { last_message_ms: at, last_customer_ms: at }
      if (i === 2)
        return { ...times, last_message_direction: 'out', last_message_automatic: true, last_message_ms: Date.now() }
      if (i === 3) return { ...times, last_message_direction: 'out' }
      if (i === 4) return { ...times, status: 'closed' }
      if (i === 5) return { ...times, status: 'archived' }
      return times
    })
    const ids = async (query: string) =>
      (
        await system.request(tenant.key, 'GET', `/pages/${own.id}/conversations/unanswered${query}`)
      ).body.conversations.map(({ id }: { id: number }) => id)
    expect(await ids('')).toEqual([rows[2]!.id, rows[0]!.id])
    expect((await ids('?hours=1')).sort()).toEqual([rows[0]!.id, rows[1]!.id, rows[2]!.id].sort())
    expect(await ids('?hours=48')).toEqual([rows[2]!.id])
    for (const query of ['?hours=-1', '?hours=x', '?hours=1.5'])
      expect(
        (await system.request(tenant.key, 'GET', `/pages/${own.id}/conversations/unanswered${query}`)).status,
      ).toBe(400)
  })
})

describe("a page's settings", () => {
  const patch = (id: number, settings: unknown) =>
    system.request(tenant.key, 'PATCH', `/pages/${id}`, { body: { settings } })

  it('are off until somebody turns them on, changed in part, and shown with the page', async () => {
    const shown = async () => (await system.request(tenant.key, 'GET', `/pages/${page.id}`)).body.page.settings
    const clock = { timezone: 'UTC', automation_pause_minutes: 30 }
    const defaults = { mirror_labels: false, archived_label: 'Archived', muted_label: 'Muted', ...clock }
    expect(await shown()).toEqual(defaults)
    const { status, body } = await patch(page.id, { mirror_labels: true, muted_label: 'Quiet' })
    expect(status).toBe(200)
    const changed = { mirror_labels: true, archived_label: 'Archived', muted_label: 'Quiet', ...clock }
    expect(body.page.settings).toEqual(changed)
    expect((await patch(page.id, { mirror_labels: null, muted_label: null })).body.page.settings).toEqual(defaults)
    for (const settings of [{ muted_label: 'archived' }, { muted_label: ' ' }, { timezone: 'Moon/Sea' }, { x: 1 }])
      expect((await patch(page.id, settings)).status, JSON.stringify(settings)).toBe(400)
  })

  it("begin as the tenant's defaults where a page is connected", async () => {
    const defaults = { mirror_labels: true, archived_label: 'Done', muted_label: 'Muted' }
    await system.request(tenant.key, 'PUT', '/settings', { body: { page_defaults: defaults } })
    const connected = await system.request(tenant.key, 'POST', '/pages', {
      body: { facebook_page_id: '4711', access_token: 'token' },
    })
    expect(connected.body.page.settings).toMatchObject(defaults)
    const none = { mirror_labels: null, archived_label: null, muted_label: null }
    await system.request(tenant.key, 'PUT', '/settings', { body: { page_defaults: none } })
  })
})

describe('settings', () => {
  it('have defaults, are changed in part, and null gives a default back', async () => {
    const get = () => system.request(tenant.key, 'GET', '/settings')
    const set = (body: unknown) => system.request(tenant.key, 'PUT', '/settings', { body })
    const before = (await get()).body.settings
    expect(before.retention.ledger_days).toBeGreaterThanOrEqual(8)
    const changed = await set({ retention: { messages_days: 365 }, page_defaults: { mirror_labels: true } })
    expect(changed.body.settings).toEqual({
      retention: { ...before.retention, messages_days: 365 },
      page_defaults: expect.objectContaining({ mirror_labels: true, archived_label: 'Archived', muted_label: 'Muted' }),
    })
    expect((await get()).body).toEqual(changed.body)
    expect(
      (await set({ retention: { messages_days: null }, page_defaults: { mirror_labels: null } })).body.settings,
    ).toEqual(before)
    for (const body of [{}, { retention: { ledger_days: 7 } }, { retention: { days: 1 } }, { colour: 'red' }])
      expect((await set(body)).status, JSON.stringify(body)).toBe(400)
    const reader = await data.addKey(tenant.id, ['read'])
    expect((await system.request(reader, 'PUT', '/settings', { body: { page_defaults: {} } })).status).toBe(403)
  })
})
