import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { fetchOpenApi, type OpenApiCheck } from '../support/openapi-check.ts'
import { api, call, customerWrites, type HttpAnswer, listAll, type System } from '../support/system.ts'

const API = '/api/facebook'

/** Pushes as callers see them, through HTTP against the simulated Facebook, the same for every form of the system. */
export function describePushes(name: string, start: () => Promise<System>): void {
  describe(`pushes, ${name}`, () => {
    let system: System
    let check: OpenApiCheck
    let psid: string
    let conversationId: number

    beforeAll(async () => {
      system = await start()
      check = await fetchOpenApi(system.apiUrl)
      // Connected by an operator it is off; in the demonstration it is on.
      const { status } = await api(system, 'PATCH', `/pages/${system.pageId}`, {
        body: { settings: { mirror_labels: true } },
      })
      expect(status).toBe(200)
    })
    afterAll(() => system?.[Symbol.asyncDispose]())
    beforeEach(async () => {
      await call(`${system.controlUrl}/_control/sent`, 'DELETE')
      ;({ psid } = await customerWrites(system, { text: 'Is my order ready?' }))
      conversationId = await eventually(async () => (await conversationOf(psid))?.id)
    })

    const conversationOf = async (person: string) =>
      (await listAll(system, `/pages/${system.pageId}/conversations?status=open`, 'conversations')).find(
        (each) => each.participant.facebook_id === person,
      )
    const push = async (act: string, body?: unknown, headers = {}): Promise<HttpAnswer> => {
      const answer = await api(system, 'POST', `/conversations/${conversationId}/${act}`, { body, headers })
      check.expectDocumented('POST', `${API}/conversations/{conversationId}/${act}`, answer)
      return answer
    }
    const shown = async () => (await api(system, 'GET', `/conversations/${conversationId}`)).body.conversation
    const sent = async () => {
      const { body } = await call(`${system.controlUrl}/_control/sent`, 'GET')
      return body.sent.filter((each: { psid: string }) => each.psid === psid)
    }
    const writeAgain = (text: string) => customerWrites(system, { psid, text })

    it('archiving is kept here and shown at Facebook as a label, and a new message opens the conversation again', async () => {
      const archived = await push('archive-on-facebook')
      expect(archived.status, JSON.stringify(archived.body)).toBe(200)
      expect(archived.body).toMatchObject({
        message: 'Conversation archived',
        outcome: 'applied_as_label',
        conversation: { id: conversationId, status: 'archived', labels: ['Archived'] },
      })
      await writeAgain('One more thing')
      await eventually(async () => {
        const { status, labels } = await shown()
        return status === 'open' && labels.length === 0
      })
    })

    it('unarchiving takes it back', async () => {
      await push('archive-on-facebook')
      const { status, body } = await push('unarchive-on-facebook')
      expect(status).toBe(200)
      expect(body).toMatchObject({
        message: 'Conversation unarchived',
        outcome: 'applied_as_label',
        conversation: { status: 'open', labels: [] },
      })
    })

    it('muting lasts until its time, or for good, and is undone', async () => {
      const until = Math.floor(Date.now() / 1000) + 3
      const muted = await push('mute-on-facebook', { mute_until: until })
      const time = new Date(until * 1000).toISOString()
      expect(muted.body).toMatchObject({
        message: `Conversation muted until ${time}`,
        muted_until: time,
        outcome: 'applied_as_label',
        conversation: { muted_until: time, labels: ['Muted'] },
      })
      await eventually(async () => {
        const { muted_until, labels } = await shown()
        return muted_until === null && labels.length === 0
      }, 30_000)

      const forGood = await push('mute-on-facebook')
      expect(forGood.body).toMatchObject({
        muted_until: 'PERMANENTLY',
        message: 'Conversation muted until PERMANENTLY',
      })
      expect((await shown()).muted_until).toBe('9999-12-31T23:59:59.000Z')
      const undone = await push('unmute-on-facebook')
      expect(undone.body).toMatchObject({ muted_until: null, conversation: { muted_until: null, labels: [] } })
    })

    it('marking as read is verified, here and at Facebook', async () => {
      await eventually(async () => (await shown()).unread_count > 0)
      const { status, body } = await push('mark-read-on-facebook')
      expect(status, JSON.stringify(body)).toBe(200)
      expect(body).toMatchObject({
        message: 'Conversation marked as read',
        outcome: 'applied_remote',
        unread_count: 0,
        conversation: { unread_count: 0 },
      })
      const pulled = await api(system, 'POST', `/conversations/${conversationId}/sync-status-from-facebook`)
      expect(pulled.body.unread_count).toBe(0)
    })

    it('a message arrives once, whatever is repeated, and is one message with its echo', async () => {
      const key = { 'idempotency-key': `send-${conversationId}` }
      const body = { message: 'It is on its way! 🛵' }
      const answers = await Promise.all(Array.from({ length: 50 }, () => push('messages', body, key)))
      expect(new Set(answers.map((each) => `${each.status} ${each.body.message?.id}`)).size).toBe(1)
      const [answer] = answers
      expect(answer?.status, JSON.stringify(answer?.body)).toBe(200)
      expect(answer?.body).toMatchObject({
        outcome: 'applied_remote',
        message: { direction: 'out', text: 'It is on its way! 🛵', conversation_id: conversationId },
      })
      expect(await sent()).toMatchObject([
        { text: 'It is on its way! 🛵', mid: answer?.body.message.facebook_message_id },
      ])
      const commands = await listAll(system, '/commands?kind=message.send', 'commands')
      expect(commands.filter((each) => each.conversation_id === conversationId)).toHaveLength(1)
      await eventually(async () => (await shown()).is_answered === true)
      const messages = await listAll(system, `/conversations/${conversationId}/messages`, 'messages')
      expect(messages.map((each) => each.text)).toEqual(['It is on its way! 🛵', 'Is my order ready?'])
    })

    it('a message by the person alone reaches them too', async () => {
      const answer = await api(system, 'POST', `/pages/${system.pageId}/send-message`, {
        body: { recipient_id: psid, message: 'Hello', quick_replies: [{ content_type: 'text', title: 'Thanks' }] },
      })
      check.expectDocumented('POST', `${API}/pages/{pageId}/send-message`, answer)
      expect(answer.status, JSON.stringify(answer.body)).toBe(200)
      expect(answer.body.message).toMatchObject({ conversation_id: conversationId, text: 'Hello' })
      expect(await sent()).toHaveLength(1)
      const nobody = await api(system, 'POST', `/pages/${system.pageId}/send-message`, {
        body: { recipient_id: '1', message: 'Hello?' },
      })
      check.expectDocumented('POST', `${API}/pages/{pageId}/send-message`, nobody)
      expect(nobody.status).toBe(502)
      expect(nobody.body).toMatchObject({ success: false, facebook: { code: 100 }, command: { state: 'failed' } })
    })

    it('a conversation is passed on to another app, taken back and let go of, as Facebook says', async () => {
      const ownerOf = async () =>
        (await call(`${system.controlUrl}/_control/conversations/${psid}`, 'GET')).body.owner_app_id
      const control = async (body: object, status = 200) => {
        const answer = await push('thread-control', body)
        expect(answer.status, JSON.stringify(answer.body)).toBe(status)
        return answer.body
      }
      for (const [body, owner] of [
        // Facebook's own inbox, where nobody is named.
        [{ action: 'pass' }, '263902037430900'],
        [{ action: 'take' }, null],
        [{ action: 'pass', target_app_id: '4711', metadata: 'to the shop' }, '4711'],
      ] as const) {
        const passed = await control(body)
        expect(passed).toMatchObject({ outcome: 'applied_remote', conversation: { id: conversationId } })
        expect(passed.owner_app_id).toBe(await ownerOf())
        if (owner) expect(passed.owner_app_id).toBe(owner)
      }
      const another = { code: 'THREAD_OWNED_BY_OTHER_APP', command: { result: { outcome: 'rejected' } } }
      for (const action of ['pass', 'release']) expect(await control({ action }, 502)).toMatchObject(another)
      const refused = await push('messages', { message: 'Not ours' })
      expect([refused.status, refused.body.code]).toEqual([502, 'THREAD_OWNED_BY_OTHER_APP'])
      await control({ action: 'take' })
      expect(await control({ action: 'release' })).toMatchObject({ outcome: 'applied_remote', owner_app_id: null })
      expect(await ownerOf()).toBeNull()
      expect((await push('messages', { message: 'Ours' })).status).toBe(200)
      expect(await sent()).toMatchObject([{ text: 'Ours' }])
    })

    it('a page update sends what differs, reads it back and keeps it; an empty string clears', async () => {
      const update = async (body: unknown) => {
        const answer = await api(system, 'PUT', `/pages/${system.pageId}/update-to-facebook`, { body })
        check.expectDocumented('PUT', `${API}/pages/{pageId}/update-to-facebook`, answer)
        expect(answer.status, JSON.stringify(answer.body)).toBe(200)
        return answer.body
      }
      const about = `Coffee by the river ${Date.now()}`
      expect(await update({ about, phone: '+855 23 999 999' })).toMatchObject({
        message: 'Page updated successfully',
        outcome: 'applied_remote',
        page: { id: system.pageId, about, phone: '+855 23 999 999' },
      })
      expect(await update({ about, phone: '' })).toMatchObject({
        updated_fields: ['phone'],
        unchanged_fields: ['about'],
        page: { about, phone: null },
      })
      const pulled = await api(system, 'POST', `/pages/${system.pageId}/sync-from-facebook`)
      expect(pulled.body.page).toMatchObject({ about, changed_fields: [] })
    })

    it('a comment is stored and answered by a message, once', async () => {
      const text = `How much? ${Date.now()}`
      await call(`${system.controlUrl}/_control/events`, 'POST', {
        body: {
          kind: 'feed',
          facebook_page_id: system.facebookPageId,
          item: 'comment',
          verb: 'add',
          psid,
          message: text,
        },
      })
      const comment = await eventually(async () =>
        (await listAll(system, `/pages/${system.pageId}/comments`, 'comments')).find((each) => each.message === text),
      )
      const reply = () => api(system, 'POST', `/comments/${comment.id}/private-reply`, { body: { message: 'Five' } })
      const first = await reply()
      check.expectDocumented('POST', `${API}/comments/{commentId}/private-reply`, first)
      expect(first.status, JSON.stringify(first.body)).toBe(200)
      expect(first.body).toMatchObject({ outcome: 'applied_remote', message: { text: 'Five' } })
      const second = await reply()
      expect(second.status).toBe(502)
      expect(second.body.facebook.code).toBe(10900)
      expect(await sent()).toMatchObject([{ text: 'Five' }])
    })

    it('what a person changes of a contact stays, whatever Facebook says later', async () => {
      const contact = (await listAll(system, `/pages/${system.pageId}/contacts`, 'contacts')).find(
        (each) => each.facebook_id === psid,
      )
      const name = `Our friend ${contact.id}`
      await api(system, 'PUT', `/contacts/${contact.id}/update-in-system`, { body: { name, tags: ['vip'] } })
      const pulled = await api(system, 'POST', `/pages/${system.pageId}/sync-contacts-from-facebook`)
      expect(pulled.status).toBe(200)
      const { body } = await api(system, 'GET', `/contacts/${contact.id}`)
      expect(body.contact).toMatchObject({ name, tags: ['vip'] })
    })
  })
}
