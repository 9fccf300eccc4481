import { TOPICS } from '@pagesync/shared/model/topics.ts'
import { createDeadLetters } from '@pagesync/shared/store/repositories/dead-letters.ts'
import { createLedger } from '@pagesync/shared/store/repositories/ledger.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { OPERATOR_TOKEN } from '../support/api-system.ts'
import { eventually } from '../support/eventually.ts'
import type { OpenEngines } from '../support/open-engines.ts'
import { openPrivacyBed, type PrivacyBed } from '../support/privacy-bed.ts'

const SETTLED_MS = 130_000
const NAME = 'Quetzalcoatl Vanishing'
const TEXTS = ['a secret of mine', 'my note on them', 'our answer to them', 'a comment of theirs']

/** What erasing a person and a tenant leaves, through HTTP against the simulated Facebook, the same on every engine. */
export function describeErasure(name: string, open: () => Promise<OpenEngines>): void {
  describe(`erasure, ${name}`, () => {
    let bed: PrivacyBed
    let psid: string
    let mid: string
    let threadId: string
    let contactId: number
    /** Ours; another one once it was erased and connected anew. */
    let pageId: number

    beforeAll(async () => {
      bed = await openPrivacyBed(open)
      pageId = bed.page.id
    })
    afterAll(() => bed?.[Symbol.asyncDispose]())

    const write = async (text: string, more: Record<string, unknown> = {}) => {
      const { status, body } = await bed.control('POST', '/messages', {
        facebook_page_id: bed.page.facebook_page_id,
        text,
        ...more,
      })
      expect(status, JSON.stringify(body)).toBe(200)
      return body
    }
    const fullSync = async () => {
      const answer = await bed.request('POST', `/pages/${pageId}/full-sync-from-facebook`, { mode: 'full' })
      expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    }
    const contactOf = async (person: string) => {
      const { body } = await bed.request('GET', `/pages/${pageId}/contacts?limit=200`)
      return body.contacts.find((each: { facebook_id: string }) => each.facebook_id === person)
    }
    const allOf = () => [psid, NAME, threadId, ...TEXTS]
    const found = async () => {
      const hits = await Promise.all(allOf().map(async (text) => [text, await bed.grep(text)] as const))
      return Object.fromEntries(hits.filter(([, where]) => where.length > 0))
    }
    /** Whatever was told so far is told again, and a later event shows that it was handled. */
    const tellAgain = async () => {
      const records = bed.told.map(({ key, value, headers }) => ({ key, value: value.toString('utf8'), headers }))
      await bed.eventLog.publish(TOPICS.pageEvents, records)
      for (let i = 0; i < 8; i++) {
        const other = await write(`later ${i} ${Date.now()}`)
        await eventually(() => contactOf(other.psid), 60_000)
      }
    }

    it('before it, the person is in many places', async () => {
      ;({ psid, mid, conversation_id: threadId } = await write(TEXTS[0] as string, { name: NAME }))
      await write('with a picture', { psid, attachments: [{ type: 'image', url: 'https://x.test/a.png' }] })
      contactId = (await eventually(() => contactOf(psid), 60_000)).id
      await bed.control('POST', '/events', { kind: 'referral', psid, facebook_page_id: bed.page.facebook_page_id })
      await bed.control('POST', '/events', {
        kind: 'feed',
        item: 'comment',
        verb: 'add',
        psid,
        message: TEXTS[3],
        facebook_page_id: bed.page.facebook_page_id,
      })
      await fullSync()
      const edited = await bed.request('PUT', `/contacts/${contactId}`, { notes: TEXTS[1], email: 'q@x.test' })
      expect(edited.status).toBe(200)
      const { body } = await bed.request('GET', `/pages/${pageId}/conversations?limit=200`)
      const conversation = body.conversations.find(
        (each: { participant: { facebook_id: string } }) => each.participant?.facebook_id === psid,
      )
      const sent = await bed.request('POST', `/conversations/${conversation.id}/messages`, { message: TEXTS[2] })
      expect(sent.status, JSON.stringify(sent.body)).toBe(200)
      const again = await bed.request('POST', `/pages/${pageId}/send-message`, {
        recipient_id: psid,
        message: TEXTS[2],
      })
      expect(again.status, JSON.stringify(again.body)).toBe(200)
      await bed.request('POST', `/pages/${pageId}/sync-contacts-from-facebook`, { mode: 'full' })
      await createDeadLetters(bed.store, bed.eventLog, '/test').bury({
        tenantId: bed.tenant.id,
        facebookPageId: bed.page.facebook_page_id,
        code: 'INTERNAL',
        reason: 'a bug',
        attempts: 3,
        origin: { kind: 'notification', request_id: 'r1' },
        key: bed.page.facebook_page_id,
        payload: Buffer.from(JSON.stringify({ sender: { id: psid }, text: TEXTS[0] })),
        nowMs: bed.clock.now(),
      })
      await eventually(async () => (await bed.grep(TEXTS[3] as string)).includes('comments'), 60_000)
      const where = new Set((await Promise.all(allOf().map(bed.grep))).flat())
      expect([...where].sort()).toEqual(
        expect.arrayContaining([
          'commands',
          'comments',
          'contacts',
          'conversations',
          'dead_letters',
          'messages',
          'page_events',
        ]),
      )
    })

    it('answers once nothing of them is there, and nothing at all names them when it has settled', async () => {
      const { status, body } = await bed.request('DELETE', `/contacts/${contactId}`)
      expect(status, JSON.stringify(body)).toBe(200)
      expect(body.erasure).toMatchObject({ id: `contact-${contactId}`, kind: 'contact', state: 'erased' })
      expect(body.erasure.removed).toMatchObject({ contacts: 1, conversations: 1, comments: 1, dead_letters: 1 })
      expect(body.erasure.removed.messages).toBeGreaterThanOrEqual(4)
      // The work in hand alone still knows whom it is about.
      expect(
        Object.values(await found())
          .flat()
          .filter((where) => where !== 'erasures'),
      ).toEqual([])
      expect((await bed.request('GET', `/contacts/${contactId}`)).status).toBe(404)
      expect((await bed.request('DELETE', `/contacts/${contactId}`)).status).toBe(404)
      bed.moveClock(SETTLED_MS)
      const path = `/erasures/contact-${contactId}`
      await eventually(async () => (await bed.request('GET', path)).body.erasure.state === 'finished', 60_000)
      expect(await found()).toEqual({})
      const told = bed.changes.filter(({ type }) => type === 'contact.erased')
      expect(new Set(told.map(({ id }) => id)).size).toBe(1)
      expect(told[0]).toMatchObject({ entity_id: contactId, fields: { facebook_id: psid } })
    })

    it('leaves the ledger as a trace without the person', async () => {
      const rows = await createLedger(bed.store).ofPage(pageId, 200)
      const sends = rows.filter(({ type }) => type === 'message.send')
      expect(sends).toHaveLength(2)
      for (const { arguments: args, result, conversation_key, state } of sends)
        expect({ args, result, conversation_key, state }).toEqual({
          args: { erased: true },
          result: null,
          conversation_key: null,
          state: 'succeeded',
        })
      const retried = await bed.request('POST', `/commands/${sends[0]?.command_id}/retry`)
      expect(retried.status).toBe(409)
    })

    it('what comes again brings nobody back: old webhooks, late ones about old messages, a full sync, a send', async () => {
      await tellAgain()
      await bed.control('POST', '/events', {
        kind: 'message_edit',
        mid,
        text: TEXTS[0],
        facebook_page_id: bed.page.facebook_page_id,
      })
      await bed.control('POST', '/events', { kind: 'read', psid, facebook_page_id: bed.page.facebook_page_id })
      await fullSync()
      await bed.request('POST', `/pages/${pageId}/sync-contacts-from-facebook`, { mode: 'full' })
      const send = await bed.request('POST', `/pages/${pageId}/send-message`, {
        recipient_id: psid,
        message: 'hello?',
      })
      expect(send.status).toBe(409)
      expect(send.body.code).toBe('RECIPIENT_UNAVAILABLE')
      await tellAgain()
      expect(await found()).toEqual({})
    })

    it('who writes again is back, with what is newer and nothing else', async () => {
      await write('here I am again', { psid, created_at_ms: bed.clock.now() })
      const back = await eventually(() => contactOf(psid), 60_000)
      expect(back.id).not.toBe(contactId)
      await bed.control('POST', '/events', {
        kind: 'message_reaction',
        mid,
        emoji: '❤',
        facebook_page_id: bed.page.facebook_page_id,
        timestamp_ms: bed.clock.now() + 5,
      })
      await tellAgain()
      await fullSync()
      const { body } = await bed.request('GET', `/pages/${pageId}/conversations?limit=200`)
      const conversation = body.conversations.find(
        (each: { participant: { facebook_id: string } }) => each.participant?.facebook_id === psid,
      )
      const messages = (await bed.request('GET', `/conversations/${conversation.id}/messages`)).body.messages
      expect(messages.map(({ text }: { text: string }) => text)).toEqual(['here I am again'])
      for (const text of TEXTS) expect(await bed.grep(text), text).toEqual([])
    })

    it('who was erased stays out when the page is erased, too, and connected anew; until they write again', async () => {
      const left = await write('gone before the page', { name: 'Gone Before' })
      const { id } = await eventually(() => contactOf(left.psid), 60_000)
      expect((await bed.request('DELETE', `/contacts/${id}`)).status).toBe(200)
      const erased = await bed.request('DELETE', `/pages/${pageId}?erase=true`)
      expect(erased.status, JSON.stringify(erased.body)).toBe(200)
      bed.moveClock(SETTLED_MS)
      for (const each of [erased.body.erasure.id, `contact-${id}`]) {
        const state = async () => (await bed.request('GET', `/erasures/${each}`)).body.erasure.state
        await eventually(async () => (await state()) === 'finished', 60_000)
      }
      const { facebook_page_id: facebookPageId } = bed.page
      const input = { tenantId: bed.tenant.id, facebookPageId, accessToken: bed.pageToken, name: null }
      const { page } = await bed.data.pages.connect(input, bed.clock.now())
      expect(page.id).not.toBe(pageId)
      pageId = page.id
      await fullSync()
      await tellAgain()
      // Others are back: the page's history was read anew.
      expect(await contactOf(psid)).toBeDefined()
      for (const text of [left.psid, 'gone before the page', 'Gone Before']) expect(await bed.grep(text)).toEqual([])
      await write('and here I am', { psid: left.psid, created_at_ms: bed.clock.now() })
      await eventually(() => contactOf(left.psid), 60_000)
      await fullSync()
      expect(await bed.grep('gone before the page')).toEqual([])
    })

    it('a tenant is erased with everything, and cut off at once; the others keep theirs', async () => {
      const theirs = await bed.data.addTenant('Theirs')
      const other = await bed.data.addPage(theirs, '990000000000001')
      await bed.data.addConversations(other, 3)
      // What the gateway could not hand on belongs to nobody, and holds what people wrote to the page all the same.
      const letter = {
        tenantId: null,
        code: 'PAYLOAD_TOO_LARGE',
        reason: 'too large',
        attempts: 1,
        key: 'notification',
      }
      const { facebook_page_id: facebookPageId } = bed.page
      const unread = Buffer.from(`{"entry":[{"id":"${facebookPageId}","messaging":[{"text":"words for the page"`)
      for (const [i, each] of [
        { facebookPageId, payload: Buffer.from('words for the page') },
        { facebookPageId: null, payload: unread },
        { facebookPageId: '990000000000001', payload: Buffer.from('words for another') },
      ].entries())
        await createDeadLetters(bed.store, bed.eventLog, '/test').bury({
          ...letter,
          ...each,
          origin: { kind: 'notification', request_id: `nobody${i}` },
          nowMs: bed.clock.now(),
        })
      const before = await bed.grep(bed.tenant.id)
      expect(before.length).toBeGreaterThan(8)
      const refused = await bed.request('DELETE', `/tenants/${bed.tenant.id}`)
      expect(refused.status).toBe(403)
      const { status, body } = await bed.request('DELETE', `/tenants/${bed.tenant.id}`, undefined, OPERATOR_TOKEN)
      expect(status, JSON.stringify(body)).toBe(200)
      expect(body.erasure).toMatchObject({ kind: 'tenant', state: 'erased' })
      await eventually(async () => (await bed.request('GET', '/pages')).status === 401, 10_000)
      await write('is anybody there?', { psid })
      bed.moveClock(SETTLED_MS)
      const path = `/erasures/tenant-${bed.tenant.id}`
      await eventually(
        async () => (await bed.request('GET', path, undefined, OPERATOR_TOKEN)).body.erasure.state === 'finished',
        60_000,
      )
      // That it was erased; requests and counts of the last moment may still be noted.
      const left = await bed.grep(bed.tenant.id)
      expect(left.filter((where) => where !== 'audit_log' && where !== 'counting_sessions')).toEqual(['erasures'])
      // Who erased it outlives it.
      const { audit_log: entries } = (await bed.request('GET', '/audit-log?limit=200', undefined, OPERATOR_TOKEN)).body
      expect(entries).toContainEqual(
        expect.objectContaining({
          tenant_id: null,
          actor: { kind: 'operator', id: 'operator' },
          method: 'DELETE',
          route: '/api/facebook/tenants/:id',
          params: { id: bed.tenant.id },
          status: 200,
        }),
      )
      // Who may connect it next is asked of a row that names the page alone.
      expect(await bed.grep(bed.page.facebook_page_id)).toEqual(['page_holders'])
      expect(await bed.grep('words for another')).toEqual(['dead_letters'])
      for (const text of [psid, 'here I am again', 'words for the page']) expect(await bed.grep(text), text).toEqual([])
      expect(
        (await bed.request('GET', `/pages/${other.id}/contacts`, undefined, theirs.key)).body.contacts,
      ).toHaveLength(3)
      const gone = await bed.request('DELETE', '/tenants/t_never', undefined, OPERATOR_TOKEN)
      expect(gone.status).toBe(404)
    })
  })
}
