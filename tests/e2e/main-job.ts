import { createHmac } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { api, call, customerWrites, listAll, type System } from '../support/system.ts'

/** The main job as its users see it, the same for every form in which the system runs. */
export function describeMainJob<S extends System>(
  name: string,
  start: () => Promise<S>,
  /** What else is looked at in the end. */
  more: (system: () => S) => void = () => undefined,
): void {
  describe(`the main job, ${name}`, () => {
    let system: S
    beforeAll(async () => {
      system = await start()
    })
    afterAll(() => system?.[Symbol.asyncDispose]())

    const fullSync = async () => {
      const answer = await api(system, 'POST', `/pages/${system.pageId}/full-sync-from-facebook`, {
        body: { mode: 'full' },
        headers: { prefer: 'wait=60' },
      })
      expect(answer.status, JSON.stringify(answer.body)).toBe(200)
      return answer.body
    }
    const conversationOf = (psid: string) =>
      eventually(async () =>
        (await listAll(system, `/pages/${system.pageId}/conversations`, 'conversations')).find(
          (each) => each.participant.facebook_id === psid,
        ),
      )
    const messagesOf = (conversationId: number) =>
      listAll(system, `/conversations/${conversationId}/messages`, 'messages')
    const unreadOf = async (conversationId: number): Promise<number> =>
      (await api(system, 'GET', `/conversations/${conversationId}`)).body.conversation.unread_count
    const sign = (body: string) => `sha256=${createHmac('sha256', system.appSecret).update(body).digest('hex')}`
    const deliver = (body: string, signature: string | undefined) =>
      fetch(`${system.webhookUrl}/api/facebook/webhook`, {
        method: 'POST',
        body,
        headers: {
          'content-type': 'application/json',
          ...(signature === undefined ? {} : { 'x-hub-signature-256': signature }),
        },
      })

    it('brings all conversations, messages and people of the page over in one full sync', async () => {
      const body = await fullSync()
      expect(body.success).toBe(true)
      expect(body.sync_results.page_details.success).toBe(true)
      expect(body.sync_results.errors).toEqual([])
      expect(body.sync_results.conversations_total).toBeGreaterThanOrEqual(40)

      const conversations = await listAll(system, `/pages/${system.pageId}/conversations?sort=id`, 'conversations')
      const contacts = await listAll(system, `/pages/${system.pageId}/contacts`, 'contacts')
      expect(conversations.length).toBe(body.sync_results.conversations_total)
      expect(contacts.length).toBe(conversations.length)
      expect(new Set(conversations.map((each) => each.folder))).toEqual(new Set(['inbox', 'page_done']))
      for (const conversation of conversations.slice(0, 5)) {
        const messages = await messagesOf(conversation.id)
        expect(messages.length).toBe(conversation.message_count)
        expect(new Set(messages.map((each) => each.facebook_message_id)).size).toBe(messages.length)
      }
    })

    it('spends one Graph call on a page of conversations, not one on each', async () => {
      await call(`${system.controlUrl}/_control/calls`, 'DELETE')
      const body = await fullSync()
      const { body: log } = await call(`${system.controlUrl}/_control/calls`, 'GET')
      expect(log.calls.length).toBe(body.graph_calls)
      expect(body.graph_calls).toBeLessThan(body.sync_results.conversations_total / 2)
    })

    it('changes and announces nothing when a second full sync finds nothing new', async () => {
      const before = await listAll(system, `/pages/${system.pageId}/conversations?sort=id`, 'conversations')
      await fullSync()
      const after = await listAll(system, `/pages/${system.pageId}/conversations?sort=id`, 'conversations')
      const seen = (rows: { last_synced_at: string }[]) => rows.map(({ last_synced_at: _, ...rest }) => rest)
      expect(seen(after)).toEqual(seen(before))
      const { body } = await api(system, 'POST', `/pages/${system.pageId}/sync-conversations`, {
        body: { mode: 'full' },
      })
      expect(body).toMatchObject({ success: true, created_count: 0, updated_count: 0, unchanged_count: before.length })
    })

    it('finds with few calls what changed since the last full sync, and nothing else', async () => {
      await fullSync()
      await call(`${system.controlUrl}/_control/calls`, 'DELETE')
      const { body } = await api(system, 'POST', `/pages/${system.pageId}/full-sync-from-facebook`)
      expect(body).toMatchObject({ success: true, graph_calls: 3, sync_results: { errors: [] } })
      expect(body.sync_results.conversations_total).toBeLessThan(5)
    })

    it("shows a new customer's message, with person and conversation, a moment after they wrote", async () => {
      const text = `Do you ship to Siem Reap? 🙏 ${Math.random()}`
      const { psid, mid, webhooks } = await customerWrites(system, { text })
      expect(webhooks.map((each) => each.status)).toEqual([200])
      const conversation = await conversationOf(psid)
      expect(conversation).toMatchObject({ status: 'open', unread_count: 1, is_answered: false, snippet: text })
      const messages = await messagesOf(conversation.id)
      expect(messages).toMatchObject([
        { facebook_message_id: mid, direction: 'in', text, origin: 'webhook', from: { facebook_id: psid } },
      ])
    })

    it('stores a message once, however often Facebook delivers it', async () => {
      const { psid } = await customerWrites(system, { text: 'first' })
      await customerWrites(system, { psid, text: 'second', deliveries: 5 })
      await customerWrites(system, { psid, text: 'third' })
      const conversation = await conversationOf(psid)
      const messages = await eventually(async () => {
        const found = await messagesOf(conversation.id)
        return found.length >= 3 ? found : undefined
      })
      expect(messages.map((each) => each.text)).toEqual(['third', 'second', 'first'])
      await eventually(async () => (await unreadOf(conversation.id)) === 3)
    })

    it('merges what a pull and a webhook tell of the same message', async () => {
      const { psid, mid } = await customerWrites(system, { text: 'told twice' })
      const conversation = await conversationOf(psid)
      const pulled = await api(system, 'POST', `/conversations/${conversation.id}/sync-messages-from-facebook`)
      expect(pulled.body).toMatchObject({ success: true, synced_count: 1, created_count: 0 })
      const messages = await messagesOf(conversation.id)
      expect(messages.map((each) => each.facebook_message_id)).toEqual([mid])
    })

    it('pulls the state of a conversation, and the details of the page with only the fields asked for', async () => {
      const [conversation] = await listAll(system, `/pages/${system.pageId}/conversations?sort=id`, 'conversations')
      const state = await api(system, 'POST', `/conversations/${conversation.id}/sync-status-from-facebook`)
      expect(state.status).toBe(200)
      expect(state.body).toMatchObject({
        success: true,
        status: 'open',
        can_reply: expect.any(Boolean),
        unread_count: expect.any(Number),
        folder: expect.any(String),
      })
      const page = await api(system, 'POST', `/pages/${system.pageId}/sync-from-facebook`, {
        body: { fields: ['fan_count'] },
      })
      expect(page.body).toMatchObject({
        success: true,
        page: { id: system.pageId, facebook_page_id: system.facebookPageId, changed_fields: [] },
      })
    })

    it('refuses a body that Facebook did not sign, without a hint, and stores nothing of it', async () => {
      const body = JSON.stringify({
        object: 'page',
        entry: [
          {
            id: system.facebookPageId,
            time: Date.now(),
            messaging: [
              {
                sender: { id: '666' },
                recipient: { id: system.facebookPageId },
                timestamp: Date.now(),
                message: { mid: 'm_forged', text: 'forged' },
              },
            ],
          },
        ],
      })
      const wrong = sign(`${body} `)
      for (const signature of [
        undefined,
        '',
        'sha256=',
        'sha256=abc',
        wrong,
        wrong.slice(0, -1),
        wrong.toUpperCase(),
        `sha1=${wrong.slice(7)}`,
      ]) {
        expect((await deliver(body, signature)).status).toBe(401)
      }
      expect((await deliver(body, sign(body))).status).toBe(200)
      const conversation = await conversationOf('666')
      expect(await messagesOf(conversation.id)).toHaveLength(1)
    })

    it('answers 200 to whatever is signed: broken JSON, unknown pages, unknown kinds', async () => {
      const unknownPage = JSON.stringify({
        object: 'page',
        entry: [
          {
            id: '999',
            time: 1,
            messaging: [
              { sender: { id: '1' }, recipient: { id: '999' }, timestamp: 1, message: { mid: 'm_x', text: 'x' } },
            ],
          },
        ],
      })
      const unknownKind = JSON.stringify({
        object: 'page',
        entry: [{ id: system.facebookPageId, time: 1, changes: [{ field: 'never_seen', value: { a: 1 } }] }],
      })
      for (const body of [
        '{"object":"page"',
        'null',
        '[]',
        '{}',
        unknownPage,
        unknownKind,
        '{"object":"instagram","entry":[]}',
      ]) {
        const answer = await deliver(body, sign(body))
        expect([answer.status, await answer.text()]).toEqual([200, 'EVENT_RECEIVED'])
      }
      // Nothing of it holds up what follows.
      const { psid } = await customerWrites(system, { text: 'still here' })
      await conversationOf(psid)
    })

    it('goes on where it was when the worker is killed with -9 in the middle of its work', async () => {
      const people = await Promise.all(
        Array.from({ length: 20 }, (_, i) => customerWrites(system, { text: `before ${i}` })),
      )
      const restart = system.restartWorker()
      await restart
      const written = await Promise.all(people.map(({ psid }) => customerWrites(system, { psid, text: 'after' })))
      expect(written).toHaveLength(20)
      for (const { psid } of people) {
        const conversation = await conversationOf(psid)
        const texts = await eventually(async () => {
          const found = await messagesOf(conversation.id)
          return found.length >= 2 ? found.map((each) => each.text) : undefined
        }, 40_000)
        expect(texts).toEqual(['after', expect.stringMatching(/^before /)])
        await eventually(async () => (await unreadOf(conversation.id)) === 2)
      }
    })

    it("shows nothing without a key, and nothing of another tenant's", async () => {
      expect((await call(`${system.apiUrl}/api/facebook/pages`, 'GET')).status).toBe(401)
      const missing = await api(system, 'GET', '/pages/987654')
      expect([missing.status, missing.body.code]).toEqual([404, 'PAGE_NOT_FOUND'])
    })

    more(() => system)
  })
}
