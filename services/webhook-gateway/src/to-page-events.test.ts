import { canonicalMid } from '@pagesync/shared/model/message-id.ts'
import { pageEventSchema } from '@pagesync/shared/model/page-event.ts'
import { Value } from '@sinclair/typebox/value'
import { describe, expect, test } from 'vitest'
import { FIXTURES, PAGE_ID, PSID } from './notification-fixtures.ts'
import { parseNotification } from './parse-notification.ts'
import { NOTIFICATION_EVENTS_MAX, type NotificationContent, toPageEvents } from './to-page-events.ts'

const RECEIVED_MS = 1_767_868_300_000

type Events = Extract<NotificationContent, { kind: 'events' }>

function eventsOf(body: string): Events {
  const content = toPageEvents(parseNotification(Buffer.from(body)), RECEIVED_MS)
  if (content.kind !== 'events') throw new Error(`${content.kind} instead of events`)
  return content
}

const only = (body: string) => {
  const { events } = eventsOf(body)
  expect(events).toHaveLength(1)
  return events[0]!.event
}

const entry = (lists: object, id: unknown = PAGE_ID, time: unknown = 1767868200123) =>
  JSON.stringify({ object: 'page', entry: [{ id, time, ...lists }] })
const message = (item: object) =>
  entry({ messaging: [{ sender: { id: PSID }, recipient: { id: PAGE_ID }, timestamp: 1767868199876, ...item }] })

describe('each kind of item becomes its type of event', () => {
  test.each([
    ['text', 'facebook.message.received', 'm_AYq7kJx-2hX5vN9pQ'],
    ['attachments', 'facebook.message.received', 'm_Jb3xV0aT8LwE2rYs'],
    ['sticker', 'facebook.message.received', 'm_St1ck3r'],
    ['quickReply', 'facebook.message.received', 'm_Qr7'],
    ['unsupported', 'facebook.message.received', 'm_Uns'],
    ['deleted', 'facebook.message.deleted', 'm_AYq7kJx-2hX5vN9pQ'],
    ['echo', 'facebook.message.echo', 'm_Echo-4711'],
    ['echoTemplate', 'facebook.message.echo', 'm_Tmpl'],
    ['edit', 'facebook.message.edited', 'm_AYq7kJx-2hX5vN9pQ'],
    ['reaction', 'facebook.message.reaction', 'm_Echo-4711'],
    ['unreact', 'facebook.message.reaction', 'm_Echo-4711'],
    ['delivery', 'facebook.delivery', null],
    ['read', 'facebook.read', null],
    ['postback', 'facebook.postback', 'm_Pb1'],
    ['optin', 'facebook.optin', null],
    ['referral', 'facebook.referral', null],
    ['passThreadControl', 'facebook.handover', null],
    ['takeThreadControl', 'facebook.handover', null],
    ['requestThreadControl', 'facebook.handover', null],
    ['accountLinking', 'facebook.account_linking', null],
    ['unknownKey', 'facebook.unknown', null],
  ] as const)('%s → %s of the person', (name, type, mid) => {
    expect(only(FIXTURES[name])).toMatchObject({
      type,
      mid,
      channel: 'messaging',
      facebook_page_id: PAGE_ID,
      psid: PSID,
    })
  })

  test.each([
    ['appRoles', 'facebook.handover', 'messaging'],
    ['policyEnforcement', 'facebook.policy_enforcement', 'messaging'],
    ['policyEnforcementOldSpelling', 'facebook.policy_enforcement', 'messaging'],
    ['optinUserRef', 'facebook.optin', 'messaging'],
    ['feedComment', 'facebook.feed.changed', 'changes'],
    ['pageField', 'facebook.page.changed', 'changes'],
    ['pageFieldWithValue', 'facebook.page.changed', 'changes'],
    ['mention', 'facebook.unknown', 'changes'],
  ] as const)('%s → %s of the page alone', (name, type, channel) => {
    expect(only(FIXTURES[name])).toMatchObject({ type, channel, facebook_page_id: PAGE_ID, psid: null, mid: null })
  })

  test.each([
    ['standbyMessage', 'facebook.message.received', 'm_Stb'],
    ['standbyPostback', 'facebook.postback', null],
  ] as const)('%s, while another app owns the conversation → %s', (name, type, mid) => {
    expect(only(FIXTURES[name])).toMatchObject({ type, mid, channel: 'standby', psid: PSID })
  })

  test('a label belongs to the person who got it', () => {
    expect(only(FIXTURES.label)).toMatchObject({ type: 'facebook.labels.changed', channel: 'changes', psid: PSID })
  })

  test('changed_fields becomes one event for each field', () => {
    expect(eventsOf(FIXTURES.changedFields).events.map(({ event }) => [event.type, event.raw])).toEqual([
      ['facebook.page.changed', { field: 'about' }],
      ['facebook.page.changed', { field: 'hours' }],
    ])
  })

  test('a permission becomes one event for each page that it names, and none where it names none', () => {
    const { events } = eventsOf(FIXTURES.permission)
    expect(events.map(({ event }) => [event.type, event.facebook_page_id])).toEqual([
      ['facebook.permission.changed', '104926374821734'],
      ['facebook.permission.changed', '104926374821735'],
    ])
    expect(new Set(events.map(({ event }) => event.id)).size).toBe(2)
    expect(eventsOf(FIXTURES.permissionConnected)).toMatchObject({ events: [], unusable: 0, ignored: 1 })
  })

  test('other objects are none of our business', () => {
    expect(toPageEvents(JSON.parse(FIXTURES.instagram), RECEIVED_MS)).toEqual({ kind: 'other-object' })
    expect(toPageEvents({ object: 'user' }, RECEIVED_MS)).toEqual({ kind: 'other-object' })
  })

  test.each(Object.keys(FIXTURES) as (keyof typeof FIXTURES)[])(
    '%s fits the schema of its type, item unchanged',
    (name) => {
      const content = toPageEvents(parseNotification(Buffer.from(FIXTURES[name])), RECEIVED_MS)
      if (content.kind !== 'events') return
      for (const { event, rawJson } of content.events) {
        expect([...Value.Errors(pageEventSchema(event.type), event)]).toEqual([])
        expect(JSON.parse(rawJson)).toEqual(event.raw)
      }
    },
  )
})

describe('whose and when', () => {
  test('numbers as ids and seconds in quotes are read as what they mean', () => {
    expect(only(FIXTURES.numericIds)).toMatchObject({
      type: 'facebook.message.received',
      facebook_page_id: PAGE_ID,
      psid: PSID,
      time_ms: 1458668856000,
    })
  })

  test("an item's own time wins over the entry's; a change has none", () => {
    expect(only(FIXTURES.text).time_ms).toBe(1767868199876)
    expect(only(FIXTURES.delivery).time_ms).toBe(1767868200123)
    expect(only(FIXTURES.feedComment).time_ms).toBe(1767868200000)
  })

  test('where nobody tells a time that a clock can show, it is when we received it', () => {
    const item = { sender: { id: PSID }, message: { mid: 'm_1' }, timestamp: 1e300 }
    expect(only(entry({ messaging: [item] }, PAGE_ID, 'yesterday')).time_ms).toBe(RECEIVED_MS)
  })

  test('the person is the side that is not the page, whichever way the item points', () => {
    const reversed = { sender: { id: PAGE_ID }, recipient: { id: PSID }, read: { watermark: 1767868199876 } }
    expect(only(entry({ messaging: [reversed] })).psid).toBe(PSID)
    const toItself = { sender: { id: PAGE_ID }, recipient: { id: PAGE_ID }, read: { watermark: 1767868199876 } }
    expect(only(entry({ messaging: [toItself] })).psid).toBeNull()
  })

  test('a message of nobody is kept as unknown', () => {
    expect(
      only(entry({ messaging: [{ recipient: { id: PAGE_ID }, message: { mid: 'm_1', text: 'hi' } }] })),
    ).toMatchObject({
      type: 'facebook.unknown',
      psid: null,
      mid: null,
    })
  })
})

describe('ids', () => {
  test('the same notification gives the same ids', () => {
    for (const body of Object.values(FIXTURES)) {
      const ids = () => {
        const content = toPageEvents(parseNotification(Buffer.from(body)), RECEIVED_MS)
        return content.kind === 'events' ? content.events.map(({ event }) => event.id) : []
      }
      expect(ids()).toEqual(ids())
    }
  })

  test('no two of the fixtures share an id', () => {
    const ids = Object.values(FIXTURES).flatMap((body) => {
      const content = toPageEvents(JSON.parse(body), RECEIVED_MS)
      return content.kind === 'events' ? content.events.map(({ event }) => event.id) : []
    })
    expect(new Set(ids).size).toBe(ids.length)
  })

  test('received, echo and deleted are known by page, kind and message, however they are written', () => {
    const first = only(message({ message: { mid: 'm_abc', text: 'hi' } }))
    const again = only(message({ message: { text: 'hi, with more', mid: canonicalMid('m_abc') } }))
    expect(again.id).toBe(first.id)
    expect(only(message({ message: { mid: 'm_abc', is_deleted: true } })).id).not.toBe(first.id)
    const elsewhere = entry({ messaging: [{ sender: { id: PSID }, message: { mid: 'm_abc' } }] }, '999')
    expect(only(elsewhere).id).not.toBe(first.id)
  })

  test('the same item without a time of its own is another event next week', () => {
    const parking = (time: number) => only(entry({ changes: [{ field: 'parking' }] }, PAGE_ID, time)).id
    expect(parking(1767868200)).toBe(parking(1767868200))
    expect(parking(1767868200)).not.toBe(parking(1768473000))
    const delivery = (time: number) =>
      only(entry({ messaging: [{ sender: { id: PSID }, delivery: { watermark: 5 } }] }, PAGE_ID, time)).id
    expect(delivery(1767868200123)).not.toBe(delivery(1767868200124))
  })

  test('an item with a time of its own is the same event whenever it is sent', () => {
    const read = (time: number) =>
      only(
        entry(
          { messaging: [{ sender: { id: PSID }, timestamp: 1767868199876, read: { watermark: 5 } }] },
          PAGE_ID,
          time,
        ),
      )
    expect(read(1767868200123).id).toBe(read(1767999999999).id)
  })
})

describe('what nobody expects', () => {
  test.each([
    ['a message without mid', message({ message: { text: 'hi' } })],
    ['a message that is a list', message({ message: ['m_1'] })],
    ['a message that is null', message({ message: null })],
    ['a mid that is a number', message({ message: { mid: 5 } })],
    ['an endless mid', message({ message: { mid: 'm'.repeat(513) } })],
    ['attachments that are no list', message({ message: { mid: 'm_1', attachments: 'none' } })],
    ["Instagram's read", message({ read: { mid: 'm_1' } })],
    ['a reaction that is neither put nor taken', message({ reaction: { mid: 'm_1', action: 'stare' } })],
    ['a feed change without value', entry({ changes: [{ field: 'feed' }] })],
    ['a field that is a number', entry({ changes: [{ field: 7 }] })],
    ['a field named like a member of every object', entry({ changes: [{ field: 'constructor' }] })],
    ['an item that is null', entry({ messaging: [null] })],
    ['an item that is a text', entry({ standby: ['hello'] })],
    ['an item that is a list', entry({ changes: [[1, 2]] })],
    ['a list that is an object', entry({ messaging: { hello: 1 } })],
    ['an entry without any list', entry({})],
    ['pollution', `{"object":"page","entry":[{"id":"1","messaging":[{"__proto__":{"message":{"mid":"m_1"}}}]}]}`],
  ])('%s becomes facebook.unknown', (_what, body) => {
    const event = only(body)
    expect(event).toMatchObject({ type: 'facebook.unknown', mid: null })
    expect([...Value.Errors(pageEventSchema('facebook.unknown'), event)]).toEqual([])
  })

  test('a person id of absurd length is nobody', () => {
    expect(only(entry({ messaging: [{ sender: { id: '7'.repeat(65) }, read: { watermark: 1 } }] })).psid).toBeNull()
  })

  test('odd entries are counted and never take their siblings with them', () => {
    const good = (JSON.parse(FIXTURES.text) as { entry: unknown[] }).entry[0]
    const body = { object: 'page', entry: [null, 7, [], {}, { id: '' }, { id: '1'.repeat(65) }, { id: {} }, good] }
    expect(eventsOf(JSON.stringify(body))).toMatchObject({ unusable: 7, events: [{ event: { psid: PSID } }] })
  })

  test.each([
    ['null', null],
    ['a number', 5],
    ['a list', [{ object: 'page' }]],
    ['an object without object', { entry: [] }],
    ['an object that is no text', { object: 1, entry: [] }],
    ['a page without entries', { object: 'page' }],
    ['a page with one entry in no list', { object: 'page', entry: { id: '1' } }],
  ])('%s is malformed', (_what, notification) => {
    expect(toPageEvents(notification, RECEIVED_MS).kind).toBe('malformed')
  })

  test('an item nested deeper than the stack is counted, its siblings are events', () => {
    const deep = `${'['.repeat(500_000)}${']'.repeat(500_000)}`
    const body = `{"object":"page","entry":[{"id":"1","time":5,"changes":[{"field":"x","value":${deep}},{"field":"name"}]}]}`
    expect(eventsOf(body)).toMatchObject({ unusable: 1, events: [{ event: { type: 'facebook.page.changed' } }] })
  })

  test('1,000 entries of 3 items become 3,000 events in their order', () => {
    const entries = Array.from({ length: 1000 }, (_, i) => ({
      id: String(i),
      time: 1767868200,
      changes: [{ field: 'name' }, { field: 'phone' }, { field: 'website' }],
    }))
    const { events } = eventsOf(JSON.stringify({ object: 'page', entry: entries }))
    expect(events.map(({ event }) => `${event.facebook_page_id} ${(event.raw as { field: string }).field}`)).toEqual(
      entries.flatMap(({ id }) => [`${id} name`, `${id} phone`, `${id} website`]),
    )
  })

  test('more events than the limit, or few that repeat too much, are malformed as a whole', () => {
    const many = { object: 'page', entry: [{ id: '1', messaging: Array(NOTIFICATION_EVENTS_MAX + 1).fill(0) }] }
    expect(toPageEvents(many, RECEIVED_MS).kind).toBe('malformed')
    const target_ids = Array.from({ length: 5000 }, (_, i) => `10492637482${i}`)
    const bulky = { object: 'permissions', entry: [{ id: '0', changes: [{ field: 'x', value: { target_ids } }] }] }
    expect(toPageEvents(bulky, RECEIVED_MS).kind).toBe('malformed')
  })
})
