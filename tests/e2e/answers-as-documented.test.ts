import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { fetchOpenApi, type OpenApiCheck } from '../support/openapi-check.ts'
import { startStandaloneSystem } from '../support/standalone-system.ts'
import { api, call, customerWrites, type System } from '../support/system.ts'

/** The whole system, its own worker and the simulated Facebook: every answer as the API's document says. */
describe('answers of the whole system', () => {
  let system: System
  let check: OpenApiCheck
  let conversationId: number
  let contactId: number

  beforeAll(async () => {
    system = await startStandaloneSystem()
    check = await fetchOpenApi(system.apiUrl)
    await api(system, 'POST', `/pages/${system.pageId}/full-sync-from-facebook`, { headers: { prefer: 'wait=60' } })
    await customerWrites(system, { text: 'Is this documented?' })
    conversationId = await eventually(async () => {
      const { body } = await api(system, 'GET', `/pages/${system.pageId}/conversations?limit=1`)
      return body.conversations[0]?.snippet === 'Is this documented?' ? body.conversations[0].id : undefined
    })
    contactId = (await api(system, 'GET', `/pages/${system.pageId}/contacts`)).body.contacts[0].id
  })
  afterAll(() => system?.[Symbol.asyncDispose]())

  const REQUESTS = [
    ['POST', '/pages/{pageId}/sync-from-facebook'],
    ['POST', '/pages/{pageId}/sync-contacts-from-facebook'],
    ['POST', '/pages/{pageId}/sync-conversations'],
    ['POST', '/pages/{pageId}/full-sync-from-facebook'],
    ['POST', '/conversations/{conversationId}/sync-messages-from-facebook'],
    ['POST', '/conversations/{conversationId}/sync-status-from-facebook'],
    ['GET', '/pages/{pageId}/sync-status'],
    ['GET', '/pages/{pageId}/sync-history'],
    ['GET', '/pages'],
    ['GET', '/pages/{id}'],
    ['GET', '/pages/{id}/conversations'],
    ['GET', '/pages/{id}/contacts'],
    ['GET', '/conversations/{id}'],
    ['GET', '/conversations/{id}/messages'],
    ['GET', '/contacts/{id}'],
    ['GET', '/commands'],
    ['GET', '/pages/{id}/conversations/unanswered'],
    ['GET', '/pages/{id}/comments'],
    ['GET', '/settings'],
    ['GET', '/dead-letters'],
  ] as const

  it.each(REQUESTS)('%s %s', async (method, path) => {
    const id = path.startsWith('/conversations')
      ? conversationId
      : path.startsWith('/contacts')
        ? contactId
        : system.pageId
    const answer = await api(system, method, path.replaceAll(/\{\w+\}/g, String(id)))
    expect(answer.status, JSON.stringify(answer.body)).toBe(200)
    check.expectDocumented(method, `/api/facebook${path}`, answer)
  })

  it('GET /commands/{id} with the states that a real worker went through', async () => {
    const { body } = await api(system, 'GET', '/commands?kind=page.full_sync&limit=1')
    const answer = await api(system, 'GET', `/commands/${body.commands[0].id}`)
    check.expectDocumented('GET', '/api/facebook/commands/{id}', answer)
    const states = answer.body.command.transitions.map((each: { state: string }) => each.state)
    expect(states[0]).toBe('accepted')
    expect(states.slice(-2)).toEqual(['running', 'succeeded'])
  })

  it('POST /pages with a token that Facebook does not know', async () => {
    const answer = await api(system, 'POST', '/pages', {
      body: { facebook_page_id: system.facebookPageId, access_token: 'EAAnobody' },
    })
    expect(answer.status).toBe(502)
    expect(answer.body).toMatchObject({ code: 'FACEBOOK_TOKEN_INVALID', facebook: { code: 190 } })
    check.expectDocumented('POST', '/api/facebook/pages', answer)
  })

  it('POST /pages with the token of a new page connects it, and its full sync brings everything over', async () => {
    const { body: made } = await call(`${system.controlUrl}/_control/pages`, 'POST', {
      body: { name: 'Second Café', conversations: 5 },
    })
    const answer = await api(system, 'POST', '/pages', {
      body: { facebook_page_id: made.facebook_page_id, access_token: made.access_token },
    })
    expect(answer.status, JSON.stringify(answer.body)).toBe(201)
    check.expectDocumented('POST', '/api/facebook/pages', answer)
    expect(answer.body.page).toMatchObject({ facebook_page_id: made.facebook_page_id, name: 'Second Café' })
    await eventually(async () => {
      const { body } = await api(system, 'GET', `/commands/${answer.body.command.id}`)
      return body.command.state === 'succeeded'
    })
    const { body } = await api(system, 'GET', `/pages/${answer.body.page.id}/conversations`)
    expect(body.conversations).toHaveLength(5)
  })
})
