import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { startStandaloneSystem } from '../support/standalone-system.ts'
import { api, call, customerWrites, listAll } from '../support/system.ts'

describe('npm start', () => {
  it('says with --json where everything is, in one line and nothing else on standard output', async () => {
    await using system = await startStandaloneSystem()
    await customerWrites(system, { text: 'hello' })
    await system.process().end('SIGINT')
    const output = system.process().output
    expect(output).toHaveLength(1)
    const line = JSON.parse(output[0] ?? '')
    expect(line).toEqual({
      ready: true,
      api_url: system.apiUrl,
      webhook_url: system.webhookUrl,
      graph_url: system.controlUrl,
      api_key: expect.stringMatching(/^ps_live_/),
      app_secret: expect.any(String),
      verify_token: expect.any(String),
      control_url: system.controlUrl,
      page_id: 1,
      facebook_page_id: expect.stringMatching(/^\d+$/),
      page_access_token: expect.any(String),
    })
    for (const url of [line.api_url, line.webhook_url, line.graph_url])
      expect(new URL(url).pathname + url.at(-1)).not.toBe('//')
  })

  it('brings a page with a history, recent customers and a first full sync that anybody can watch', async () => {
    await using system = await startStandaloneSystem()
    const status = await eventually(async () => {
      const { body } = await api(system, 'GET', `/pages/${system.pageId}/sync-status`)
      return body.page.last_synced_at === null ? undefined : body
    })
    expect(status.statistics.total_conversations).toBeGreaterThanOrEqual(40)
    expect(status.statistics.total_messages).toBeGreaterThanOrEqual(600)
    const conversations = await listAll(system, `/pages/${system.pageId}/conversations`, 'conversations')
    const anHourAgo = Date.now() - 3_600_000
    const recent = conversations.filter(
      (each) => each.reply_window.kind === 'standard' && Date.parse(each.last_message_at) > anHourAgo,
    )
    expect(recent.length).toBeGreaterThanOrEqual(5)
    const { body } = await api(system, 'GET', `/commands?page_id=${system.pageId}`)
    const syncs = body.commands.filter(({ type }: { type: string }) => type === 'page.full_sync')
    expect(syncs).toMatchObject([{ state: 'succeeded' }])
    await eventually(async () => {
      const { body } = await api(system, 'GET', `/pages/${system.pageId}/sync-status`)
      return body.page.webhook.subscribed === true || undefined
    })
  })

  it('ends within 3 s of Ctrl-C, and goes on with the same data and the same key when started again', async () => {
    await using system = await startStandaloneSystem()
    const { psid } = await customerWrites(system, { text: 'before the restart' })
    const conversation = await eventually(async () =>
      (await listAll(system, `/pages/${system.pageId}/conversations`, 'conversations')).find(
        (each) => each.participant.facebook_id === psid,
      ),
    )
    const began = performance.now()
    expect(await system.process().end('SIGINT')).toBe(0)
    expect(performance.now() - began).toBeLessThan(3_000)

    await system.restartWorker()
    await customerWrites(system, { psid, text: 'after the restart' })
    await eventually(async () => {
      const messages = await listAll(system, `/conversations/${conversation.id}/messages`, 'messages')
      return messages.length === 2 && messages[0].text === 'after the restart'
    })
  })

  it('answers health and documents on its ports', async () => {
    await using system = await startStandaloneSystem()
    for (const url of [system.apiUrl, system.webhookUrl]) {
      expect((await call(`${url}/livez`, 'GET')).body).toEqual({ status: 'alive' })
      expect((await call(`${url}/readyz`, 'GET')).status).toBe(200)
    }
    expect((await call(`${system.apiUrl}/docs`, 'GET')).status).toBeLessThan(400)
    const { body } = await call(`${system.apiUrl}/docs/json`, 'GET')
    expect(body.openapi).toMatch(/^3\.1\./)
    expect(Object.keys(body.paths).length).toBeGreaterThan(15)
  })
})
