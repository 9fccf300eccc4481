import { openStore } from '@pagesync/shared/store/open-store.ts'
import { commandKey } from '@pagesync/shared/store/repositories/rows.ts'
import { describe, expect, inject, it } from 'vitest'
import { createApiData } from '../../support/api-data.ts'
import { type ApiSystem, startApiSystem } from '../../support/api-system.ts'
import { succeed } from '../../support/command-results.ts'
import { startLocalMongo } from '../../support/engines/mongo-engine.ts'
import { eventually } from '../../support/eventually.ts'
import { createFinishCommand } from '../../support/finish-command.ts'
import { call } from '../../support/system.ts'

async function withPage(system: ApiSystem) {
  const data = createApiData(system.store)
  const tenant = await data.addTenant('Angkor')
  const page = await data.addPage(tenant, '100')
  return { tenant, page }
}

describe('while the event log is down', () => {
  it('a command is accepted with 202 all the same: it stands in the ledger, and /readyz says which part is down', async () => {
    await using system = await startApiSystem({ config: { COMMAND_WAIT_SECONDS: 1 } })
    const { tenant, page } = await withPage(system)
    await system.eventLog.close()
    const path = `/pages/${page.id}/full-sync-from-facebook`
    const answer = await system.request(tenant.key, 'POST', path, { headers: { prefer: 'respond-async' } })
    expect(answer.status).toBe(202)
    const row = await system.ledger.get(tenant.id, answer.body.command.id)
    expect(row).toMatchObject({ state: 'accepted', type: 'page.full_sync' })
    const ready = await call(`${system.origin}/readyz`, 'GET')
    expect(ready.status).toBe(503)
    expect(ready.body).toMatchObject({
      status: 'not_ready',
      parts: { event_log: { status: 'down' }, store: { status: 'up' } },
    })
    expect((await call(`${system.origin}/livez`, 'GET')).status).toBe(200)
    expect((await system.request(tenant.key, 'GET', '/pages')).status).toBe(200)
  })

  it('a caller that waits is answered as soon as the ledger has the outcome', async () => {
    await using system = await startApiSystem()
    const { tenant, page } = await withPage(system)
    await system.eventLog.close()
    const answering = system.request(tenant.key, 'POST', `/pages/${page.id}/sync-from-facebook`)
    const row = await eventually(async () => (await system.ledger.ofPage(page.id, 1))[0])
    await createFinishCommand(system.store, system.eventLog, { announces: false })(
      commandKey(tenant.id, row.command_id),
      succeed,
    )
    expect((await answering).status).toBe(200)
  })
})

describe.skipIf(inject('mongodbUrl') === '')('while the store is down', () => {
  it('every route answers 503 with Retry-After within its limit, says so in /readyz, and works again afterwards', async () => {
    await using mongo = await startLocalMongo()
    await using system = await startApiSystem({ store: await openStore(`${mongo.url}api_faults`) })
    const { tenant, page } = await withPage(system)
    expect((await system.request(tenant.key, 'GET', `/pages/${page.id}`)).status).toBe(200)
    await mongo.killHard()
    const ready = await call(`${system.origin}/readyz`, 'GET')
    expect(ready.status).toBe(503)
    expect(ready.body.parts).toMatchObject({ store: { status: 'down' }, event_log: { status: 'up' } })
    for (const [method, path] of [
      ['GET', `/pages/${page.id}`],
      ['GET', '/commands'],
      ['POST', `/pages/${page.id}/sync-from-facebook`],
    ] as const) {
      const startedMs = performance.now()
      const answer = await system.request(tenant.key, method, path)
      expect(answer.status, path).toBe(503)
      expect(answer.body).toMatchObject({ success: false, code: 'STORE_UNAVAILABLE' })
      expect(Number(answer.headers['retry-after'])).toBeGreaterThan(0)
      expect(performance.now() - startedMs).toBeLessThan(20_000)
    }
    await mongo.restart()
    await eventually(async () => (await system.request(tenant.key, 'GET', `/pages/${page.id}`)).status === 200, 60_000)
  })

  it('a caller that waits is not failed by it: the command is accepted', async () => {
    await using mongo = await startLocalMongo()
    await using system = await startApiSystem({ store: await openStore(`${mongo.url}api_faults`) })
    const { tenant, page } = await withPage(system)
    const answering = system.request(tenant.key, 'POST', `/pages/${page.id}/sync-from-facebook`, {
      headers: { prefer: 'wait=3' },
    })
    await eventually(async () => (await system.ledger.ofPage(page.id, 1)).length === 1)
    await mongo.killHard()
    expect((await answering).status).toBe(202)
  })
})

describe('closing', () => {
  it('answers the callers that wait with 202, ends within its limit, and what they asked for stands in the ledger', async () => {
    await using system = await startApiSystem()
    const { tenant, page } = await withPage(system)
    const kinds = ['sync-from-facebook', 'sync-contacts-from-facebook', 'sync-conversations'] as const
    const answering = kinds.map((kind) =>
      system.request(tenant.key, 'POST', `/pages/${page.id}/${kind}`, { headers: { prefer: 'wait=60' } }),
    )
    await eventually(async () => (await call(`${system.origin}/readyz`, 'GET')).body.parts.callers.waiting === 3)
    const startedMs = performance.now()
    await system.api.close()
    expect(performance.now() - startedMs).toBeLessThan(9_000)
    const answers = await Promise.all(answering)
    expect(answers.map(({ status }) => status)).toEqual([202, 202, 202])
    expect(await system.ledger.ofPage(page.id, 10)).toHaveLength(3)
    await expect(call(`${system.origin}/livez`, 'GET')).rejects.toThrow()
    await system.api.close()
  })
})
