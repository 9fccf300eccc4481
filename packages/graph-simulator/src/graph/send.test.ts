import { expect, test } from 'vitest'
import { eventually } from '../../../../tests/support/eventually.ts'
import { startReceiver } from '../testing/start-receiver.ts'
import { startTestSimulator, type TestSimulator } from '../testing/start-simulator.ts'

const psidOf = async (simulator: TestSimulator, place = 0): Promise<string> => {
  const { body } = await simulator.get(`/me/conversations?limit=${place + 1}&fields=participants`)
  return body.data[place].participants.data[0].id
}

const send = (simulator: TestSimulator, psid: string, more: object = {}, message: object = { text: 'Hello' }) =>
  simulator.graph('POST', '/me/messages', { recipient: { id: psid }, messaging_type: 'RESPONSE', message, ...more })

test('a sent message reaches the customer, can be read, and comes back as an echo with its metadata', async () => {
  await using receiver = await startReceiver()
  await using simulator = await startTestSimulator({ webhookUrl: receiver.url })
  const psid = await psidOf(simulator)
  const { body, status } = await send(simulator, psid, {}, { text: 'Ready at 5', metadata: 'cmd_1' })
  expect(status).toBe(200)
  expect(body).toEqual({ recipient_id: psid, message_id: expect.stringMatching(/^m_/) })
  const { body: log } = await simulator.ask('GET', 'sent')
  expect(log.sent).toMatchObject([
    { psid, text: 'Ready at 5', metadata: 'cmd_1', mid: body.message_id, app_id: simulator.app.id },
  ])
  const read = await simulator.get(`/${body.message_id}?fields=message,from{id}`)
  expect(read.body).toMatchObject({ message: 'Ready at 5', from: { id: simulator.pageId } })
  const echo = await eventually(() => receiver.items()[0])
  expect(echo).toMatchObject({
    sender: { id: simulator.pageId },
    recipient: { id: psid },
    message: {
      mid: body.message_id,
      text: 'Ready at 5',
      metadata: 'cmd_1',
      is_echo: true,
      app_id: Number(simulator.app.id),
    },
  })
})

test('the echo can arrive before the answer, or never', async () => {
  await using receiver = await startReceiver()
  await using simulator = await startTestSimulator({ webhookUrl: receiver.url, switches: { echoOrder: 'before' } })
  const psid = await psidOf(simulator)
  await send(simulator, psid)
  expect(receiver.received).toHaveLength(1)
  await simulator.ask('PUT', 'switches', { echoOrder: 'none' })
  await send(simulator, psid)
  await simulator.ask('POST', 'messages', { psid, text: 'a later webhook' })
  expect(receiver.items().map(({ message }) => message.is_echo)).toEqual([true, undefined])
})

test('delivery and read receipts follow when the switch is on', async () => {
  await using receiver = await startReceiver()
  await using simulator = await startTestSimulator({ webhookUrl: receiver.url, switches: { deliveryReceipts: true } })
  const { body } = await send(simulator, await psidOf(simulator))
  await eventually(() => receiver.received.length === 3)
  const items = receiver.items()
  expect(items[1].delivery).toMatchObject({ mids: [body.message_id], watermark: expect.any(Number) })
  expect(items[1].timestamp).toBeUndefined()
  expect(items[2].read.watermark).toBe(items[1].delivery.watermark)
})

test('an answer can be lost although the message is delivered', async () => {
  await using receiver = await startReceiver()
  await using simulator = await startTestSimulator({ webhookUrl: receiver.url })
  const psid = await psidOf(simulator)
  await simulator.ask('POST', 'faults', [{ match: { kind: 'send' }, action: { apply_then_lose: true } }])
  await expect(send(simulator, psid, {}, { text: 'lost?', metadata: 'cmd_2' })).rejects.toThrow()
  expect((await simulator.ask('GET', 'sent')).body.sent).toMatchObject([{ text: 'lost?', metadata: 'cmd_2' }])
  await eventually(() => receiver.received.length === 1)
  const { body } = await simulator.ask('GET', 'calls')
  expect(body.calls.at(-1)).toMatchObject({ kind: 'send', status: null, fault: 'apply_then_lose' })
  expect((await send(simulator, psid)).status).toBe(200)
})

test('the window closes after 24 hours, a human agent has 7 days, and a customer’s message opens it', async () => {
  await using simulator = await startTestSimulator()
  const psid = await psidOf(simulator)
  expect((await send(simulator, psid)).status).toBe(200)
  await simulator.ask('POST', 'clock', { advance_ms: 25 * 3_600_000 })
  expect((await send(simulator, psid)).body.error).toMatchObject({ code: 10, error_subcode: 2018278 })
  const human = { messaging_type: 'MESSAGE_TAG', tag: 'HUMAN_AGENT' }
  expect((await send(simulator, psid, human)).status).toBe(200)
  await simulator.ask('POST', 'clock', { advance_ms: 7 * 86_400_000 })
  expect((await send(simulator, psid, human)).body.error.error_subcode).toBe(2018278)
  await simulator.ask('POST', 'messages', { psid, text: 'back' })
  expect((await send(simulator, psid)).status).toBe(200)
})

test.each([
  [{ tag: 'ACCOUNT_UPDATE', messaging_type: 'MESSAGE_TAG' }, { text: 'x' }, 100, undefined],
  [{ messaging_type: 'NONSENSE' }, { text: 'x' }, 100, undefined],
  [{}, { text: 'x'.repeat(2_001) }, 100, undefined],
  [{}, {}, 100, 2018034],
  [{}, { text: 'x', attachment: { type: 'image', payload: { url: 'https://a.example/b.png' } } }, 100, 2018015],
  [{}, { attachment: { type: 'hologram', payload: {} } }, 100, undefined],
  [{ sender_action: 'mark_seen' }, { text: 'x' }, 100, 2018014],
  [{ recipient: { id: '123' } }, { text: 'x' }, 100, 2018001],
  [{ reply_to: { mid: 'm_unknown' } }, { text: 'x' }, 100, undefined],
])('%j with %j is refused with %i/%s', async (more, message, code, subcode) => {
  await using simulator = await startTestSimulator()
  const { body, status } = await send(simulator, await psidOf(simulator), more, message)
  expect(status).toBe(400)
  expect(body.error.code).toBe(code)
  expect(body.error.error_subcode).toBe(subcode)
  expect((await simulator.ask('GET', 'sent')).body.sent).toEqual([])
})

test('2,000 characters, attachments, quick replies and replies to a message are taken', async () => {
  await using simulator = await startTestSimulator()
  const { body: written } = await simulator.ask('POST', 'messages', { text: 'question' })
  const { psid, mid } = written
  expect((await send(simulator, psid, {}, { text: '😀'.repeat(2_000) })).status).toBe(200)
  const image = { attachment: { type: 'image', payload: { url: 'https://a.example/b.png' } } }
  const sent = await send(simulator, psid, { reply_to: { mid } }, image)
  const read = await simulator.get(`/${sent.body.message_id}?fields=attachments,reply_to`)
  expect(read.body.attachments.data[0].mime_type).toBe('image/jpeg')
  expect(read.body.reply_to).toEqual({ mid, is_self_reply: false })
  const quick = { text: 'Which?', quick_replies: [{ content_type: 'text', title: 'A', payload: 'a' }] }
  await send(simulator, psid, {}, quick)
  const { body } = await simulator.ask('GET', 'sent')
  expect(body.sent.at(-1).quick_replies).toEqual(quick.quick_replies)
})

test('a form body as curl sends it means the same as JSON', async () => {
  await using simulator = await startTestSimulator()
  const psid = await psidOf(simulator)
  const form = new URLSearchParams({
    recipient: `{id:${psid}}`,
    message: '{"text":"by form"}',
    access_token: simulator.token,
  })
  const answer = await fetch(`${simulator.url}/v26.0/${simulator.pageId}/messages`, { method: 'POST', body: form })
  expect(answer.status).toBe(200)
  expect((await simulator.ask('GET', 'sent')).body.sent[0]).toMatchObject({ psid, text: 'by form' })
})

test('a person who is not available cannot be reached', async () => {
  await using simulator = await startTestSimulator()
  const psid = await psidOf(simulator)
  await simulator.ask('PUT', 'people', { psid, available: false })
  expect((await send(simulator, psid)).body.error).toMatchObject({ code: 551, error_subcode: 1545041 })
  expect(
    (await simulator.graph('POST', '/me/messages', { recipient: { id: psid }, sender_action: 'typing_on' })).body.error
      .error_subcode,
  ).toBe(2018048)
})

test('mark_seen answers the recipient alone and lowers unread_count unless the switch says otherwise', async () => {
  await using simulator = await startTestSimulator()
  const unread = async () =>
    (await simulator.get('/me/conversations?limit=1&fields=unread_count')).body.data[0].unread_count
  const { body: written } = await simulator.ask('POST', 'messages', { text: 'unread' })
  const seen = () =>
    simulator.graph('POST', '/me/messages', { recipient: { id: written.psid }, sender_action: 'mark_seen' })
  await simulator.ask('PUT', 'switches', { markSeenLowersUnread: false })
  expect((await seen()).body).toEqual({ recipient_id: written.psid })
  expect(await unread()).toBe(1)
  await simulator.ask('PUT', 'switches', { markSeenLowersUnread: true })
  await seen()
  expect(await unread()).toBeUndefined()
})

test('while another app controls the thread sends are refused and webhooks come as standby', async () => {
  await using receiver = await startReceiver()
  await using simulator = await startTestSimulator({ webhookUrl: receiver.url })
  const psid = await psidOf(simulator)
  await simulator.ask('POST', 'events', { kind: 'take_thread_control', psid, app_id: '999' })
  expect((await send(simulator, psid)).body.error).toMatchObject({ code: 10, error_subcode: 2018300 })
  const owner = await simulator.get(`/me/thread_owner?recipient=${psid}`)
  expect(owner.body.data[0].thread_owner.app_id).toBe('999')
  await simulator.ask('POST', 'messages', { psid, text: 'overheard' })
  expect(receiver.received[0]!.body.entry[0]!.messaging![0]).toMatchObject({
    take_thread_control: { previous_owner_app_id: null },
  })
  expect(receiver.received[1]!.body.entry[0]!.standby![0]).toMatchObject({ message: { text: 'overheard' } })
  expect(
    (await simulator.graph('POST', '/me/release_thread_control', { recipient: { id: psid } })).body.error.error_subcode,
  ).toBe(2534037)
  expect((await simulator.graph('POST', '/me/take_thread_control', { recipient: { id: psid } })).body).toEqual({
    success: true,
  })
  expect((await send(simulator, psid)).status).toBe(200)
  const passed = await simulator.graph('POST', '/me/pass_thread_control', {
    recipient: { id: psid },
    target_app_id: '263902037430900',
  })
  expect(passed.body).toEqual({ success: true })
  await simulator.ask('POST', 'clock', { advance_ms: 24 * 3_600_000 + 1 })
  expect((await simulator.get(`/me/thread_owner?recipient=${psid}`)).body).toEqual({ data: [] })
})

test('a comment of the wall is answered privately once, within seven days', async () => {
  await using simulator = await startTestSimulator()
  const { body } = await simulator.ask('POST', 'events', { kind: 'feed', message: 'How much?' })
  const reply = () =>
    simulator.graph('POST', '/me/messages', {
      recipient: { comment_id: body.comment_id },
      message: { text: 'See inbox' },
    })
  expect((await reply()).body).toMatchObject({ message_id: expect.stringMatching(/^m_/) })
  expect((await simulator.ask('GET', 'sent')).body.sent[0]).toMatchObject({
    comment_id: body.comment_id,
    text: 'See inbox',
  })
  expect((await reply()).body.error.code).toBe(10900)
  const { body: old } = await simulator.ask('POST', 'events', { kind: 'feed' })
  await simulator.ask('POST', 'clock', { advance_ms: 8 * 86_400_000 })
  const late = await simulator.graph('POST', '/me/messages', {
    recipient: { comment_id: old.comment_id },
    message: { text: 'x' },
  })
  expect(late.body.error.code).toBe(100)
})
