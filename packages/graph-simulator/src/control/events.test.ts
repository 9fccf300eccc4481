import { expect, test } from 'vitest'
import { startReceiver } from '../testing/start-receiver.ts'
import { startTestSimulator } from '../testing/start-simulator.ts'

const start = async () => {
  const receiver = await startReceiver()
  const simulator = await startTestSimulator({ webhookUrl: receiver.url })
  const { body: written } = await simulator.ask('POST', 'messages', { text: 'first', deliveries: 0 })
  const person = { id: written.psid as string }
  const page = { id: simulator.pageId }
  return {
    receiver,
    simulator,
    psid: written.psid as string,
    mid: written.mid as string,
    fromPerson: { sender: person, recipient: page, timestamp: expect.any(Number) },
    async happen(event: object) {
      const { status, body } = await simulator.ask('POST', 'events', event)
      expect([status, body.webhooks?.[0]?.status, body.problems]).toEqual([200, 200, undefined])
      return receiver.items().at(-1)
    },
    async [Symbol.asyncDispose]() {
      await simulator.close()
      await receiver[Symbol.asyncDispose]()
    },
  }
}

test('an edited message has the new text in webhook and Graph', async () => {
  await using system = await start()
  const item = await system.happen({ kind: 'message_edit', mid: system.mid, text: 'second' })
  expect(item).toEqual({ ...system.fromPerson, message_edit: { mid: system.mid, text: 'second', num_edit: 1 } })
  expect((await system.simulator.get(`/${system.mid}?fields=message`)).body.message).toBe('second')
  const quoted = await system.happen({ kind: 'message_edit', mid: system.mid, text: 'third', quoted_num_edit: true })
  expect(quoted.message_edit.num_edit).toBe('2')
})

test('a deleted message is told as deleted and gone from Graph', async () => {
  await using system = await start()
  const item = await system.happen({ kind: 'message_delete', mid: system.mid })
  expect(item).toEqual({ ...system.fromPerson, message: { mid: system.mid, is_deleted: true } })
  expect((await system.simulator.get(`/${system.mid}`)).body.error.code).toBe(9000001)
})

test('a reaction is told and can be read, and taken back', async () => {
  await using system = await start()
  const item = await system.happen({ kind: 'message_reaction', mid: system.mid, reaction: 'wow', emoji: '😮' })
  expect(item.reaction).toEqual({ mid: system.mid, action: 'react', emoji: '😮', reaction: 'wow' })
  const { body } = await system.simulator.get(`/${system.mid}?fields=reactions`)
  expect(body.reactions.data[0]).toMatchObject({ reaction: 'wow', users: [{ id: system.psid }] })
  await system.happen({ kind: 'message_reaction', mid: system.mid, action: 'unreact' })
  expect((await system.simulator.get(`/${system.mid}?fields=reactions`)).body).toEqual({ id: system.mid })
})

test.each([
  ['delivery', { watermark: 5, mids: ['m_a'] }, { delivery: { watermark: 5, mids: ['m_a'] } }],
  ['read', { watermark: 5 }, { read: { watermark: 5 } }],
  [
    'postback',
    { title: 'Start', payload: 'GO' },
    { postback: { mid: expect.stringMatching(/^m_/), title: 'Start', payload: 'GO' } },
  ],
  ['optin', {}, { optin: { type: 'notification_messages' } }],
  ['referral', {}, { referral: { ref: 'summer', source: 'SHORTLINK', type: 'OPEN_THREAD' } }],
  ['account_linking', {}, { account_linking: { status: 'linked', authorization_code: 'PASS_THROUGH' } }],
  ['account_linking', { status: 'unlinked' }, { account_linking: { status: 'unlinked' } }],
  ['response_feedback', {}, { response_feedback: { feedback: 'Good response' } }],
  ['request_thread_control', { app_id: '5' }, { request_thread_control: { requested_owner_app_id: '5' } }],
  [
    'pass_thread_control',
    { app_id: '5' },
    { pass_thread_control: { previous_owner_app_id: null, new_owner_app_id: '5' } },
  ],
  ['messaging', { field: 'messages', content: { brand_new: 1 } }, { brand_new: 1 }],
] as const)('%s %j has Facebook’s shape', async (kind, more, expected) => {
  await using system = await start()
  const item = await system.happen({ kind, psid: system.psid, ...more })
  expect(item).toMatchObject({ sender: { id: system.psid }, recipient: { id: system.simulator.pageId }, ...expected })
  expect(item.timestamp === undefined).toBe(kind === 'delivery')
})

test('events of the page itself have no sender', async () => {
  await using system = await start()
  const policy = await system.happen({ kind: 'policy_enforcement', action: 'block', reason: 'spam' })
  expect(policy).toEqual({
    recipient: { id: system.simulator.pageId },
    timestamp: expect.any(Number),
    policy_enforcement: { action: 'block', reason: 'spam' },
  })
  expect(await system.happen({ kind: 'policy_enforcement', old_spelling: true })).toHaveProperty('policy-enforcement')
  expect(await system.happen({ kind: 'app_roles' })).toMatchObject({
    app_roles: { [system.simulator.app.id]: ['primary_receiver'] },
  })
})

test('a page field changes, told with its value, without it, or as a bare name', async () => {
  await using system = await start()
  expect(await system.happen({ kind: 'page_field', field: 'phone', value: '+1' })).toEqual({
    field: 'phone',
    value: '+1',
  })
  expect(await system.happen({ kind: 'page_field', field: 'parking', value: { lot: 1 }, without_value: true })).toEqual(
    { field: 'parking' },
  )
  expect((await system.simulator.get('/me?fields=phone,parking')).body).toMatchObject({
    phone: '+1',
    parking: { lot: 1 },
  })
  await system.happen({ kind: 'page_field', field: 'hours', changed_fields: true })
  const entry = system.receiver.received.at(-1)!.body.entry[0]!
  expect(entry.changed_fields).toEqual(['hours'])
  expect(entry.time).toBeLessThan(10_000_000_000)
})

test('posts and comments of the wall are feed changes', async () => {
  await using system = await start()
  const comment = await system.happen({ kind: 'feed', psid: system.psid, message: 'Nice!' })
  expect(comment).toMatchObject({
    field: 'feed',
    value: {
      item: 'comment',
      verb: 'add',
      message: 'Nice!',
      from: { id: system.psid },
      comment_id: expect.stringContaining('_'),
    },
  })
  const post = await system.happen({ kind: 'feed', item: 'status', verb: 'edited', value: { published: 1 } })
  expect(post.value).toMatchObject({
    item: 'status',
    verb: 'edited',
    published: 1,
    post_id: expect.stringContaining(system.simulator.pageId),
  })
})

test('a revoked permission is told by the permissions object and missing from the token', async () => {
  await using system = await start()
  await system.happen({ kind: 'permission', permission: 'pages_messaging', verb: 'revoked' })
  const { body } = system.receiver.received.at(-1)!
  expect(body).toMatchObject({
    object: 'permissions',
    entry: [
      { changes: [{ field: 'pages_messaging', value: { verb: 'revoke', target_ids: [system.simulator.pageId] } }] },
    ],
  })
  expect((await system.simulator.get('/me/conversations')).body.error.code).toBe(230)
})

test('unknown kinds, objects and pages can be told', async () => {
  await using system = await start()
  await system.happen({
    kind: 'unknown',
    channel: 'changes',
    field: 'messages',
    item: { field: 'from_the_future', value: 1 },
  })
  await system.happen({ kind: 'unknown', object: 'instagram', entry_id: '777', item: { odd: true } })
  expect(system.receiver.received.at(-1)!.body).toMatchObject({
    object: 'instagram',
    entry: [{ id: '777', messaging: [{ odd: true }] }],
  })
})

test('stickers, links, attachments and unsupported messages arrive as on Facebook', async () => {
  await using system = await start()
  const attachments = async (message: object) => {
    await system.simulator.ask('POST', 'messages', { psid: system.psid, ...message })
    return system.receiver.items().at(-1).message.attachments
  }
  expect(await attachments({ sticker_id: '369239263222822' })).toMatchObject([
    { type: 'sticker', payload: { sticker_id: 369239263222822 } },
  ])
  await system.simulator.ask('PUT', 'switches', { stickerAttachment: 'both' })
  expect((await attachments({ sticker_id: '369239263222822' })).map(({ type }: { type: string }) => type)).toEqual([
    'image',
    'sticker',
  ])
  expect(await attachments({ attachments: [{ type: 'image', url: 'https://a.example/1.jpg' }] })).toEqual([
    { type: 'image', payload: { url: 'https://a.example/1.jpg' } },
  ])
  expect(await attachments({ share_link: 'https://a.example' })).toMatchObject([{ type: 'fallback' }])
  await attachments({ unsupported: true })
  expect(system.receiver.items().at(-1).message).toMatchObject({ is_unsupported: true })
})

test('somebody who answers in Facebook’s inbox is heard as an echo of the Page Inbox app', async () => {
  await using system = await start()
  const { body } = await system.simulator.ask('POST', 'page-messages', { psid: system.psid, text: 'by hand' })
  expect(system.receiver.items().at(-1)).toMatchObject({
    sender: { id: system.simulator.pageId },
    message: { is_echo: true, app_id: 263902037430900, text: 'by hand', mid: body.mid },
  })
  expect((await system.simulator.ask('GET', 'sent')).body.sent[0]).toMatchObject({
    app_id: '263902037430900',
    text: 'by hand',
  })
})

test('several events in one body, duplicates, and standby by force', async () => {
  await using system = await start()
  const events = [
    { kind: 'read', psid: system.psid },
    { kind: 'page_field', field: 'phone' },
  ]
  await system.simulator.ask('POST', 'events/batch', { events, deliveries: 2 })
  expect(system.receiver.received.map(({ body }) => body.entry.length)).toEqual([2, 2])
  await system.happen({ kind: 'read', psid: system.psid, standby: true })
  expect(system.receiver.received.at(-1)!.body.entry[0]!.standby).toHaveLength(1)
})

test('wrong events are refused with all that is wrong', async () => {
  await using system = await start()
  const refuse = async (event: unknown) => {
    const { status, body } = await system.simulator.ask('POST', 'events', event)
    return [status, [body.error, ...body.problems].join()]
  }
  expect(await refuse({ kind: 'nonsense' })).toEqual([400, expect.stringContaining('message_edit')])
  expect(await refuse({ kind: 'read' })).toEqual([400, expect.stringContaining('/psid')])
  expect(await refuse({ kind: 'read', psid: '1' })).toEqual([404, expect.stringContaining('PSID 1')])
  expect(await refuse({ kind: 'message_edit', mid: 'm_1', text: 'x' })).toEqual([404, expect.stringContaining('m_1')])
  expect(await refuse({ kind: 'read', psid: system.psid, extra: 1 })).toEqual([400, expect.stringContaining('/extra')])
})
