import { execFile } from 'node:child_process'
import { readFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { promisify } from 'node:util'
import { afterAll, beforeAll, describe, expect, inject, it } from 'vitest'
import { type DistributedSystem, OPERATOR_TOKEN, startDistributedSystem } from '../support/distributed-system.ts'
import { eventually } from '../support/eventually.ts'
import { api, call } from '../support/system.ts'

const kafkaUrl = inject('kafkaUrl')
const mongodbUrl = inject('mongodbUrl')
const ROOT = fileURLToPath(new URL('../../', import.meta.url))

/** docs/examples as somebody follows it: commands from a program that knows nothing of ours but the topics. */
describe.skipIf(kafkaUrl === '' || mongodbUrl === '')('the examples of commands from other programs', () => {
  let system: DistributedSystem
  let environment: Record<string, string>
  beforeAll(async () => {
    system = await startDistributedSystem({ kafkaUrl, mongodbUrl })
    const { body } = await call(`${system.apiUrl}/api/facebook/tenants`, 'GET', {
      headers: { authorization: `Bearer ${OPERATOR_TOKEN}` },
    })
    environment = {
      PATH: process.env.PATH ?? '',
      KAFKA_BROKERS: new URL(kafkaUrl).host,
      TENANT_ID: body.tenants[0].id,
      PAGE_ID: String(system.pageId),
      FACEBOOK_PAGE_ID: system.facebookPageId,
    }
  })
  afterAll(() => system?.[Symbol.asyncDispose]())

  /** Its lines, whatever it ended with. */
  const run = async (args: readonly string[], more: Record<string, string> = {}) => {
    const { stdout } = await promisify(execFile)(process.execPath, ['docs/examples/publish-command.mjs', ...args], {
      cwd: ROOT,
      env: { ...environment, ...more },
      timeout: 80_000,
    }).catch((error: { stdout: string }) => error)
    const lines = stdout.trim().split('\n')
    return lines.map((line) => JSON.parse(line))
  }

  it('a command is published from Node, runs, and its states are seen on the changes topic', async () => {
    const lines = await run(['page.sync_details', '{"fields":["about"]}'])
    const { command_id, state } = lines.at(-1)
    expect(state).toBe('succeeded')
    const told = lines.slice(0, -1).map(({ type }) => type)
    expect(told).toContain('command.queued')
    expect(told.at(-1)).toBe('command.succeeded')
    const { body } = await api(system, 'GET', `/commands/${command_id}`)
    expect(body.command).toMatchObject({ state: 'succeeded', type: 'page.sync_details', result: { page: {} } })
  })

  it('a command that is wrong is rejected on the changes topic and kept as a dead letter of its tenant', async () => {
    const [told, end] = await run(['conversation.sync_status'], { CONVERSATION_ID: '987654' })
    expect(told).toMatchObject({ type: 'command.rejected', fields: { code: 'CONVERSATION_NOT_FOUND' } })
    expect(end.state).toBe('rejected')
    const letter = await eventually(async () => {
      const { body } = await api(system, 'GET', `/dead-letters/${told.fields.dead_letter_id}`)
      return body.dead_letter
    })
    expect(letter).toMatchObject({ code: 'CONVERSATION_NOT_FOUND', attempts: 1, state: 'open' })

    // Replayed it fails again, and is the same entry.
    expect((await api(system, 'POST', `/dead-letters/${letter.id}/replay`)).status).toBe(200)
    await eventually(async () => {
      const { body } = await api(system, 'GET', `/dead-letters/${letter.id}`)
      return body.dead_letter.attempts === 2 && body.dead_letter.state === 'open'
    })
    const { body } = await api(system, 'GET', '/dead-letters')
    expect(body.dead_letters).toHaveLength(1)
  })

  it("the record for Kafka's console producer is one that the worker runs", async () => {
    const text = await readFile(`${ROOT}docs/examples/README.md`, 'utf8')
    const [, key, value] = /printf '(\d+)\\t(\{.*\})\\n'/.exec(text) ?? []
    expect(key).toMatch(/^\d+$/)
    const command = JSON.parse(value ?? '')
    // As in the text, but for this system's own ids and something that needs no conversation.
    const { Kafka, logLevel, Partitioners } = await import('kafkajs')
    const producer = new Kafka({ brokers: [new URL(kafkaUrl).host], logLevel: logLevel.NOTHING }).producer({
      createPartitioner: Partitioners.DefaultPartitioner,
    })
    await producer.connect()
    const { conversation_id: _conversation, ...rest } = command
    const mine = { ...rest, type: 'page.sync_details', tenant_id: environment.TENANT_ID, page_id: system.pageId }
    await producer.send({
      topic: 'facebook.commands.v1',
      messages: [{ key: system.facebookPageId, value: JSON.stringify(mine) }],
    })
    await producer.disconnect()
    await eventually(async () => {
      const { body } = await api(system, 'GET', `/commands/${command.id}`)
      return body.command?.state === 'succeeded'
    }, 30_000)
  })
})
