import { systemClock } from '@pagesync/shared/lifecycle/clock.ts'
import type { CommandType } from '@pagesync/shared/model/command.ts'
import { PERMANENTLY_MS } from '@pagesync/shared/model/command-arguments.ts'
import { DEAD_LETTERS } from '@pagesync/shared/store/repositories/dead-letters.ts'
import type { CommandRow, ConversationRow } from '@pagesync/shared/store/repositories/rows.ts'
import { openSyncedCollections } from '@pagesync/shared/store/repositories/synced.ts'
import { createTombstones } from '@pagesync/shared/store/repositories/tombstones.ts'
import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { openSyncBed, type SyncBed, type SyncBedOptions } from '../support/sync-bed.ts'
import { ERASURE_KEY } from '../support/token-keys.ts'

const SHAPE = { count: 6, shortMin: 2, shortMax: 5, recentCustomers: 3 }

interface Sent {
  readonly mid: string
  readonly psid: string
  readonly text?: string
  readonly metadata?: string
  readonly attachments?: readonly { type: string; url: string }[]
  readonly comment_id?: string
  readonly tag?: string
}

/** A page with a person who has just written. */
async function openPushBed(options: SyncBedOptions & { readonly labels?: boolean } = {}) {
  const bed = await openSyncBed(SHAPE, { webhooks: true, sendEchoSeconds: 1, ...options })
  if (options.labels)
    await bed.pages.update('t_bed', bed.page.id, (row) => ({ ...row, settings: { mirror_labels: true } }))
  const { psid } = await bed.simulator.control<{ psid: string }>('POST', 'messages', { text: 'Do you ship?' })
  const key = `${bed.page.id}:${psid}`
  const { conversations } = openSyncedCollections(bed.store)
  const conversation = (wanted: (row: ConversationRow) => boolean = () => true): Promise<ConversationRow> =>
    eventually(async () => {
      const [row] = await conversations.getMany([key])
      return row && wanted(row) ? row : undefined
    })
  const { id } = await conversation()
  const publish = (type: CommandType, args: Record<string, unknown> = {}, more: Record<string, unknown> = {}) =>
    bed.publish(type, { conversation_id: id, arguments: args, ...more })
  return {
    ...bed,
    psid,
    conversation,
    publishTo: publish,
    push: async (type: CommandType, args: Record<string, unknown> = {}, more: Record<string, unknown> = {}) =>
      bed.command(await publish(type, args, more)),
    sent: async () => (await bed.simulator.control<{ sent: Sent[] }>('GET', 'sent')).sent,
    labels: async () => (await bed.simulator.control<{ labels: string[] }>('GET', `conversations/${psid}`)).labels,
    switches: (switches: Record<string, unknown>) => bed.simulator.control('PUT', 'switches', switches),
    fault: (fault: Record<string, unknown>) => bed.simulator.control('POST', 'faults', fault),
  }
}

const outcomeOf = ({ result }: CommandRow): unknown => result?.outcome

/** What the changes topic tells of the command's end. */
const toldOf = (bed: SyncBed, { command_id, state }: CommandRow) =>
  eventually(() =>
    bed.changes.find(({ type, cause }) => type === `command.${state}` && cause.command_id === command_id),
  )

async function reject(bed: SyncBed, id: string): Promise<Record<string, unknown>> {
  const change = await eventually(() =>
    bed.changes.find(({ type, cause }) => type === 'command.rejected' && cause.command_id === id),
  )
  expect(await bed.ledger.get('t_bed', id)).toBeUndefined()
  const [letter] = await bed.store.collection(DEAD_LETTERS).getMany([String(change.fields.dead_letter_id)])
  expect(letter).toMatchObject({ tenant_id: 't_bed', code: change.fields.code, origin: { kind: 'record' } })
  return change.fields
}

describe('updating the page at Facebook', () => {
  it('sends only what differs, reads it back, stores it and tells of it; an empty string clears', async () => {
    await using bed = await openSyncBed(SHAPE)
    await bed.run('page.sync_details')
    const { about, website } = (await bed.pages.get('t_bed', bed.page.id))!
    await bed.simulator.control('DELETE', 'calls')
    const row = await bed.run('page.update', { about: 'Best coffee in town', website: website ?? '', phone: '' })
    expect(row.result).toMatchObject({ outcome: 'applied_remote', message: 'Page updated successfully' })
    expect(row.result?.updated_fields).toEqual(['about', 'phone'])
    expect(row.result?.unchanged_fields).toEqual(['website'])
    expect(await bed.pages.get('t_bed', bed.page.id)).toMatchObject({
      about: 'Best coffee in town',
      phone: null,
      website,
    })
    const update = await eventually(() =>
      bed.changes.find(({ type, fields }) => type === 'page.updated' && 'phone' in fields && fields.about !== about),
    )
    expect(update).toMatchObject({ origin: 'live', cause: { command_id: row.command_id } })
    const { calls } = await bed.simulator.control<{ calls: { method: string }[] }>('GET', 'calls')
    expect(calls.map(({ method }) => method)).toEqual(['GET', 'POST', 'GET'])
    expect((await bed.run('page.update', { about: 'Best coffee in town' })).result).toMatchObject({
      updated_fields: [],
      unchanged_fields: ['about'],
    })
  })

  it('says so where Facebook took the call and shows something else', async () => {
    await using bed = await openSyncBed(SHAPE)
    await bed.run('page.update', { phone: '+855 12 345 678' })
    await bed.simulator.control('PUT', 'switches', { emptyStringClears: false })
    const row = await bed.run('page.update', { phone: '' })
    expect([row.state, outcomeOf(row)]).toEqual(['succeeded', 'applied_remote_unverified'])
  })

  it('fails with what Facebook refuses', async () => {
    await using bed = await openSyncBed(SHAPE)
    const row = await bed.run('page.update', { about: 'x'.repeat(300) })
    expect(row).toMatchObject({
      state: 'failed',
      failure: { code: 'FACEBOOK_REJECTED', status: 502, facebook: { code: 100 } },
      result: { outcome: 'rejected', facebook: { code: 100 } },
    })
  })
})

describe('archiving a conversation', () => {
  it('is done here alone while the page shows no labels, and says so', async () => {
    await using bed = await openPushBed()
    const row = await bed.push('conversation.archive')
    expect(row.result).toEqual({
      message: 'Conversation archived',
      outcome: 'applied_local_only',
      reason: 'label_mirroring_off',
    })
    expect((await bed.conversation()).status).toBe('archived')
    const told = await eventually(() =>
      bed.changes.find(({ type, fields }) => type === 'conversation.updated' && fields.status === 'archived'),
    )
    expect(told).toMatchObject({ origin: 'live', cause: { command_id: row.command_id } })
    expect(await bed.labels()).toEqual([])
    expect(outcomeOf(await bed.push('conversation.unarchive'))).toBe('applied_local_only')
    expect((await bed.conversation()).status).toBe('open')
  })

  it('shows as a label where the page wants it; the person’s next message opens it and takes the label off', async () => {
    await using bed = await openPushBed({ labels: true })
    expect(outcomeOf(await bed.push('conversation.archive'))).toBe('applied_as_label')
    expect(await bed.labels()).toEqual(['Archived'])
    expect(await bed.conversation()).toMatchObject({ status: 'archived', labels: ['Archived'] })
    await bed.simulator.control('POST', 'messages', { psid: bed.psid, text: 'Hello again' })
    await bed.conversation(({ status, labels }) => status === 'open' && labels.length === 0)
    await eventually(async () => (await bed.labels()).length === 0 || undefined)
  })

  it('opens by a message whose webhook was lost, and the label comes off', async () => {
    await using bed = await openPushBed({ labels: true })
    await bed.push('conversation.archive')
    await bed.simulator.control('POST', 'webhooks/hold')
    const later = { created_at_ms: Date.now() + 1_000, wait: false }
    await bed.simulator.control('POST', 'messages', { psid: bed.psid, text: 'Hello again', ...later })
    await bed.push('conversation.sync_messages')
    expect(await bed.conversation()).toMatchObject({ status: 'open', snippet: 'Hello again' })
    await eventually(async () => (await bed.labels()).length === 0)
  })

  it('is not undone by a pull that sees no label because it is still on its way', async () => {
    await using bed = await openPushBed({ labels: true })
    await bed.fault({ match: { kind: 'label' }, times: 1, action: { delay_ms: 1_500 } })
    const id = await bed.publishTo('conversation.archive')
    await bed.conversation(({ labels }) => labels.includes('Archived'))
    const { result } = await bed.push('conversation.sync_status')
    expect(result).toMatchObject({ status: 'archived', labels: ['Archived'] })
    expect(outcomeOf(await bed.command(id))).toBe('applied_as_label')
    expect(await bed.conversation()).toMatchObject({ status: 'archived', labels: ['Archived'] })
    await bed.simulator.control('POST', 'webhooks/hold')
    const off = { kind: 'inbox_labels', psid: bed.psid, label: 'Archived', action: 'remove', wait: false }
    await bed.simulator.control('POST', 'events', off)
    await bed.push('conversation.sync_status')
    expect(await bed.conversation()).toMatchObject({ status: 'open', labels: [] })
  })

  it('stays here alone where Facebook does not allow labels, with its code', async () => {
    await using bed = await openPushBed({ labels: true })
    await bed.switches({ contactTermsAccepted: false })
    const row = await bed.push('conversation.archive')
    expect(row.result).toMatchObject({
      outcome: 'applied_local_only',
      reason: 'label_not_allowed',
      facebook: { code: 2, subcode: 2018344 },
    })
    expect(await bed.conversation()).toMatchObject({ status: 'archived', labels: [] })
  })

  it('follows a label that people put on and take off in Facebook’s inbox', async () => {
    await using bed = await openPushBed({ labels: true })
    const label = (action: string, name: string) =>
      bed.simulator.control('POST', 'events', { kind: 'inbox_labels', psid: bed.psid, label: name, action })
    await label('add', 'Archived')
    await bed.conversation(({ status }) => status === 'archived')
    await label('add', 'Muted')
    await bed.conversation(({ muted_until_ms }) => muted_until_ms === PERMANENTLY_MS)
    await label('add', 'VIP')
    await bed.conversation(({ labels }) => labels.includes('VIP'))
  })

  it('finds the label anew when somebody deleted it at Facebook', async () => {
    await using bed = await openPushBed({ labels: true })
    await bed.push('conversation.archive')
    const id = (await bed.pages.get('t_bed', bed.page.id))?.label_ids?.Archived
    await bed.push('conversation.unarchive')
    await bed.pages.update('t_bed', bed.page.id, (row) => ({ ...row, label_ids: { Archived: '4711' } }))
    expect(outcomeOf(await bed.push('conversation.archive'))).toBe('applied_as_label')
    expect((await bed.pages.get('t_bed', bed.page.id))?.label_ids?.Archived).toBe(id)
  })
})

describe('labels whose webhooks were lost', () => {
  it('come back as the same state with the next pull of the conversation', async () => {
    await using bed = await openPushBed({ labels: true })
    await bed.simulator.control('POST', 'webhooks/hold')
    for (const label of ['Archived', 'VIP'])
      await bed.simulator.control('POST', 'events', { kind: 'inbox_labels', psid: bed.psid, label, wait: false })
    await bed.push('conversation.sync_status')
    expect(await bed.conversation()).toMatchObject({ status: 'archived', labels: ['Archived', 'VIP'] })
  })
})

describe('muting a conversation', () => {
  it('is for good by default, and ends when asked', async () => {
    await using bed = await openPushBed({ labels: true })
    const row = await bed.push('conversation.mute')
    expect(row.result).toMatchObject({ outcome: 'applied_as_label', muted_until: 'PERMANENTLY' })
    expect((await toldOf(bed, row)).fields).toMatchObject({ state: 'succeeded', result: row.result })
    expect(await bed.conversation()).toMatchObject({ muted_until_ms: PERMANENTLY_MS, labels: ['Muted'] })
    const { unread_count } = await bed.conversation()
    await bed.simulator.control('POST', 'messages', { psid: bed.psid, text: 'Still there?' })
    const written = await bed.conversation(({ snippet }) => snippet === 'Still there?')
    expect(written).toMatchObject({ muted_until_ms: PERMANENTLY_MS, unread_count: unread_count + 1 })
    expect((await bed.push('conversation.unmute')).result).toMatchObject({
      outcome: 'applied_as_label',
      muted_until: null,
    })
    expect(await bed.conversation()).toMatchObject({ muted_until_ms: null, labels: [] })
    expect(await bed.labels()).toEqual([])
  })

  it('ends by itself at its time, and the label comes off', async () => {
    await using bed = await openPushBed({ labels: true })
    // Far enough away for a slow machine to see the label before it comes off.
    const until = Math.ceil(Date.now() / 1000) + 5
    const row = await bed.push('conversation.mute', { mute_until: until })
    expect(row.result).toMatchObject({ muted_until: new Date(until * 1000).toISOString() })
    expect(await bed.labels()).toEqual(['Muted'])
    await bed.conversation(({ muted_until_ms, labels }) => muted_until_ms === null && labels.length === 0)
    await eventually(async () => (await bed.labels()).length === 0)
  })
})

it('an end of a mute that comes late ends nothing that was asked for meanwhile', async () => {
  await using bed = await openPushBed()
  const until = Math.ceil(Date.now() / 1_000) + 1
  await bed.push('conversation.mute', { mute_until: until })
  const not_before = new Date((until + 2) * 1_000).toISOString()
  const id = await bed.publishTo('conversation.mute', {}, { not_before })
  await bed.command(id, () => true)
  await eventually(() => Date.now() > until * 1_000)
  await bed.push('conversation.unmute', { because: 'mute_ended' })
  expect((await bed.command(id)).result).not.toHaveProperty('reason', 'superseded')
  expect((await bed.conversation()).muted_until_ms).toBe(PERMANENTLY_MS)
})

describe('marking a conversation as read', () => {
  it('reads back what Facebook says then', async () => {
    await using bed = await openPushBed()
    expect((await bed.conversation()).unread_count).toBe(1)
    const row = await bed.push('conversation.mark_read')
    expect(row.result).toMatchObject({ outcome: 'applied_remote', unread_count: 0 })
    expect((await bed.conversation()).unread_count).toBe(0)
  })

  it('does not claim what Facebook does not show', async () => {
    await using bed = await openPushBed()
    await bed.switches({ markSeenLowersUnread: false })
    const row = await bed.push('conversation.mark_read')
    expect(row.result).toMatchObject({ outcome: 'applied_remote_unverified', unread_count: 1 })
  })

  it('tells of a refusal', async () => {
    await using bed = await openPushBed()
    await bed.fault({ match: { kind: 'send' }, times: 9, action: { error: { code: 100, subcode: 2018048 } } })
    await bed.fault({ match: { kind: 'sender_action' }, times: 9, action: { error: { code: 100, subcode: 2018048 } } })
    expect(await bed.push('conversation.mark_read')).toMatchObject({
      state: 'failed',
      result: { outcome: 'rejected', facebook: { code: 100, subcode: 2018048 } },
    })
  })
})

describe('sending a message', () => {
  it.each(['after', 'before', 'none'])('is one message, whether its echo comes %s the answer', async (echoOrder) => {
    await using bed = await openPushBed()
    await bed.switches({ echoOrder })
    const row = await bed.push('message.send', { message: 'Yes, we do' })
    const [sent, ...others] = await bed.sent()
    expect(others).toEqual([])
    expect(sent).toMatchObject({ text: 'Yes, we do', metadata: row.command_id, psid: bed.psid })
    expect(row).toMatchObject({
      state: 'succeeded',
      result: { outcome: 'applied_remote', facebook_message_id: sent?.mid },
    })
    const conversation = await bed.conversation()
    expect(conversation).toMatchObject({ snippet: 'Yes, we do', last_message_direction: 'out' })
    const messages = await bed.reader.messages(conversation._id, 'newest', 10)
    expect(messages.filter(({ mid }) => mid === sent?.mid)).toMatchObject([{ origin: 'send', text: 'Yes, we do' }])
    const created = await eventually(() => {
      const found = bed.changes.filter(
        ({ type, fields }) => type === 'message.created' && fields.facebook_message_id === sent?.mid,
      )
      return found.length > 0 ? found : undefined
    })
    expect(created).toHaveLength(1)
  })

  it('takes attachments and quick replies, and goes to a person who is named instead of a conversation', async () => {
    await using bed = await openPushBed()
    const attachment = { type: 'image', url: 'https://example.com/menu.png' }
    await bed.push('message.send', { attachment, recipient_id: bed.psid }, { conversation_id: null })
    await bed.push('message.send', {
      message: 'Size?',
      quick_replies: [{ content_type: 'text', title: 'L', payload: 'L' }],
    })
    expect(await bed.sent()).toMatchObject([
      { psid: bed.psid, attachments: [{ type: 'image' }] },
      { text: 'Size?', quick_replies: [{ title: 'L' }] },
    ])
  })

  it('splits a long text into parts, in order, as one command', async () => {
    await using bed = await openPushBed()
    const text = Array.from({ length: 900 }, (_, i) => `word${i}`).join(' ')
    const row = await bed.push('message.send', { message: text, split: true })
    const sent = await bed.sent()
    expect(sent.map((each) => each.text).join(' ')).toBe(text)
    expect(sent.map((each) => each.metadata)).toEqual(
      sent.map((_, i) => (i === 0 ? row.command_id : `${row.command_id}/${i + 1}`)),
    )
    expect(row.result?.facebook_message_ids).toEqual(sent.map(({ mid }) => mid))
  })

  it('in parts tells which have arrived where a later one is refused', async () => {
    await using bed = await openPushBed()
    await bed.fault({ match: { kind: 'send', nth: 2 }, times: 1, action: { error: { code: 551 } } })
    const row = await bed.push('message.send', { message: 'word '.repeat(900), split: true })
    expect(row).toMatchObject({ state: 'failed', failure: { code: 'RECIPIENT_UNAVAILABLE' } })
    const mids = (await bed.sent()).map(({ mid }) => mid)
    expect(mids).toHaveLength(1)
    expect(row.result).toMatchObject({ outcome: 'rejected', facebook_message_ids: mids })
    await bed.ledger.retry(row, { by: 'test', nowMs: Date.now() })
    const again = await bed.command(row.command_id, ({ state }) => state === 'succeeded')
    expect(again.result?.facebook_message_ids).toEqual((await bed.sent()).map(({ mid }) => mid))
  })

  it('goes out in the order of the topic, also where one millisecond saw two accepted', async () => {
    const stopped = { ...systemClock, now: () => Math.floor(systemClock.now() / 500) * 500 }
    await using bed = await openPushBed({ clock: stopped })
    const texts = ['one', 'two', 'three', 'four']
    for (const [i, message] of texts.entries())
      await bed.publishTo('message.send', { message }, { id: `send-${texts.length - i}` })
    for (const i of texts.keys()) await bed.command(`send-${i + 1}`)
    expect((await bed.sent()).map(({ text }) => text)).toEqual(texts)
  })

  it('goes out in the order of acceptance, also past one that has to wait', async () => {
    await using bed = await openPushBed()
    await bed.fault({ match: { kind: 'send' }, times: 1, action: { error: { code: 613 }, status: 400 } })
    const ids = []
    for (const text of ['one', 'two', 'three']) ids.push(await bed.publishTo('message.send', { message: text }))
    for (const id of ids) expect((await bed.command(id)).state).toBe('succeeded')
    expect((await bed.sent()).map(({ text }) => text)).toEqual(['one', 'two', 'three'])
  })

  it('is refused before the call where the window is known to be closed, unless a person writes', async () => {
    await using bed = await openPushBed()
    const lastWrote = async (hoursAgo: number): Promise<number> => {
      const { psid } = await bed.simulator.control<{ psid: string }>('POST', 'messages', {
        text: 'Are you there?',
        created_at_ms: Date.now() - hoursAgo * 3_600_000,
      })
      const { conversations } = openSyncedCollections(bed.store)
      return eventually(async () => (await conversations.getMany([`${bed.page.id}:${psid}`]))[0]?.id)
    }
    const send = async (conversation_id: number, args: Record<string, unknown>, more: Record<string, unknown> = {}) =>
      bed.command(await bed.publish('message.send', { conversation_id, arguments: args, ...more }))
    const closed = { state: 'failed', failure: { code: 'MESSAGE_WINDOW_CLOSED', status: 409 } }
    const byPerson = { requested_by: { kind: 'person', id: 'dara' } }
    const yesterday = await lastWrote(25)
    expect(await send(yesterday, { message: 'Hello?' })).toMatchObject(closed)
    expect(await send(await lastWrote(8 * 24), { message: 'Hello?', tag: 'HUMAN_AGENT' }, byPerson)).toMatchObject(
      closed,
    )
    expect(await bed.sent()).toEqual([])
    expect((await send(yesterday, { message: 'Sorry', tag: 'HUMAN_AGENT' }, byPerson)).state).toBe('succeeded')
    expect(await bed.sent()).toMatchObject([{ text: 'Sorry', tag: 'HUMAN_AGENT' }])
  })

  it('waits no longer than its window is open, and a day', async () => {
    await using bed = await openPushBed()
    const HOUR_MS = 3_600_000
    const created_at_ms = Math.floor(Date.now() / 1_000) * 1_000 - 20 * HOUR_MS
    const { psid } = await bed.simulator.control<{ psid: string }>('POST', 'messages', { text: 'Hm?', created_at_ms })
    await eventually(async () => (await bed.reader.conversationsByKey([`${bed.page.id}:${psid}`])).length > 0)
    const expires = async (args: Record<string, unknown>, more: Record<string, unknown> = {}) => {
      const toPerson = { message: 'Later', recipient_id: psid, ...args }
      const options = { conversation_id: null, not_before: new Date(Date.now() + HOUR_MS).toISOString(), ...more }
      const row = await bed.command(await bed.publishTo('message.send', toPerson, options), () => true)
      return Math.round((row.expires_ms - created_at_ms) / HOUR_MS)
    }
    expect(await expires({})).toBe(24)
    const requested_by = { kind: 'person', id: 'dara' }
    expect(await expires({ tag: 'HUMAN_AGENT' }, { requested_by })).toBe(20 + 24)
    const expires_at = new Date(created_at_ms + 22 * HOUR_MS).toISOString()
    expect(await expires({}, { expires_at })).toBe(22)
  })

  it('tells of what Facebook refuses: the window, a person out of reach, a thread of another app', async () => {
    await using bed = await openPushBed()
    const refused = async (error: Record<string, unknown>) => {
      await bed.fault({ match: { kind: 'send' }, times: 1, action: { error } })
      return (await bed.push('message.send', { message: 'Hello' })).failure
    }
    expect(await refused({ code: 10, subcode: 2018278 })).toMatchObject({ code: 'MESSAGE_WINDOW_CLOSED', status: 502 })
    expect(await refused({ code: 551 })).toMatchObject({ code: 'RECIPIENT_UNAVAILABLE' })
    await bed.simulator.control('POST', 'events', {
      kind: 'pass_thread_control',
      psid: bed.psid,
      app_id: '263902037430900',
    })
    // What comes as standby is stored like everything else.
    await bed.simulator.control('POST', 'messages', { psid: bed.psid, text: 'To the other app' })
    await bed.conversation(({ snippet }) => snippet === 'To the other app')
    const row = await bed.push('message.send', { message: 'Hello' })
    expect(row.failure).toMatchObject({ code: 'THREAD_OWNED_BY_OTHER_APP' })
    expect((await toldOf(bed, row)).fields).toMatchObject({ error: row.failure, result: { outcome: 'rejected' } })
    expect(await bed.sent()).toEqual([])
    expect(outcomeOf(await bed.push('conversation.thread_control', { action: 'take' }))).toBe('applied_remote')
    expect((await bed.push('message.send', { message: 'Hello' })).state).toBe('succeeded')
    expect(outcomeOf(await bed.push('conversation.thread_control', { action: 'release' }))).toBe('applied_remote')
  })
})

it('control of a thread that was passed on by a call whose answer was lost is passed on', async () => {
  await using bed = await openPushBed()
  await bed.fault({ match: { kind: 'thread_control' }, times: 1, action: { apply_then_lose: true } })
  const row = await bed.push('conversation.thread_control', { action: 'pass' })
  expect(row).toMatchObject({ state: 'succeeded', result: { outcome: 'applied_remote' } })
})

describe('a send whose answer is lost', () => {
  it('is settled by its echo, and nothing is sent twice', async () => {
    await using bed = await openPushBed({ sendEchoSeconds: 60 })
    await bed.fault({ match: { kind: 'send' }, times: 1, action: { apply_then_lose: true } })
    const row = await bed.push('message.send', { message: 'Yes' })
    const [sent, ...others] = await bed.sent()
    expect(others).toEqual([])
    expect(row).toMatchObject({ state: 'succeeded', result: { facebook_message_id: sent?.mid } })
  })

  it('is found in the conversation where no echo comes', async () => {
    await using bed = await openPushBed()
    await bed.switches({ echoOrder: 'none' })
    await bed.fault({ match: { kind: 'send' }, times: 1, action: { apply_then_lose: true } })
    const row = await bed.push('message.send', { message: 'Yes' })
    const [sent, ...others] = await bed.sent()
    expect(others).toEqual([])
    expect(row).toMatchObject({ state: 'succeeded', result: { facebook_message_id: sent?.mid } })
    expect(row.transitions.map(({ state }) => state)).toContain('unconfirmed')
  })

  it('is sent once more where it is not there', async () => {
    await using bed = await openPushBed()
    await bed.fault({ match: { kind: 'send' }, times: 1, action: { reset: true } })
    const row = await bed.push('message.send', { message: 'Yes' })
    expect((await bed.sent()).map(({ text }) => text)).toEqual(['Yes'])
    expect(row.state).toBe('succeeded')
  })

  it('is never sent a third time: it stays unconfirmed', async () => {
    await using bed = await openPushBed()
    await bed.fault({ match: { kind: 'send' }, times: 5, action: { reset: true } })
    const id = await bed.publishTo('message.send', { message: 'Yes' })
    const row = await bed.command(id, ({ transitions }) => transitions.some(({ reason }) => reason === 'absent'))
    expect(row).toMatchObject({ state: 'unconfirmed', failure: null })
    const { calls } = await bed.simulator.control<{ calls: { kind: string }[] }>('GET', 'calls')
    expect(calls.filter(({ kind }) => kind === 'send')).toHaveLength(2)
    await expect(bed.ledger.cancel(row, { by: 'test', nowMs: Date.now() })).rejects.toMatchObject({
      code: 'NOT_CANCELLABLE',
    })
  })

  it('stays unconfirmed where two messages could be it, and holds no later send back', async () => {
    await using bed = await openPushBed()
    await bed.switches({ echoOrder: 'none' })
    await bed.fault({ match: { kind: 'send' }, times: 1, action: { apply_then_lose: true } })
    const id = await bed.publishTo('message.send', { message: 'Yes' })
    await bed.command(id, ({ state }) => state === 'unconfirmed')
    // Somebody says the same by hand, and its echo is lost as well.
    await bed.simulator.control('POST', 'webhooks/hold')
    await bed.simulator.control('POST', 'page-messages', { psid: bed.psid, text: 'Yes' })
    const row = await bed.command(id, ({ transitions }) =>
      transitions.some(({ reason }) => reason === 'several_candidates'),
    )
    expect(row.state).toBe('unconfirmed')
    expect((await bed.push('message.send', { message: 'And something else' })).state).toBe('succeeded')
  })

  it('stays unconfirmed while Facebook cannot be read, and is settled once it can', async () => {
    await using bed = await openPushBed()
    await bed.switches({ echoOrder: 'none' })
    await bed.fault({ match: { kind: 'send' }, times: 1, action: { apply_then_lose: true } })
    for (const kind of ['messages', 'conversations'])
      await bed.fault({ match: { kind }, times: 100, action: { error: { code: 10 } } })
    const id = await bed.publishTo('message.send', { message: 'Yes' })
    const row = await bed.command(id, ({ transitions }) => transitions.some(({ reason }) => reason === 'unreadable'))
    expect(row.state).toBe('unconfirmed')
    await bed.simulator.control('DELETE', 'faults')
    await eventually(async () => {
      const current = await bed.ledger.get('t_bed', id)
      return current && (await bed.ledger.save({ ...current, due_ms: Date.now() })) ? true : undefined
    })
    expect((await bed.command(id)).state).toBe('succeeded')
    expect(await bed.sent()).toHaveLength(1)
  })
})

describe('a push that expires while it waits', () => {
  const SOON_MS = 3_000
  const inAMoment = () => new Date(Date.now() + SOON_MS).toISOString()

  /** It is told as what it is, in the ledger and on the topic, and nothing was sent. */
  async function expectExpired(bed: Awaited<ReturnType<typeof openPushBed>>, id: string): Promise<CommandRow> {
    const row = await bed.command(id)
    expect(row).toMatchObject({ state: 'expired', failure: { code: 'COMMAND_EXPIRED', status: 409 }, result: null })
    expect((await toldOf(bed, row)).fields).toMatchObject({ state: 'expired', error: { code: 'COMMAND_EXPIRED' } })
    // Not only when it could have gone on: after 10 to 20 s.
    expect(row.finished_ms).toBeLessThan(row.expires_ms + 8_000)
    expect(await bed.sent()).toEqual([])
    return row
  }

  it('for a rate limit, or for the budget that the limit holds back, is not sent any more', async () => {
    await using bed = await openPushBed()
    const { psid } = await bed.simulator.control<{ psid: string }>('POST', 'messages', { text: 'Me too?' })
    await bed.fault({ match: { kind: 'send' }, times: 1, action: { error: { code: 613 }, status: 400 } })
    const limited = await bed.publishTo('message.send', { message: 'late' }, { expires_at: inAMoment() })
    await bed.command(limited, ({ state }) => state === 'waiting')
    const other = { conversation_id: null, expires_at: inAMoment() }
    const held = await bed.publishTo('message.send', { message: 'late', recipient_id: psid }, other)
    await bed.command(held, ({ state }) => state === 'running')
    const seen = await bed.publishTo('conversation.mark_read', {}, { expires_at: inAMoment() })
    await expectExpired(bed, limited)
    expect((await expectExpired(bed, held)).checkpoint).toBeNull()
    expect((await expectExpired(bed, seen)).transitions.map(({ state }) => state)).toContain('running')
    const { calls } = await bed.simulator.control<{ calls: { kind: string }[] }>('GET', 'calls')
    expect(calls.filter(({ kind }) => kind === 'send' || kind === 'sender_action')).toHaveLength(1)
  })

  it('for an earlier one to the same person, ends at its own time', async () => {
    await using bed = await openPushBed()
    await bed.fault({ match: { kind: 'send' }, times: 1, action: { error: { code: 613 }, status: 400 } })
    const earlier = await bed.publishTo('message.send', { message: 'first' })
    await bed.command(earlier, ({ state }) => state === 'waiting')
    const behind = await bed.publishTo('message.send', { message: 'second' }, { expires_at: inAMoment() })
    expect((await expectExpired(bed, behind)).attempts).toBe(0)
    expect((await bed.command(earlier)).state).toBe('succeeded')
    expect(await bed.sent()).toMatchObject([{ text: 'first' }])
  })

  it('for a page to be connected again, is not sent any more', async () => {
    await using bed = await openPushBed()
    await bed.fault({ match: { kind: 'send' }, times: 1, action: { error: { code: 190 } } })
    const ids = []
    for (const message of ['one', 'two'])
      ids.push(await bed.publishTo('message.send', { message }, { expires_at: inAMoment() }))
    for (const id of ids) await expectExpired(bed, id)
    expect((await bed.pages.get('t_bed', bed.page.id))?.status).toBe('reauth_required')
  })
})

describe('comments of the page’s posts', () => {
  it('are stored, and answered privately once', async () => {
    await using bed = await openPushBed()
    const { comment_id: commentId } = await bed.simulator.control<{ comment_id: string }>('POST', 'events', {
      kind: 'feed',
      psid: bed.psid,
      message: 'How much?',
    })
    const [comment] = await eventually(async () => {
      const found = await bed.reader.comments(bed.page.id, 'newest', 10)
      return found.length > 0 ? found : undefined
    })
    expect(comment).toMatchObject({ comment_id: commentId, message: 'How much?', replied_by: null, deleted_ms: null })
    const args = { comment_id: commentId, message: '2.50' }
    const reply = async () => bed.command(await bed.publish('comment.private_reply', { arguments: args }))
    const row = await reply()
    expect(await bed.sent()).toMatchObject([{ comment_id: commentId, text: '2.50', psid: bed.psid }])
    expect(row).toMatchObject({ state: 'succeeded', result: { outcome: 'applied_remote' } })
    expect((await bed.reader.comments(bed.page.id, 'newest', 10))[0]?.replied_by).toBe(row.command_id)
    expect(await reply()).toMatchObject({ state: 'failed', failure: { facebook: { code: 10900 } } })
    expect(await bed.sent()).toHaveLength(1)
  })

  it('are sent once where the answer and the echo of a private reply are lost', async () => {
    await using bed = await openPushBed()
    const { comment_id } = await bed.simulator.control<{ comment_id: string }>('POST', 'events', {
      kind: 'feed',
      psid: bed.psid,
    })
    await bed.switches({ echoOrder: 'none' })
    await bed.fault({ match: { kind: 'send' }, times: 1, action: { apply_then_lose: true } })
    const row = await bed.command(
      await bed.publish('comment.private_reply', { arguments: { comment_id, message: 'Hi' } }),
    )
    expect([row.state, outcomeOf(row)]).toEqual(['succeeded', 'applied_remote_unverified'])
    expect(await bed.sent()).toHaveLength(1)
  })
})

describe('a push from the topic with wrong arguments', () => {
  it('is refused with the member that is wrong, kept as a dead letter, and blocks nothing', async () => {
    await using bed = await openPushBed()
    const wrong: [CommandType, Record<string, unknown>, string][] = [
      ['conversation.mute', { mute_until: 1 }, '/arguments/mute_until'],
      ['conversation.mute', { mute_until: 'tomorrow' }, '/arguments/mute_until'],
      ['conversation.mute', { mute_until: 4e9 + 0.5 }, '/arguments/mute_until'],
      ['page.update', {}, '/arguments'],
      ['page.update', { about: 5 }, '/arguments/about'],
      ['message.send', {}, '/arguments/message'],
      ['message.send', { message: 'x'.repeat(2001) }, '/arguments/message'],
      ['message.send', { message: 'x', tag: 'HUMAN_AGENT' }, '/arguments/tag'],
      [
        'message.send',
        { message: 'x', attachment: { type: 'image', url: 'https://example.com/a.png' } },
        '/arguments/message',
      ],
      ['conversation.thread_control', { action: 'steal' }, '/arguments/action'],
      // What HTTP refuses.
      ['message.send', { attachment: { type: 'image', url: 'http://example.com/a.png' } }, '/arguments/attachment/url'],
      ['message.send', { attachment: { type: 'file', url: 'https://10.0.0.1/a.pdf' } }, '/arguments/attachment/url'],
      [
        'message.send',
        { message: 'x', quick_replies: [{ content_type: 'user_email', image_url: 'https://localhost/a.png' }] },
        '/arguments/quick_replies/0/image_url',
      ],
    ]
    for (const [type, args, path] of wrong) {
      const fields = await reject(bed, await bed.publishTo(type, args))
      expect(fields).toMatchObject({ code: 'COMMAND_REJECTED', message: expect.stringContaining(`${path}:`) })
    }
    expect((await bed.push('message.send', { message: 'fine', unknown_member: 1 })).state).toBe('succeeded')
  })
})

it('an idempotency key on the topic stands for one command, however its members are ordered, and for no other', async () => {
  await using bed = await openPushBed()
  const key = { idempotency_key: 'order-17' }
  const first = await bed.push('message.send', { message: 'Paid', messaging_type: 'UPDATE' }, key)
  await bed.publishTo('message.send', { messaging_type: 'UPDATE', message: 'Paid' }, key)
  const other = await bed.publishTo('message.send', { message: 'Sent' }, key)
  expect(await reject(bed, other)).toMatchObject({ code: 'IDEMPOTENCY_KEY_REUSED' })
  expect((await bed.push('message.send', { message: 'Bye' })).state).toBe('succeeded')
  expect(bed.changes.filter(({ type }) => type === 'command.rejected')).toHaveLength(1)
  expect(await bed.sent()).toMatchObject([{ metadata: first.command_id }, { text: 'Bye' }])
})

describe('a push from the topic to a person who was erased', () => {
  it.each([
    ['by their id', {}, { conversation_id: null }],
    ['by their conversation', { recipient_id: undefined }, {}],
    ['with arguments that are wrong, too', { tag: 'HUMAN_AGENT' }, { conversation_id: null }],
  ])('%s is refused before anything of it is stored, until they write again', async (_how, args, target) => {
    await using bed = await openPushBed()
    const tombstones = createTombstones(bed.store, ERASURE_KEY)
    await tombstones.put(bed, Date.now())
    const id = await bed.publishTo('message.send', { recipient_id: bed.psid, message: 'still there?', ...args }, target)
    const fields = await reject(bed, id)
    expect(fields).toMatchObject({ code: 'RECIPIENT_UNAVAILABLE' })
    const [letter] = await bed.store.collection(DEAD_LETTERS).getMany([String(fields.dead_letter_id)])
    const kept = `${JSON.stringify(letter)} ${Buffer.from(letter?.payload ?? '', 'base64').toString('utf8')}`
    expect(kept).toContain('"erased":true')
    for (const text of [bed.psid, 'still there?']) expect(kept).not.toContain(text)
    expect(await bed.sent()).toEqual([])
    await tombstones.lift(bed, Date.now() + 1)
    expect((await bed.push('message.send', { message: 'welcome back' })).state).toBe('succeeded')
  })
})

/** An update of the page that the ledger has and the topic has not. */
const acceptAlone = ({ ledger, page }: SyncBed, commandId: string, nowMs: number) =>
  ledger.accept(
    {
      commandId,
      tenantId: 't_bed',
      pageId: page.id,
      facebookPageId: page.facebook_page_id,
      conversationKey: null,
      type: 'page.update',
      arguments: { about: 'from elsewhere' },
      requestedBy: { kind: 'service', id: 'test' },
      trigger: 'api',
    },
    nowMs,
  )

describe('a push behind a running sync of the same page', () => {
  it('goes ahead of it, also when another worker took the command up', async () => {
    await using bed = await openSyncBed({ count: 150, longShare: 0.2, longMessages: 120 }, { callsPerSecond: 5 })
    const sync = await bed.publish('page.full_sync')
    await bed.command(sync, ({ progress }) => (progress?.done ?? 0) > 0)
    const byTopic = await bed.run('page.update', { about: 'by the topic' })
    // Straight into the ledger, as when another worker has the topic's partition: nobody is woken.
    const { row } = await acceptAlone(bed, 'from-elsewhere', Date.now())
    await bed.ledger.save({ ...row, state: 'queued', due_ms: Date.now() })
    const fromElsewhere = await bed.command('from-elsewhere')
    expect([byTopic.state, fromElsewhere.state]).toEqual(['succeeded', 'succeeded'])
    expect((await bed.ledger.get('t_bed', sync))?.state).toBe('running')
  })
})

describe('the ledger', () => {
  it('runs what stands in it and never came by the topic, five seconds after it was accepted', async () => {
    await using bed = await openSyncBed(SHAPE)
    const acceptedMs = Date.now() - 4_000
    await acceptAlone(bed, 'unheard', acceptedMs)
    const row = await bed.command('unheard')
    expect(row.transitions.map(({ state }) => state)).toEqual(['accepted', 'running', 'succeeded'])
    expect((row.started_ms ?? 0) - acceptedMs).toBeGreaterThanOrEqual(5_000)
    expect((await bed.pages.get('t_bed', bed.page.id))?.about).toBe('from elsewhere')
  })

  it('forgets what ended long ago, and nothing that is open', async () => {
    await using bed = await openSyncBed(SHAPE)
    const done = await bed.run('page.sync_details')
    const open = await bed.publish('page.update', { arguments: { about: 'later' }, not_before: '2200-01-01T00:00:00Z' })
    await bed.command(open, ({ state }) => state === 'queued')
    expect(await bed.ledger.forget(done.finished_ms ?? 0, Date.now(), 10)).toBe(0)
    expect(await bed.ledger.forget(Date.now() + 1, Date.now(), 10)).toBe(1)
    expect(await bed.ledger.get('t_bed', done.command_id)).toBeUndefined()
    expect((await bed.ledger.get('t_bed', open))?.state).toBe('queued')
  })
})
