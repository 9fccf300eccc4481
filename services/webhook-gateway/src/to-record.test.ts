import { expect, test } from 'vitest'
import { FIXTURES, PAGE_ID, PSID } from './notification-fixtures.ts'
import { parseNotification } from './parse-notification.ts'
import { type DerivedEvent, toPageEvents } from './to-page-events.ts'
import { toRecord } from './to-record.ts'

const TRACE = '00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01'

function derived(body: string): readonly DerivedEvent[] {
  const content = toPageEvents(parseNotification(Buffer.from(body)), 1_767_868_300_000)
  return content.kind === 'events' ? content.events : []
}

test('a message becomes a record with the key and headers of the contract', () => {
  const [message] = derived(FIXTURES.text)
  expect(toRecord(message!, TRACE)).toEqual({
    key: `${PAGE_ID}:${PSID}`,
    value: JSON.stringify(message!.event),
    headers: {
      ce_specversion: '1.0',
      ce_id: message!.event.id,
      ce_type: 'facebook.message.received',
      ce_source: '/pagesync/webhook-gateway',
      ce_time: '2026-01-08T10:29:59.876Z',
      ce_subject: PAGE_ID,
      ce_channel: 'messaging',
      'content-type': 'application/json',
      traceparent: TRACE,
    },
  })
})

test('what names no person goes by the page alone', () => {
  expect(toRecord(derived(FIXTURES.pageField)[0]!, TRACE).key).toBe(PAGE_ID)
})

test('the value of every kind of event is the event as JSON, with the item unchanged', () => {
  for (const body of Object.values(FIXTURES)) {
    for (const one of derived(body)) expect(JSON.parse(toRecord(one, TRACE).value)).toEqual(one.event)
  }
})

test('ids with quotes and line ends in them stay what they are', () => {
  const body = JSON.stringify({
    object: 'page',
    entry: [{ id: '"\\\n', time: 1, messaging: [{ sender: { id: '\u2028"' }, message: { mid: '","raw":1}' } }] }],
  })
  const [one] = derived(body)
  expect(one!.event).toMatchObject({ facebook_page_id: '"\\\n', psid: '\u2028"', mid: '","raw":1}' })
  expect(JSON.parse(toRecord(one!, TRACE).value)).toEqual(one!.event)
})
