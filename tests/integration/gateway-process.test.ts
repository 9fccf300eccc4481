import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { describe, expect, onTestFinished, test } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { sign, WEBHOOK_PATH } from '../support/gateway-bed.ts'
import { spawnNode } from '../support/spawn-node.ts'

const MAIN = 'services/webhook-gateway/src/main.ts'
const SECRET = '0f1e2d3c4b5a69788796a5b4c3d2e1f0'
const BASE = {
  GATEWAY_PORT: '0',
  GATEWAY_HOST: '127.0.0.1',
  FB_APP_SECRET: SECRET,
  FB_VERIFY_TOKEN: 'verify-me-please',
}

describe('the gateway as a process', () => {
  test('is configured by environment alone, serves, and ends cleanly at SIGTERM', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'pagesync-gateway-process-'))
    onTestFinished(() => rm(folder, { recursive: true, force: true }))
    await using gateway = spawnNode(MAIN, {
      ...BASE,
      EVENT_LOG_URL: `embedded:${folder}`,
      STORE_URL: `embedded:${folder}`,
    })
    const { url } = await gateway.jsonLine<{ url: string }>(({ msg }) => msg === 'listening')
    const body = '{"object":"page","entry":[{"id":"1","time":1767868200,"changes":[{"field":"name"}]}]}'
    const answer = await fetch(`${url}${WEBHOOK_PATH}`, {
      method: 'POST',
      body,
      headers: { 'x-hub-signature-256': sign(body, SECRET) },
    })
    expect([answer.status, await answer.text()]).toEqual([200, 'EVENT_RECEIVED'])
    expect((await fetch(`${url}/readyz`)).status).toBe(200)
    expect(await gateway.end('SIGTERM')).toBe(0)
    expect(gateway.lines.join('\n')).not.toContain(SECRET)
  })

  test('says all that is wrong with its configuration and ends with 1', async () => {
    await using gateway = spawnNode(MAIN, { GATEWAY_PORT: 'many', FB_APP_SECRT: 'typing-mistake' })
    await expect(gateway.jsonLine(() => true)).rejects.toThrow(/ended with 1:/)
    await eventually(() => gateway.lines.length >= 7)
    const said = gateway.lines.join('\n')
    for (const name of [
      'GATEWAY_PORT',
      'EVENT_LOG_URL',
      'STORE_URL',
      'FB_APP_SECRET',
      'FB_VERIFY_TOKEN',
      'FB_APP_SECRT',
    ])
      expect(said).toMatch(new RegExp(`^ +${name} `, 'm'))
    expect(said).not.toMatch(/ at .*\.ts/)
  })

  test('waits for an event log that is not there yet, and can be stopped meanwhile', async () => {
    await using gateway = spawnNode(MAIN, {
      ...BASE,
      EVENT_LOG_URL: 'kafka://127.0.0.1:9',
      STORE_URL: 'mongodb://127.0.0.1:9/none',
    })
    await gateway.jsonLine(({ msg, part }) => part === 'event_log' && msg === 'waited for a part that is not there yet')
    expect(await gateway.end('SIGTERM')).toBe(0)
  })
})
