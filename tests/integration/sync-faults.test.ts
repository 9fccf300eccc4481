import { TOPICS } from '@pagesync/shared/model/topics.ts'
import { DEAD_LETTERS } from '@pagesync/shared/store/repositories/dead-letters.ts'
import type { CommandRow, ConversationRow } from '@pagesync/shared/store/repositories/rows.ts'
import { openSyncedCollections } from '@pagesync/shared/store/repositories/synced.ts'
import { describe, expect, it } from 'vitest'
import { countRows } from '../support/count-rows.ts'
import { eventually } from '../support/eventually.ts'
import { openSyncBed, type SyncBed } from '../support/sync-bed.ts'

const SHAPE = { count: 230, longShare: 0.02, longMessages: 60, shortMin: 1, shortMax: 8, doneShare: 0.2 }

interface SyncResults {
  readonly conversations_total: number
  readonly messages_total: number
  readonly errors: readonly { readonly conversation_id: number | null; readonly code: string }[]
}
const resultsOf = (row: CommandRow) => (row.result as { sync_results: SyncResults }).sync_results

const allConversations = async ({ reader, page }: SyncBed): Promise<ConversationRow[]> => {
  const rows: ConversationRow[] = []
  for (
    let batch = await reader.conversations(page.id, 'id', 200);
    batch.length > 0;
    batch = await reader.conversations(page.id, 'id', 200, batch.at(-1))
  )
    rows.push(...batch)
  return rows
}
const total = async (bed: SyncBed) => (await countRows(bed.store, bed.page.id)).messages
const calls = async ({ simulator }: SyncBed) =>
  (await simulator.control<{ totals: { cost: number } }>('GET', 'calls')).totals.cost

describe('a full sync', () => {
  it('brings every conversation, person and message, and says what it cost', async () => {
    await using bed = await openSyncBed(SHAPE)
    const row = await bed.run('page.full_sync')
    expect(row.state).toBe('succeeded')
    expect(resultsOf(row)).toMatchObject({ conversations_total: SHAPE.count, errors: [] })
    expect(await countRows(bed.store, bed.page.id)).toEqual({
      conversations: SHAPE.count,
      contacts: SHAPE.count,
      messages: resultsOf(row).messages_total,
    })
    expect((row.result as { graph_calls: number }).graph_calls).toBe(await calls(bed))
    expect(row.transitions.map(({ state }) => state)).toEqual(['accepted', 'queued', 'running', 'succeeded'])
  })

  it('takes the same end with short and empty pages, trailing cursors and absent counts', async () => {
    await using bed = await openSyncBed(SHAPE)
    await bed.simulator.control('PUT', 'switches', { shortPages: 'sometimes', trailingNext: true })
    const row = await bed.run('page.full_sync')
    expect(row.state).toBe('succeeded')
    expect((await allConversations(bed)).length).toBe(SHAPE.count)
    const { messages } = await countRows(bed.store, bed.page.id)
    await bed.simulator.control('DELETE', 'switches')
    await bed.run('page.full_sync', { mode: 'full' })
    expect(await total(bed)).toBe(messages)
  })

  it('goes on after transient failures of every form, repeating only the page of results that failed', async () => {
    await using bed = await openSyncBed(SHAPE)
    await bed.simulator.control('POST', 'faults', [
      { match: { kind: 'conversations', nth: 2 }, times: 1, action: { html: true, status: 502 } },
      { match: { kind: 'conversations', nth: 3 }, times: 1, action: { empty: true } },
      { match: { kind: 'messages', nth: 2 }, times: 1, action: { truncate: true } },
      { match: { kind: 'messages', nth: 4 }, times: 1, action: { reset: true } },
    ])
    const row = await bed.run('page.full_sync')
    expect([row.state, resultsOf(row).conversations_total]).toEqual(['succeeded', SHAPE.count])
  })

  it('says honestly which conversation failed for good, keeps the others, and tries it again next time', async () => {
    await using bed = await openSyncBed(SHAPE)
    const before = bed.page.last_synced_ms
    await bed.simulator.control('POST', 'faults', {
      match: { kind: 'messages' },
      times: 1,
      action: { error: { code: 100, subcode: 33 } },
    })
    const row = await bed.run('page.full_sync')
    expect(row.state).toBe('partially_succeeded')
    expect(resultsOf(row).errors).toEqual([
      { conversation_id: expect.any(Number), code: 'FACEBOOK_OBJECT_GONE', message: expect.any(String) },
    ])
    expect((await allConversations(bed)).length).toBe(SHAPE.count)
    expect((await bed.pages.get('t_bed', bed.page.id))?.last_synced_ms).toBe(before)

    const again = await bed.run('page.full_sync')
    expect([again.state, resultsOf(again).errors]).toEqual(['succeeded', []])
    const stored = await total(bed)
    await bed.run('page.full_sync', { mode: 'full' })
    expect(await total(bed)).toBe(stored)
  })

  it('brings the conversations also where Facebook refuses the page’s details, and says so', async () => {
    await using bed = await openSyncBed({ ...SHAPE, count: 5 })
    await bed.simulator.control('POST', 'faults', {
      match: { kind: 'page' },
      times: 99,
      action: { error: { code: 10 } },
    })
    const row = await bed.run('page.full_sync')
    expect(row.state).toBe('partially_succeeded')
    expect(row.result?.sync_results).toMatchObject({
      page_details: { success: false, error: { code: 'PERMISSION_MISSING', message: expect.any(String) } },
      contacts: { success: true },
      conversations_total: 5,
      errors: [],
    })
    expect(await allConversations(bed)).toHaveLength(5)
    expect((await bed.pages.get('t_bed', bed.page.id))?.last_synced_ms).toBeNull()
    await bed.simulator.control('DELETE', 'faults')
    expect((await bed.run('page.full_sync')).state).toBe('succeeded')
    expect((await bed.pages.get('t_bed', bed.page.id))?.last_synced_ms).not.toBeNull()
  })

  it('keeps what came where Facebook refuses the list of conversations, and fails where it refuses all', async () => {
    await using bed = await openSyncBed({ ...SHAPE, count: 150 })
    const refuse = (kind: string, nth: number) =>
      bed.simulator.control('POST', 'faults', { match: { kind, nth }, times: 1, action: { error: { code: 368 } } })
    await refuse('conversations', 2)
    const row = await bed.run('page.full_sync')
    expect(row.state).toBe('partially_succeeded')
    expect(row.result?.sync_results).toMatchObject({
      page_details: { success: true, page: { id: bed.page.id } },
      contacts: { success: false, synced_count: 100 },
      conversations_total: 100,
      errors: [{ conversation_id: null, code: 'POLICY_BLOCKED' }],
    })
    expect((await bed.pages.get('t_bed', bed.page.id))?.last_synced_ms).toBeNull()
    for (const kind of ['page', 'conversations']) await refuse(kind, 1)
    expect(await bed.run('page.full_sync')).toMatchObject({ state: 'failed', failure: { code: 'POLICY_BLOCKED' } })
    await bed.simulator.control('DELETE', 'faults')
    expect(resultsOf(await bed.run('page.full_sync'))).toMatchObject({ conversations_total: 150, errors: [] })
  })

  it('stops when the token dies in the middle, and goes on where it was once the page is connected again', async () => {
    await using bed = await openSyncBed(SHAPE)
    await bed.simulator.control('PUT', 'tokens', { subcode: 460, after_calls: 4 })
    const id = await bed.publish('page.full_sync')
    const waiting = await bed.command(id, ({ state }) => state === 'waiting')
    expect(waiting.transitions.at(-1)?.reason).toBe('reauth_required')
    expect((await bed.pages.get('t_bed', bed.page.id))?.status).toBe('reauth_required')
    const spent = await calls(bed)

    const { access_token: accessToken } = await bed.simulator.control<{ access_token: string }>('POST', 'tokens', {})
    await bed.pages.connect(
      { tenantId: 't_bed', facebookPageId: bed.page.facebook_page_id, accessToken, name: null },
      Date.now(),
    )
    await bed.ledger.wakePage(bed.page.id, Date.now())
    const row = await bed.command(id)
    expect(row.state).toBe('succeeded')
    expect((await allConversations(bed)).length).toBe(SHAPE.count)
    // The call that was refused is made once more; nothing else is.
    const result = row.result as { graph_calls: number }
    expect(result.graph_calls).toBe(await calls(bed))
    await using fresh = await openSyncBed(SHAPE)
    const uninterrupted = await fresh.run('page.full_sync')
    expect(result.graph_calls - (uninterrupted.result as { graph_calls: number }).graph_calls).toBeLessThanOrEqual(2)
    expect(spent).toBeGreaterThan(0)
  })

  it('stops when the page is disconnected in the middle, though its token lives: somebody else may have it by now', async () => {
    await using bed = await openSyncBed(SHAPE, { callsPerSecond: 2 })
    const id = await bed.publish('page.full_sync')
    await bed.command(id, ({ checkpoint }) => checkpoint !== null)
    await bed.pages.disconnect(bed.page, Date.now())
    const waiting = await bed.command(id, ({ state }) => state === 'waiting')
    expect(waiting.transitions.at(-1)?.reason).toBe('reauth_required')
    expect((await allConversations(bed)).length).toBeLessThan(SHAPE.count)
    expect(bed.changes.some(({ type }) => type === 'page.token_invalid')).toBe(false)
  })

  it('waits as Facebook says when it is refused for its rate, without counting that as an attempt', async () => {
    await using bed = await openSyncBed(SHAPE)
    await bed.simulator.control('POST', 'faults', [
      { match: { kind: 'conversations', nth: 2 }, times: 1, action: { error: { code: 80006, regain_minutes: 3 } } },
    ])
    const id = await bed.publish('page.full_sync')
    const row = await bed.command(id, ({ state }) => state === 'waiting')
    expect(row.attempts).toBe(0)
    const last = row.transitions.at(-1)
    expect(last?.reason).toBe('FACEBOOK_RATE_LIMITED')
    const waitMs = (row.due_ms ?? 0) - (last?.at_ms ?? 0)
    expect(Math.abs(waitMs - 3 * 60_000)).toBeLessThan(2_000)
  })

  it('finds conversations that are written to and made while it pages', async () => {
    await using bed = await openSyncBed(SHAPE, { callsPerSecond: 20 })
    const id = await bed.publish('page.full_sync')
    const { conversations } = await bed.simulator.control<{ conversations: { psids: string[] }[] }>(
      'GET',
      'conversations?limit=200',
    )
    const moved = conversations.slice(100, 130).flatMap(({ psids }) => psids)
    for (const psid of moved) await bed.simulator.control('POST', 'messages', { psid, text: `moved ${psid}` })
    const made = await bed.simulator.control<{ psid: string }>('POST', 'messages', { text: 'brand new' })
    expect((await bed.command(id)).state).toBe('succeeded')
    await bed.run('page.full_sync')
    const rows = new Map((await allConversations(bed)).map((row) => [row.psid, row]))
    expect(rows.size).toBe(SHAPE.count + 1)
    for (const psid of moved) expect(rows.get(psid)?.snippet).toBe(`moved ${psid}`)
    expect(rows.get(made.psid)?.snippet).toBe('brand new')
  })

  it('is one command when two ask for it at the same time', async () => {
    await using bed = await openSyncBed(SHAPE, { callsPerSecond: 20 })
    const [first, second] = await Promise.all([bed.publish('page.full_sync'), bed.publish('page.full_sync')])
    const rows = await eventually(async () => {
      const found = await bed.ledger.ofPage(bed.page.id, 10)
      return found[0]?.state === 'succeeded' ? found : undefined
    }, 30_000)
    expect(rows.map(({ command_id }) => command_id)).toEqual([
      expect.stringMatching(new RegExp(`^(${first}|${second})$`)),
    ])
  })

  it('notes what Facebook lists no more, keeps it, and takes the note back when it is listed again', async () => {
    await using bed = await openSyncBed({ ...SHAPE, count: 40 })
    await bed.run('page.full_sync')
    const [victim] = await allConversations(bed)
    await bed.simulator.control('DELETE', `conversations/${victim?.thread_ids[0]}`)
    await bed.run('page.full_sync', { mode: 'full' })
    const rows = await allConversations(bed)
    expect(rows.length).toBe(40)
    expect(rows.filter((row) => row.not_listed_since_ms !== null).map((row) => row._id)).toEqual([victim?._id])
  })

  it('begins a listing anew when its cursors go stale, without losing or doubling anything', async () => {
    await using bed = await openSyncBed(SHAPE, { callsPerSecond: 20 })
    const id = await bed.publish('page.full_sync')
    await bed.command(id, (row) => row.checkpoint !== null && (row.progress?.done ?? 0) > 0)
    await bed.simulator.control('POST', 'cursors/expire', {})
    const row = await bed.command(id)
    expect([row.state, resultsOf(row).conversations_total]).toEqual(['succeeded', SHAPE.count])
    expect((await allConversations(bed)).length).toBe(SHAPE.count)
  })

  it('asks for less when Facebook finds it too much, and still brings everything', async () => {
    await using bed = await openSyncBed(SHAPE)
    await bed.simulator.control('PUT', 'switches', { maxMessagesPerAnswer: 150 })
    const row = await bed.run('page.full_sync')
    expect([row.state, resultsOf(row).conversations_total]).toEqual(['succeeded', SHAPE.count])
    const { messages } = await countRows(bed.store, bed.page.id)
    await bed.simulator.control('DELETE', 'switches')
    await bed.run('page.full_sync', { mode: 'full' })
    expect(await total(bed)).toBe(messages)
  })

  it('leaves out a field that Facebook refuses, says so, and keeps what was known of it', async () => {
    await using bed = await openSyncBed({ ...SHAPE, count: 5 })
    await bed.run('page.full_sync')
    const known = (await bed.pages.get('t_bed', bed.page.id))?.phone
    expect(known).toEqual(expect.any(String))
    await bed.simulator.control('PUT', 'switches', { forbiddenFields: { phone: 10 } })
    const row = await bed.run('page.sync_details')
    expect(row.result).toMatchObject({ page: { phone: known, changed_fields: [], dropped_fields: ['phone'] } })
    expect((await bed.pages.get('t_bed', bed.page.id))?.phone).toBe(known)
  })

  it('keeps a stub of a message that Facebook gives no detail of, and completes it later', async () => {
    await using bed = await openSyncBed({ ...SHAPE, count: 3, longShare: 1, longMessages: 40 })
    await bed.simulator.control('PUT', 'switches', { detailLimit: 20 })
    const row = await bed.run('page.full_sync')
    expect(row.state).toBe('succeeded')
    const [conversation] = await allConversations(bed)
    const before = await bed.reader.messages(conversation?._id ?? '', 'newest', 200)
    expect(before.filter(({ stub }) => stub)).toHaveLength(20)
    await bed.simulator.control('DELETE', 'switches')
    await bed.run('page.full_sync', { mode: 'full' })
    const after = await bed.reader.messages(conversation?._id ?? '', 'newest', 200)
    expect(after).toHaveLength(40)
    expect(after.some(({ stub }) => stub)).toBe(false)
  })

  it('is put back when the worker stops, and goes on at its checkpoint in the next one', async () => {
    await using bed = await openSyncBed(SHAPE, { callsPerSecond: 15 })
    const id = await bed.publish('page.full_sync')
    await bed.command(id, (row) => row.checkpoint !== null && (row.progress?.done ?? 0) > 0)
    await bed.restartWorker(async () => {
      expect(await bed.ledger.get('t_bed', id)).toMatchObject({
        state: 'queued',
        transitions: expect.arrayContaining([expect.objectContaining({ reason: 'worker_stopped' })]),
      })
    })
    const row = await bed.command(id)
    expect([row.state, resultsOf(row).conversations_total]).toEqual(['succeeded', SHAPE.count])
    expect((await allConversations(bed)).length).toBe(SHAPE.count)
  })
})

describe('the state of one conversation', () => {
  it('brings the labels that people put on at Facebook while no webhook came', async () => {
    await using bed = await openSyncBed({ ...SHAPE, count: 3 })
    await bed.run('page.full_sync')
    const [conversation] = await allConversations(bed)
    await bed.simulator.control('POST', 'events', {
      kind: 'inbox_labels',
      psid: conversation?.psid,
      label: 'VIP',
      action: 'add',
    })
    const row = await bed.command(await bed.publish('conversation.sync_status', { conversation_id: conversation?.id }))
    expect(row).toMatchObject({ state: 'succeeded', result: { labels: ['VIP'] } })
    expect((await allConversations(bed))[0]?.labels).toEqual(['VIP'])
  })
})

describe('who a person is', () => {
  const nameless = async (bed: SyncBed, psid: string) => {
    const key = `${bed.page.id}:${psid}`
    const contact = {
      _id: key,
      id: 900,
      tenant_id: 't_bed',
      page_id: bed.page.id,
      psid,
      name: null,
      name_stamp: 0,
      email: null,
      phone: null,
      custom_fields: {},
      tags: [],
      notes: null,
      set_by_person: [],
      event_id: null,
      profile_due_ms: 1,
      last_synced_ms: null,
      created_ms: 1,
    }
    await openSyncedCollections(bed.store).contacts.insertMany([contact])
    return key
  }
  const contactOf = async (bed: SyncBed, key: string) => (await bed.reader.contactsByKey([key]))[0]

  it('is asked of Facebook by a command of its own', async () => {
    await using bed = await openSyncBed({ count: 3, profileDeniedShare: 0, profilePhoneShare: 0 })
    const { psid, name } = await bed.simulator.control<{ psid: string; name: string }>('POST', 'messages', {
      text: 'hi',
    })
    const key = await nameless(bed, psid)
    const contact = await eventually(async () => {
      const row = await contactOf(bed, key)
      return row?.name ? row : undefined
    })
    expect(contact).toMatchObject({ name, profile_due_ms: null, profile_pic: expect.stringMatching(/^http/) })
  })

  it('is read off the participants where Facebook shows no profile, and not asked again', async () => {
    await using bed = await openSyncBed({ count: 3, profileDeniedShare: 1, profilePhoneShare: 0 })
    const { psid, name } = await bed.simulator.control<{ psid: string; name: string }>('POST', 'messages', {
      text: 'hi',
    })
    const key = await nameless(bed, psid)
    const contact = await eventually(async () => {
      const row = await contactOf(bed, key)
      return row?.name ? row : undefined
    })
    expect(contact).toMatchObject({ name, profile_due_ms: null })
  })
})

describe('a command that is wrong', () => {
  it('is refused with its reason, kept as a dead letter, and holds up nothing behind it', async () => {
    await using bed = await openSyncBed({ ...SHAPE, count: 5 })
    const refused = [
      await bed.publish('page.full_sync', { page_id: 4711 }),
      await bed.publish('page.full_sync', { tenant_id: 't_other' }),
      await bed.publish('conversation.sync_status', { conversation_id: 4711 }),
      await bed.publish('page.full_sync', { expires_at: '2020-01-01T00:00:00Z' }),
      await bed.publish('nonsense' as never),
      await bed.publish('page.full_sync', { requested_by: 'me' }),
    ]
    expect((await bed.run('page.full_sync')).state).toBe('succeeded')
    const rejected = await eventually(() => {
      const found = bed.changes.filter(({ type }) => type === 'command.rejected')
      return found.length >= refused.length ? found : undefined
    })
    expect(rejected.map(({ cause }) => cause.command_id).toSorted()).toEqual(refused.toSorted())
    for (const { fields } of rejected)
      expect(fields).toMatchObject({
        code: expect.any(String),
        message: expect.any(String),
        dead_letter_id: expect.stringMatching(/^dl_/),
      })
  })

  it('is kept byte for byte where it cannot even be read, and told of as nobody’s', async () => {
    await using bed = await openSyncBed({ ...SHAPE, count: 5 })
    const values = ['', 'archive it', '{"id":"cut', '[]', 'null', '{}', '\u0000\ufffd', 'x'.repeat(800_000)]
    const records = values.map((value) => ({ key: bed.page.facebook_page_id, value, headers: {} }))
    await bed.eventLog.publish(TOPICS.commands, records)
    expect((await bed.run('page.sync_details')).state).toBe('succeeded')
    const rejected = await eventually(() => {
      const found = bed.changes.filter(({ type }) => type === 'command.rejected')
      return found.length >= values.length ? found : undefined
    })
    for (const { tenant_id, page_id, fields } of rejected)
      expect([tenant_id, page_id, fields.code]).toEqual(['', 0, 'COMMAND_REJECTED'])
    const letters = await bed.store
      .collection(DEAD_LETTERS)
      .getMany(rejected.map(({ fields }) => String(fields.dead_letter_id)))
    const kept = letters.map(({ payload }) => payload ?? '')
    expect(kept.toSorted()).toEqual(values.map((value) => Buffer.from(value).toString('base64')).toSorted())
  })
})
