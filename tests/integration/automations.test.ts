import { hoursOf, within } from '@pagesync/shared/counting/time-buckets.ts'
import { createTestClock } from '@pagesync/shared/lifecycle/test-clock.ts'
import { withState } from '@pagesync/shared/model/command-row.ts'
import { canonicalMid } from '@pagesync/shared/model/message-id.ts'
import { CONTACTS, type CommandRow, messageKey } from '@pagesync/shared/store/repositories/rows.ts'
import { createRuleCounts } from '@pagesync/shared/store/repositories/rule-counts.ts'
import { createStatistics } from '@pagesync/shared/store/repositories/statistics.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { type AutomationBed, openAutomationBed } from '../support/automation-bed.ts'
import { eventually } from '../support/eventually.ts'

/** One bed for all: each test writes as a new person, and words of its own. */
let bed: AutomationBed

beforeAll(async () => {
  bed = await openAutomationBed()
  await bed.keyword('ping', 'pong')
})
afterAll(() => bed?.[Symbol.asyncDispose]())

const CLOSED_ALWAYS = { mon: [], tue: [], wed: [], thu: [], fri: [], sat: [], sun: [] }

/** Lets only this automation and "ping" be there for the time of a test. */
async function alone<T>(automationId: number, act: () => Promise<T>): Promise<T> {
  try {
    return await act()
  } finally {
    const row = await bed.rules.automations.get('t_bed', automationId)
    if (row) await bed.rules.removeAutomation(row)
    await bed.rules.changed(bed.page.id)
    await forgotten()
  }
}

/** Rules are looked at anew after two seconds. Asked of the ledger: what a deleted rule decided is called off, not sent. */
const forgotten = async (): Promise<void> => {
  await eventually(async () => {
    const { psid } = await bed.writes('is anybody there')
    await bed.settled('ping')
    return (await replyTo(psid)) === undefined
  }, 20_000)
}

/** The newest reply to a person, sent or not. */
const replyTo = async (psid: string): Promise<CommandRow | undefined> =>
  (await bed.ledger.ofPage(bed.page.id, 50)).find(({ conversation_key: key }) => key === `${bed.page.id}:${psid}`)

/** Writes until the new rule is in force; answers who wrote then and what she got. */
async function answeredBy(text: string, answer: string, more: Record<string, unknown> = {}) {
  return eventually(async () => {
    const { psid, mid } = await bed.writes(text, more)
    await bed.settled('ping')
    const got = await bed.sent(psid)
    return got[0]?.text === answer ? { psid, mid, got } : undefined
  }, 30_000)
}

/** A webhook of a message that Facebook told of before, or not yet. */
async function toldAgain({ psid, mid }: { readonly psid: string; readonly mid: string }, text: string): Promise<void> {
  const { facebook_page_id: id } = bed.page
  const item = { sender: { id: psid }, recipient: { id }, timestamp: Date.now(), message: { mid, text } }
  const body = { object: 'page', entry: [{ id, time: Date.now(), messaging: [item] }] }
  await bed.simulator.control('POST', 'webhooks/raw', { body })
}

describe('a keyword', () => {
  it('is answered in the conversation, once, marked as automatic, logged, counted and told of', async () => {
    const { automationId, id } = await bed.keyword('ship', 'Yes, everywhere.')
    const { psid, mid, got } = await answeredBy('Do you SHIP to Siem Reap?', 'Yes, everywhere.')
    expect(got).toHaveLength(1)
    const [line] = (await bed.log()).filter(({ automation_id }) => automation_id === automationId)
    expect(line).toMatchObject({ part: 'keyword', part_id: id, answered_id: mid, automation_type: 'custom_keyword' })
    await eventually(async () => (await bed.count('keyword', id))?.triggers === 1)
    expect((await bed.count('automation', automationId))?.triggers).toBe(1)
    expect(bed.triggered().filter(({ fields }) => fields.automation_id === automationId)).toHaveLength(1)
    const conversation = await eventually(async () => {
      const row = await bed.conversation(psid)
      return row?.last_message_direction === 'out' ? row : undefined
    })
    expect(conversation).toMatchObject({ last_message_automatic: true })
    expect(conversation.last_person_reply_ms).toBeUndefined()
    const messages = await bed.reader.messages(conversation._id, 'newest', 10)
    expect(messages[0]).toMatchObject({ direction: 'out', automation_id: automationId })
  })

  it('is answered once however often Facebook repeats the webhook', async () => {
    const { psid, mid } = await bed.writes('ping', { deliveries: 4 })
    await bed.received(psid, 1)
    await bed.settled('ping')
    expect(await bed.sent(psid)).toHaveLength(1)
    expect((await bed.log()).filter(({ answered_id }) => answered_id === mid)).toHaveLength(1)
  })

  it('is not answered anew where the rule was edited or made since, and Facebook repeats the webhook', async () => {
    const { row, automationId } = await bed.keyword('boat', 'By boat.')
    const { psid, mid } = await answeredBy('is there a boat', 'By boat.')
    const silent = await bed.writes('is there a train')
    await bed.rules.keywords.update(row, (current) => ({ ...current, response_message: 'No boats today.' }), 2)
    await bed.rules.changed(bed.page.id)
    const train = await bed.keyword('train', 'By train.')
    await answeredBy('the boat again', 'No boats today.')
    await answeredBy('the train again', 'By train.')
    await toldAgain({ psid, mid }, 'is there a boat')
    await toldAgain(silent, 'is there a train')
    await bed.settled('ping')
    expect((await bed.sent(psid)).map(({ text }) => text)).toEqual(['By boat.'])
    expect(await bed.sent(silent.psid)).toEqual([])
    const log = await bed.log()
    for (const id of [automationId, train.automationId]) {
      const lines = log.filter(({ automation_id }) => automation_id === id)
      await eventually(async () => (await bed.count('automation', id))?.triggers === lines.length)
    }
  })

  it('is not answered in our own words: an echo is nobody asking', async () => {
    const { row } = await bed.keyword('parrot', 'parrot')
    const { psid } = await answeredBy('a parrot please', 'parrot')
    await bed.settled('ping')
    expect(await bed.sent(psid)).toHaveLength(1)
    expect(row.keyword).toBe('parrot')
  })

  it('is not answered more than five times in ten minutes: two machines must not talk for ever', async () => {
    const { psid } = await bed.writes('ping')
    for (let i = 0; i < 7; i++) await bed.writes('ping', { psid })
    await bed.received(psid, 5)
    await bed.settled('ping')
    expect(await bed.sent(psid)).toHaveLength(5)
  })
})

describe('a crowd of people', () => {
  it('is answered, and synced, at once, however many of their names are to be asked for first', async () => {
    const { psid } = await bed.writes('hello')
    const { id } = await eventually(() => bed.contact(psid))
    const names = Array.from({ length: 150 }, (_, i) => ({
      commandId: `crowd_${i}`,
      tenantId: bed.page.tenant_id,
      pageId: bed.page.id,
      facebookPageId: bed.page.facebook_page_id,
      conversationKey: null,
      type: 'contact.resolve_profile' as const,
      arguments: { contact_id: id },
      requestedBy: { kind: 'system' as const, id: 'test' },
      trigger: 'webhook' as const,
    }))
    const accepted = await bed.ledger.acceptQueued(names, { nowMs: Date.now(), worker: 'test' })
    await bed.writes('ping', { psid })
    await bed.received(psid, 1)
    expect((await bed.run('page.sync_conversations')).state).toBe('succeeded')
    const waiting = await bed.ledger.dueOfLane(bed.page.id, 'name', Date.now(), 200)
    expect(waiting.length).toBeGreaterThan(120)
    const rows = await bed.ledger.getByKeys(accepted.map(({ row }) => row._id))
    const ended = rows.map((row) => withState(row, { state: 'cancelled', nowMs: Date.now(), worker: null }))
    await bed.ledger.saveMany(ended.filter((_, i) => rows[i]?.state === 'queued'))
  })
})

describe('nothing is answered', () => {
  it('for a while after a person answered in Facebook’s own inbox', async () => {
    const { psid } = await bed.writes('ping')
    await bed.received(psid, 1)
    await bed.simulator.control('POST', 'page-messages', { psid, text: 'Dara here, how can I help?' })
    await eventually(async () => (await bed.conversation(psid))?.last_person_reply_ms !== undefined)
    await bed.writes('ping', { psid })
    await bed.settled('ping')
    expect((await bed.sent(psid)).map(({ text }) => text)).toEqual(['pong', 'Dara here, how can I help?'])
  })

  it('for a while after a person had it sent by us, but not after a service did', async () => {
    const people = await Promise.all([bed.writes('ping'), bed.writes('ping')])
    for (const [i, kind] of (['person', 'service'] as const).entries()) {
      const { psid } = people[i]!
      await bed.received(psid, 1)
      const conversation = (await bed.conversation(psid))!
      const id = await bed.publish('message.send', {
        conversation_id: conversation.id,
        arguments: { message: `from a ${kind}` },
        requested_by: { kind, id: 'x' },
      })
      await bed.command(id)
      await bed.writes('ping', { psid })
    }
    await bed.received(people[1]!.psid, 3)
    await bed.settled('ping')
    expect((await bed.sent(people[0]!.psid)).map(({ text }) => text)).toEqual(['pong', 'from a person'])
    expect((await bed.sent(people[1]!.psid)).map(({ text }) => text)).toEqual(['pong', 'from a service', 'pong'])
  })

  it('that is old when it arrives, deleted by then, on standby, or in a muted conversation', async () => {
    const old = await bed.writes('ping', { created_at_ms: Date.now() - 11 * 60_000 })
    const muted = await bed.writes('hello')
    await eventually(() => bed.conversation(muted.psid))
    const { id } = (await bed.conversation(muted.psid))!
    await bed.command(await bed.publish('conversation.mute', { conversation_id: id, arguments: {} }))
    await bed.writes('ping', { psid: muted.psid })
    const standby = await bed.writes('hello')
    await bed.simulator.control('POST', 'events', { kind: 'pass_thread_control', psid: standby.psid, app_id: '77' })
    await bed.writes('ping', { psid: standby.psid })
    await bed.simulator.control('POST', 'webhooks/hold')
    const deleted = await bed.writes('ping', { wait: false })
    await bed.simulator.control('POST', 'events', { kind: 'message_delete', mid: deleted.mid, wait: false })
    await bed.simulator.control('POST', 'webhooks/release', { order: 'reversed', per_body: 10 })
    await bed.settled('ping')
    for (const [why, { psid }] of Object.entries({ old, muted, standby, deleted }))
      expect(await bed.sent(psid), why).toEqual([])
  })

  it('that a pull brought, however new it is, until a webhook tells of it', async () => {
    const { psid, mid } = await bed.writes('ping', { deliveries: 0 })
    await bed.run('page.sync_conversations')
    const { id } = (await bed.conversation(psid))!
    await bed.command(await bed.publish('conversation.sync_messages', { conversation_id: id, arguments: {} }))
    const [pulled] = await bed.reader.messagesByKey([messageKey(bed.page.id, canonicalMid(mid))])
    expect(pulled).toMatchObject({ origin: 'sync', text: 'ping' })
    await bed.settled('ping')
    expect(await bed.sent(psid)).toEqual([])
    await toldAgain({ psid, mid }, 'ping')
    expect(await bed.received(psid, 1)).toHaveLength(1)
  })

  it('once Facebook blocked the page, until it takes that back', async () => {
    const told = async (action: string): Promise<void> => {
      await bed.simulator.control('POST', 'events', { kind: 'policy_enforcement', action, reason: 'spam' })
      await eventually(async () => (await bed.pages.get('t_bed', bed.page.id))?.policy?.action === action)
      // Which finishes what it has in hand; the next one knows no page from before.
      await bed.restartWorker()
    }
    await told('block')
    const { psid } = await bed.writes('ping')
    await eventually(() => bed.conversation(psid))
    await told('unblock')
    await bed.writes('ping', { psid })
    await bed.received(psid, 1)
    await bed.settled('ping')
    expect(await bed.sent(psid)).toHaveLength(1)
  })
})

describe('an instant reply', () => {
  it('greets a new conversation, and only that', async () => {
    const { automationId } = await bed.instantReply({ trigger: 'new_conversation', message: 'Welcome!' })
    await alone(automationId, async () => {
      const { psid } = await answeredBy('good morning', 'Welcome!')
      await bed.writes('it is me again', { psid })
      await bed.settled('ping')
      expect(await bed.sent(psid)).toHaveLength(1)
    })
  })

  it('waits as long as it is told, and is held back when a person answers meanwhile', async () => {
    const { automationId } = await bed.instantReply({ message: 'We will be with you.', delay_seconds: 3 })
    await alone(automationId, async () => {
      const commandOf = (psid: string) => eventually(() => replyTo(psid), 3_000)
      const { psid } = await eventually(async () => {
        const written = await bed.writes('good evening')
        return (await commandOf(written.psid).catch(() => undefined)) && written
      }, 30_000)
      expect(await bed.sent(psid)).toEqual([])
      const taken = await bed.writes('good evening')
      const command = await commandOf(taken.psid)
      await bed.simulator.control('POST', 'page-messages', { psid: taken.psid, text: 'Dara here.' })
      const [got] = await bed.received(psid, 1)
      expect(got?.text).toBe('We will be with you.')
      const ended = await bed.command(command.command_id)
      expect(ended).toMatchObject({ state: 'failed', failure: { code: 'PERSON_TOOK_OVER' } })
      expect((await bed.sent(taken.psid)).map(({ text }) => text)).toEqual(['Dara here.'])
    })
  })
})

describe('a reply that names who reads it', () => {
  const WELCOME = { message: 'Welcome, {{first_name}}!' }

  it('names who writes for the first time, and nobody whose name Facebook keeps back or tells too late', async () => {
    await using fresh = await openAutomationBed()
    await fresh.instantReply(WELCOME)
    const welcomed = async (name: string): Promise<string | undefined> => {
      const { psid } = await fresh.writes('good morning', { name })
      return (await fresh.received(psid, 1))[0]?.text
    }
    expect(await welcomed('Bopha Ly')).toBe('Welcome, Bopha!')
    const refused = { error: { code: 100, subcode: 2018218 } }
    for (const action of [refused, { body: {} }, { answer_delay_ms: 2_500 }]) {
      await fresh.simulator.control('POST', 'faults', [{ match: { kind: 'profile' }, times: 100, action }])
      expect(await welcomed('Dara Sok')).toBe('Welcome!')
      await fresh.simulator.control('DELETE', 'faults')
    }
  })

  it('is not sent again under another name where answer and echo are lost', async () => {
    await using fresh = await openAutomationBed()
    await fresh.instantReply(WELCOME)
    await fresh.simulator.control('PUT', 'switches', { echoOrder: 'none' })
    await fresh.simulator.control('POST', 'faults', [{ match: { kind: 'send' }, action: { apply_then_lose: true } }])
    const { psid } = await fresh.writes('good morning', { name: 'Bopha Ly' })
    await fresh.received(psid, 1)
    await fresh.store.collection(CONTACTS).replaceMany([{ ...(await fresh.contact(psid))!, name: 'Madame Ly' }])
    const [{ command_id } = { command_id: '' }] = await eventually(async () => {
      const rows = await fresh.ledger.ofPage(fresh.page.id, 50)
      const replies = rows.filter(({ type }) => type === 'message.send')
      return replies.length > 0 ? replies : undefined
    })
    expect(await fresh.command(command_id)).toMatchObject({ state: 'succeeded' })
    expect((await fresh.sent(psid)).map(({ text }) => text)).toEqual(['Welcome, Bopha!'])
  })
})

describe('an away message', () => {
  it('is sent outside business hours, and not again within its cool-down', async () => {
    const id = await bed.automation('away_message', {
      message: 'We are closed.',
      business_hours: CLOSED_ALWAYS,
      cooldown_minutes: 60,
    })
    await alone(id, async () => {
      const { psid } = await answeredBy('hello?', 'We are closed.')
      await bed.writes('hello??', { psid })
      await bed.settled('ping')
      expect(await bed.sent(psid)).toHaveLength(1)
    })
  })
})

describe('an FAQ', () => {
  it('is answered with two buttons, and counts what is pressed, the last word only', async () => {
    const id = await bed.automation('faq')
    const faqId = await bed.faq({ question: 'How much is a table for six persons?', answer: 'Nothing, it is free.' })
    await alone(id, async () => {
      const { psid, got } = await answeredBy('how much is a table for six persons', 'Nothing, it is free.')
      const payloads = (got[0]?.quick_replies ?? []).map(({ payload }) => payload)
      expect(payloads).toHaveLength(2)
      await bed.writes('Not helpful', { psid, quick_reply_payload: payloads[1] })
      await eventually(async () => (await bed.count('faq', faqId))?.unhelpful === 1)
      await bed.writes('Helpful', { psid, quick_reply_payload: payloads[0], deliveries: 2 })
      await eventually(async () => (await bed.count('faq', faqId))?.helpful === 1)
      expect(await bed.count('faq', faqId)).toMatchObject({ triggers: 1, uses: 1, helpful: 1, unhelpful: 0 })
      expect(await bed.sent(psid)).toHaveLength(1)
    })
  })
})

describe('an FAQ that a person chose', () => {
  it('is a line of the log once its answer arrived, and counted as a use', async () => {
    const faqId = await bed.faq({ question: 'Where are you?', answer: 'By the river.' })
    const { psid } = await bed.writes('hello')
    const conversation = await eventually(() => bed.conversation(psid))
    const send = {
      commandId: 'chosen_faq',
      tenantId: bed.page.tenant_id,
      pageId: bed.page.id,
      facebookPageId: bed.page.facebook_page_id,
      conversationKey: conversation._id,
      type: 'message.send' as const,
      arguments: { message: 'By the river.', part: 'faq', part_id: faqId },
      requestedBy: { kind: 'person' as const, id: 'dara' },
      trigger: 'api' as const,
    }
    await bed.ledger.acceptQueued([send], { nowMs: Date.now(), worker: 'test' })
    expect(await bed.command('chosen_faq')).toMatchObject({ state: 'succeeded' })
    const log = await bed.replies.ofPage(bed.page.id, 'newest', 200)
    const [line, ...others] = log.filter(({ part, part_id }) => part === 'faq' && part_id === faqId)
    expect(others).toEqual([])
    expect(line).toMatchObject({
      part: 'faq',
      automation_id: null,
      answered_id: null,
      command_id: 'chosen_faq',
      conversation_key: conversation._id,
    })
    expect(await bed.count('faq', faqId)).toMatchObject({ uses: 1, manual: 1, triggers: 0 })
  })
})

describe('contact info', () => {
  it('asks, takes the answer, and overwrites nothing that is there', async () => {
    const id = await bed.automation('contact_info', { message: 'What is your e-mail?', ask_for: ['email'] })
    await alone(id, async () => {
      const { psid } = await answeredBy('I want to order', 'What is your e-mail?')
      await bed.writes('it is dara@example.com, thanks', { psid })
      await eventually(async () => (await bed.contact(psid))?.email === 'dara@example.com')
      await bed.writes('or rather sokha@example.com', { psid })
      await bed.settled('ping')
      expect((await bed.contact(psid))?.email).toBe('dara@example.com')
    })
  })
})

describe('a comment under a post', () => {
  it('is answered privately once, however often Facebook tells of it', async () => {
    const id = await bed.automation('comment_to_message', { message: 'We wrote to you.' })
    await alone(id, async () => {
      const person = await bed.writes('hello')
      const comment = { kind: 'feed', item: 'comment', verb: 'add', psid: person.psid, message: 'How much?' }
      const got = await eventually(async () => {
        await bed.simulator.control('POST', 'events', { ...comment, deliveries: 3 })
        return eventually(async () => {
          const some = (await bed.sent()).filter(({ comment_id }) => comment_id !== undefined)
          return some.length > 0 ? some : undefined
        }, 2_500).catch(() => undefined)
      }, 30_000)
      await bed.settled('ping')
      const after = (await bed.sent()).filter(({ comment_id }) => comment_id === got[0]?.comment_id)
      expect(after).toHaveLength(1)
      expect(after[0]?.text).toBe('We wrote to you.')
      await eventually(async () => (await bed.count('automation', id))?.triggers === 1)
    })
  })
})

it('every reply that was decided is counted in its hour and in the total, whatever became of it', async () => {
  const statistics = createStatistics(bed.store)
  await eventually(async () => {
    const now = Date.now()
    const days = await statistics.daysOfPages([bed.page.id], now - 86_400_000, now + 86_400_000)
    const counted = within(hoursOf(days.get(bed.page.id) ?? []), 0, Number.POSITIVE_INFINITY).automation_triggers ?? 0
    const triggers = (await createRuleCounts(bed.store, bed.replies).triggersOfPages([bed.page.id])).get(bed.page.id)
    return counted > 0 && counted === triggers
  })
})

describe('an unanswered alert', () => {
  it('is told once for each wait that lasts too long, by one of several workers, and not where somebody answered', async () => {
    const clock = createTestClock(Date.now())
    await using waiting = await openAutomationBed({ clock, workers: 2 })
    const id = await waiting.automation('unanswered_alert', { hours: 0.25 })
    const now = { created_at_ms: clock.now() }
    const { psid } = await waiting.writes('is anybody there?', now)
    const answered = await waiting.writes('hello', now)
    const muted = await waiting.writes('hello', now)
    for (const person of [psid, answered.psid, muted.psid]) await eventually(() => waiting.conversation(person))
    const { id: mutedId } = (await waiting.conversation(muted.psid))!
    await waiting.command(await waiting.publish('conversation.mute', { conversation_id: mutedId, arguments: {} }))
    await waiting.simulator.control('POST', 'page-messages', { psid: answered.psid, text: 'Dara here.' })
    await eventually(async () => (await waiting.conversation(answered.psid))?.last_person_reply_ms !== undefined)
    const alerts = () => waiting.triggered().filter(({ fields }) => fields.alert === 'unanswered')
    await clock.advance(10 * 60_000)
    expect(alerts()).toEqual([])
    await clock.advance(6 * 60_000)
    await eventually(async () => {
      await clock.advance(1_000)
      return alerts().length > 0
    }, 20_000)
    const conversation = (await waiting.conversation(psid))!
    expect(alerts().map(({ fields }) => fields)).toMatchObject([
      { automation_id: id, conversation_id: conversation.id, hours: 0.25 },
    ])
    await eventually(async () => (await waiting.count('automation', id))?.uses === 1)
    expect(await waiting.log()).toHaveLength(1)
  })

  it('is told also of who writes on: once it is opened again, and by an alert that was made meanwhile', async () => {
    const clock = createTestClock(Date.now())
    await using waiting = await openAutomationBed({ clock })
    const first = await waiting.automation('unanswered_alert', { hours: 0.25 })
    const writes = (text: string, more = {}) => waiting.writes(text, { created_at_ms: clock.now(), ...more })
    const { psid } = await writes('hello')
    const { id: archived } = await eventually(() => waiting.conversation(psid))
    // A request of the same millisecond as the message would not be about it.
    await clock.advance(1_000)
    await waiting.command(await waiting.publish('conversation.archive', { conversation_id: archived, arguments: {} }))
    const other = await writes('hello')
    const { id: open } = await eventually(() => waiting.conversation(other.psid))
    const alerts = (): unknown[][] =>
      waiting
        .triggered()
        .filter(({ fields }) => fields.alert === 'unanswered')
        .map(({ fields }) => [fields.automation_id, fields.conversation_id])
    const told = (count: number): Promise<true | undefined> =>
      eventually(async () => {
        await clock.advance(1_000)
        return alerts().length >= count || undefined
      }, 20_000)
    await clock.advance(16 * 60_000)
    await told(1)
    const second = await waiting.automation('unanswered_alert', { hours: 0.26 })
    await writes('is anybody there?', { psid })
    await told(3)
    await writes('is anybody there?', { psid: other.psid })
    await told(4)
    expect(alerts()).toEqual([
      [first, open],
      [first, archived],
      [second, archived],
      [second, open],
    ])
  })
})
