import { createHmac } from 'node:crypto'
import { expect, test } from 'vitest'
import { eventually } from '../../../../tests/support/eventually.ts'
import { createMovableClock } from '../clock/movable-clock.ts'
import { startReceiver } from '../testing/start-receiver.ts'
import { startTestSimulator } from '../testing/start-simulator.ts'

const start = async (options: Parameters<typeof startTestSimulator>[0] = {}) => {
  const receiver = await startReceiver()
  const clock = createMovableClock(Date.now(), true)
  const simulator = await startTestSimulator({ webhookUrl: receiver.url, appSecret: 'the-secret', clock, ...options })
  return {
    receiver,
    simulator,
    write: (text: string, more: object = {}) => simulator.ask('POST', 'messages', { text, ...more }),
    advance: (ms: number) => simulator.ask('POST', 'clock', { advance_ms: ms }),
    async [Symbol.asyncDispose]() {
      await simulator.close()
      await receiver[Symbol.asyncDispose]()
    },
  }
}

test('a customer’s message is delivered signed over the exact bytes, with escaped slashes and characters', async () => {
  await using system = await start()
  const { body } = await system.write('a/b café 😀')
  expect(body.webhooks).toMatchObject([{ status: 200 }])
  const [webhook] = system.receiver.received
  const raw = webhook!.bytes.toString('latin1')
  expect(raw).toContain(String.raw`a\/b caf\u00e9 \ud83d\ude00`)
  expect(webhook!.signature).toBe(`sha256=${createHmac('sha256', 'the-secret').update(webhook!.bytes).digest('hex')}`)
  expect(webhook!.headers['x-hub-signature']).toBe(
    `sha1=${createHmac('sha1', 'the-secret').update(webhook!.bytes).digest('hex')}`,
  )
  expect(webhook!.body).toMatchObject({
    object: 'page',
    entry: [{ id: system.simulator.pageId, time: expect.any(Number) }],
  })
  expect(system.receiver.items()[0]).toEqual({
    sender: { id: body.psid },
    recipient: { id: system.simulator.pageId },
    timestamp: body.timestamp,
    message: { mid: body.mid, text: 'a/b café 😀' },
  })
})

test('a duplicate is the same bytes again', async () => {
  await using system = await start()
  const { body } = await system.write('twice', { deliveries: 2 })
  expect(body.webhooks).toHaveLength(2)
  const [first, second] = system.receiver.received
  expect(second!.bytes.equals(first!.bytes)).toBe(true)
})

test('what is not answered with 200 is tried again: at once, then with growing gaps of the clock', async () => {
  await using system = await start({ switches: { messagingRetryDelaysMs: [0, 1_000, 5_000] } })
  system.receiver.behaviour.status = 503
  const { body } = await system.write('again and again')
  expect(body.webhooks).toMatchObject([{ status: 503 }])
  await eventually(() => system.receiver.received.length === 2)
  await system.advance(999)
  expect(system.receiver.received).toHaveLength(2)
  await system.advance(1)
  expect(system.receiver.received).toHaveLength(3)
  system.receiver.behaviour.status = 200
  await system.advance(5_000)
  expect(system.receiver.received).toHaveLength(4)
  await system.advance(3_600_000)
  expect(system.receiver.received).toHaveLength(4)
  expect(new Set(system.receiver.received.map(({ bytes }) => bytes.toString('latin1'))).size).toBe(1)
})

test('retries can be new bytes with a new entry time', async () => {
  await using system = await start({ switches: { messagingRetryDelaysMs: [1_000], identicalRetries: false } })
  system.receiver.behaviour.status = 500
  await system.write('x')
  await system.advance(1_000)
  const [first, second] = system.receiver.received.map(({ body }) => body.entry[0]!)
  expect(second!.time).toBe(first!.time + 1_000)
  expect(second!.messaging).toEqual(first!.messaging)
})

test('a receiver that hangs is left after the timeout, and 204 is not 200', async () => {
  await using system = await start({ switches: { webhookTimeoutMs: 50, messagingRetryDelaysMs: [] } })
  system.receiver.behaviour.hang = true
  const { body } = await system.write('x')
  expect(body.webhooks).toMatchObject([{ status: null, error: 'no answer within 50 ms' }])
  system.receiver.behaviour.hang = false
  system.receiver.behaviour.status = 204
  await system.write('y')
  const { body: log } = await system.simulator.ask('GET', 'webhooks')
  expect(log.totals).toMatchObject({ delivered: 0, failed: 2, dropped: 2 })
})

test('an hour of failures unsubscribes the app from the page; subscribing again brings webhooks back', async () => {
  await using system = await start()
  system.receiver.behaviour.status = 500
  await system.write('lost')
  await system.advance(16 * 60_000)
  await system.write('lost too')
  await system.advance(30 * 60_000)
  expect((await system.simulator.get('/me/subscribed_apps')).body.data).toHaveLength(1)
  await system.advance(15 * 60_000)
  await system.write('the last straw')
  expect((await system.simulator.get('/me/subscribed_apps')).body).toEqual({ data: [] })
  const { body } = await system.simulator.ask('GET', 'webhooks')
  expect(body.alerts.map(({ kind }: { kind: string }) => kind)).toEqual(['failing', 'unsubscribed'])
  expect(body.totals.waiting_retries).toBe(0)
  system.receiver.behaviour.status = 200
  const seen = system.receiver.received.length
  expect((await system.write('nobody hears')).body.webhooks[0].skipped).toBe('not_subscribed')
  await system.advance(86_400_000)
  expect(system.receiver.received).toHaveLength(seen)
  await system.simulator.graph('POST', '/me/subscribed_apps?subscribed_fields=messages')
  await system.write('heard again')
  expect(system.receiver.items().at(-1).message.text).toBe('heard again')
})

test('a page whose webhooks work again is not unsubscribed', async () => {
  await using system = await start({ switches: { messagingRetryDelaysMs: [] } })
  for (const status of [500, 200, 500]) {
    system.receiver.behaviour.status = status
    await system.write('x')
    await system.advance(40 * 60_000)
  }
  expect((await system.simulator.get('/me/subscribed_apps')).body.data).toHaveLength(1)
})

test('only fields that the app is subscribed to are sent', async () => {
  await using system = await start()
  await system.simulator.graph('POST', '/me/subscribed_apps?subscribed_fields=feed')
  expect((await system.write('x')).body.webhooks[0].skipped).toBe('not_subscribed')
  await system.simulator.ask('PUT', 'switches', { requireSubscription: false })
  expect((await system.write('x')).body.webhooks[0].status).toBe(200)
})

test.each([
  ['same', ['1', '2', '3']],
  ['reversed', ['3', '2', '1']],
] as const)('held webhooks are released in %s order', async (order, expected) => {
  await using system = await start()
  await system.simulator.ask('POST', 'webhooks/hold')
  for (const text of ['1', '2', '3']) expect((await system.write(text)).body.webhooks[0].skipped).toBe('held')
  expect(system.receiver.received).toHaveLength(0)
  await system.simulator.ask('POST', 'webhooks/release', { order })
  expect(system.receiver.items().map(({ message }) => message.text)).toEqual(expected)
})

test('several entries come in one body, of one page or of several', async () => {
  await using system = await start({ pages: [{}, {}] })
  const [first, second] = system.simulator.pages
  await system.simulator.ask('POST', 'webhooks/hold')
  await system.write('a', { facebook_page_id: first!.facebookPageId })
  await system.write('b', { facebook_page_id: second!.facebookPageId })
  await system.write('c', { facebook_page_id: first!.facebookPageId })
  await system.simulator.ask('POST', 'webhooks/release', { per_body: 10 })
  expect(system.receiver.received).toHaveLength(1)
  expect(system.receiver.received[0]!.body.entry.map(({ id }) => id)).toEqual([
    first!.facebookPageId,
    second!.facebookPageId,
    first!.facebookPageId,
  ])
})

test('raw bytes, wrong signatures and another secret can be sent', async () => {
  await using system = await start()
  const raw = (body: object) => system.simulator.ask('POST', 'webhooks/raw', body)
  expect((await raw({ text: '{"object":' })).body.webhooks[0].status).toBe(200)
  await raw({ body: { object: 'page', entry: [] }, secret: 'old-secret' })
  await raw({ text: 'x', headers: { 'x-hub-signature-256': 'sha256=0' } })
  const [broken, old, short] = system.receiver.received
  expect(broken!.bytes.toString()).toBe('{"object":')
  expect(old!.signature).toBe(`sha256=${createHmac('sha256', 'old-secret').update(old!.bytes).digest('hex')}`)
  expect(short!.signature).toBe('sha256=0')
  expect((await raw({})).status).toBe(400)
})

test('a rotated secret signs from then on, retries too', async () => {
  await using system = await start({ switches: { messagingRetryDelaysMs: [1_000] } })
  system.receiver.behaviour.status = 500
  await system.write('x')
  await system.simulator.ask('PUT', 'app', { app_secret: 'another-secret' })
  await system.advance(1_000)
  const [before, after] = system.receiver.received
  expect(after!.bytes.equals(before!.bytes)).toBe(true)
  expect(after!.signature).toBe(`sha256=${createHmac('sha256', 'another-secret').update(after!.bytes).digest('hex')}`)
  expect(after!.signature).not.toBe(before!.signature)
})

test('the callback can be changed, checked and taken away', async () => {
  await using system = await start({ verifyToken: 'let-me-in' })
  const { receiver, simulator } = system
  expect((await simulator.ask('PUT', 'app', { webhook_url: receiver.url, verify: true })).status).toBe(200)
  expect(
    (await simulator.ask('PUT', 'app', { webhook_url: receiver.url, verify: true, verify_token: 'wrong' })).status,
  ).toBe(409)
  expect((await simulator.ask('PUT', 'app', { webhook_url: 'ftp://x' })).status).toBe(400)
  await simulator.ask('PUT', 'app', { webhook_url: null })
  expect((await system.write('x')).body.webhooks[0].skipped).toBe('no_callback')
})

test('timestamps in seconds and mids without m_ can be sent, as Facebook has done', async () => {
  await using system = await start({ switches: { webhookTimestamps: 's', webhookMidPrefix: false } })
  const { body } = await system.write('x')
  const [item] = system.receiver.items()
  expect(item.timestamp).toBe(Math.floor(body.timestamp / 1000))
  expect(`m_${item.message.mid}`).toBe(body.mid)
})

test('messages of one customer arrive in the order in which they were written, however slow the receiver', async () => {
  await using system = await start()
  const { body } = await system.write('0')
  await Promise.all(['1', '2', '3', '4', '5'].map((text) => system.write(text, { psid: body.psid })))
  expect(system.receiver.items().map(({ message }) => message.text)).toEqual(['0', '1', '2', '3', '4', '5'])
})
