import { WEBHOOK_FIELDS } from '@pagesync/shared/graph/webhook-fields.ts'
import { canonicalMid } from '@pagesync/shared/model/message-id.ts'
import { createPageTimers } from '@pagesync/shared/store/repositories/page-timers.ts'
import { messageKey } from '@pagesync/shared/store/repositories/rows.ts'
import { openSyncedCollections } from '@pagesync/shared/store/repositories/synced.ts'
import { TIMER_KINDS } from '@pagesync/shared/store/repositories/timer-rows.ts'
import { describe, expect, it } from 'vitest'
import { freePort } from '../support/engines/free-port.ts'
import { eventually } from '../support/eventually.ts'
import { openSyncBed, type SyncBed } from '../support/sync-bed.ts'

const SHAPE = { count: 4, shortMin: 2, shortMax: 4, recentCustomers: 2 }
const MINUTE_MS = 60_000

const told = (bed: SyncBed, type: string) => bed.changes.filter((change) => change.type === type)
const pageOf = async (bed: SyncBed) => (await bed.pages.get('t_bed', bed.page.id))!
const fieldsAtFacebook = async (bed: SyncBed): Promise<string[] | null> => {
  const { pages } = await bed.simulator.control<{ pages: { subscribed_fields: string[] | null }[] }>('GET', 'pages')
  return pages[0]?.subscribed_fields ?? null
}
const subscribe = (bed: SyncBed, fields: readonly string[] | null) =>
  bed.simulator.control('PATCH', `pages/${bed.page.facebook_page_id}`, { subscribed_fields: fields })
const write = (bed: SyncBed, text: string) =>
  bed.simulator.control<{ mid: string; webhooks: { status: number | null }[] }>('POST', 'messages', { text })
const stored = async (bed: SyncBed, mid: string) => {
  const { messages } = openSyncedCollections(bed.store)
  return (await messages.getMany([messageKey(bed.page.id, canonicalMid(mid))]))[0]
}

describe("the subscription to a page's webhooks", () => {
  it('is made where there is none, and then left alone', async () => {
    await using bed = await openSyncBed(SHAPE)
    await subscribe(bed, null)
    const first = await bed.run('page.subscribe_webhooks')
    // Nothing of the page is known yet: there is no gap to fill.
    expect(first).toMatchObject({
      state: 'succeeded',
      result: { subscribed: true, added_fields: [...WEBHOOK_FIELDS], gap_command_id: null },
    })
    expect(await fieldsAtFacebook(bed)).toEqual([...WEBHOOK_FIELDS])
    expect((await pageOf(bed)).webhook_subscribed).toBe(true)
    await eventually(() => told(bed, 'page.updated').find(({ fields }) => fields.webhook_subscribed === true))

    const second = await bed.run('page.subscribe_webhooks')
    expect(second).toMatchObject({ state: 'succeeded', graph_calls: 1, result: { added_fields: [] } })
    expect(told(bed, 'page.updated')).toHaveLength(1)
    expect(told(bed, 'page.webhook_unsubscribed')).toEqual([])
  })

  it('is made by itself for a page that nobody looked at yet', async () => {
    await using bed = await openSyncBed(SHAPE, { schedules: true })
    await subscribe(bed, null)
    await eventually(async () => (await pageOf(bed)).webhook_subscribed === true)
    expect(await fieldsAtFacebook(bed)).toEqual([...WEBHOOK_FIELDS])
    const rows = await createPageTimers(bed.store).ofPages([bed.page.id])
    expect(rows.map(({ kind }) => kind).sort()).toEqual([...TIMER_KINDS].sort())
    expect(rows.every(({ due_ms }) => (due_ms ?? 0) > Date.now())).toBe(true)
  })

  it('is completed with the fields that we use, and keeps those of others', async () => {
    await using bed = await openSyncBed(SHAPE)
    await bed.run('page.subscribe_webhooks')
    await subscribe(bed, ['messages', 'message_echoes', 'leadgen'])
    await bed.run('page.subscribe_webhooks')
    expect(new Set(await fieldsAtFacebook(bed))).toEqual(new Set([...WEBHOOK_FIELDS, 'leadgen']))
    expect(told(bed, 'page.webhook_unsubscribed')).toEqual([])
  })

  it('of a page that is disconnected meanwhile is not claimed', async () => {
    await using bed = await openSyncBed(SHAPE)
    await subscribe(bed, null)
    await bed.simulator.control('POST', 'faults', [{ match: { method: 'POST' }, action: { delay_ms: 1_000 } }])
    const id = await bed.publish('page.subscribe_webhooks')
    await bed.command(id, ({ progress }) => progress?.phase === 'webhooks')
    await bed.pages.disconnect(await pageOf(bed), Date.now())
    expect((await bed.command(id)).state).toBe('succeeded')
    expect(await pageOf(bed)).toMatchObject({ status: 'disconnected', webhook_subscribed: false })
    expect(told(bed, 'page.updated').filter(({ fields }) => fields.webhook_subscribed === true)).toEqual([])
  })

  it('that Facebook refuses is known to be missing', async () => {
    await using bed = await openSyncBed(SHAPE)
    await subscribe(bed, null)
    await bed.simulator.control('POST', 'faults', [{ match: { method: 'POST' }, action: { error: { code: 200 } } }])
    expect(await bed.run('page.subscribe_webhooks')).toMatchObject({
      state: 'failed',
      failure: { code: 'PERMISSION_MISSING' },
    })
    expect(await pageOf(bed)).toMatchObject({ status: 'active', webhook_subscribed: false })
  })

  it('of a page that moves to another tenant tells from that moment on the other tenant alone', async () => {
    await using bed = await openSyncBed(SHAPE, { webhooks: true })
    await bed.run('page.subscribe_webhooks')
    const before = await write(bed, 'To the first')
    await eventually(() => stored(bed, before.mid))
    await bed.pages.disconnect(await pageOf(bed), Date.now())
    const { facebook_page_id: facebookPageId } = bed.page
    const accessToken = bed.simulator.pages[0]!.accessToken
    const { page } = await bed.pages.connect(
      { tenantId: 't_other', facebookPageId, accessToken, name: null },
      Date.now(),
    )
    const after = await write(bed, 'To the second')
    const { messages } = openSyncedCollections(bed.store)
    const ofOther = messageKey(page.id, canonicalMid(after.mid))
    await eventually(async () => (await messages.getMany([ofOther]))[0] ?? (await stored(bed, after.mid)))
    expect(await stored(bed, after.mid)).toBeUndefined()
  })

  it('lost after an hour in which nobody answered is told, made again, and what was missed is read', async () => {
    await using bed = await openSyncBed(SHAPE, { webhooks: true })
    await bed.run('page.subscribe_webhooks')
    await bed.run('page.full_sync')
    const before = await write(bed, 'Still heard')
    await eventually(() => stored(bed, before.mid))
    await eventually(async () => (await bed.pages.lastEventMs(bed.page.id)) ?? undefined)

    const { webhook_url: webhookUrl } = await bed.simulator.control<{ webhook_url: string }>('GET', 'app')
    const nobody = `http://127.0.0.1:${await freePort()}/api/facebook/webhook`
    await bed.simulator.control('PUT', 'app', { webhook_url: nobody })
    const missed = [await write(bed, 'Hello?')]
    for (const minutes of [16, 30, 15]) {
      await bed.simulator.control('POST', 'clock', { advance_ms: minutes * MINUTE_MS })
      missed.push(await write(bed, `Still nobody after ${minutes} minutes?`))
    }
    expect(await fieldsAtFacebook(bed)).toBeNull()
    await bed.simulator.control('PUT', 'app', { webhook_url: webhookUrl })
    missed.push(await write(bed, 'And now?'))
    expect(await Promise.all(missed.map(({ mid }) => stored(bed, mid)))).toEqual(missed.map(() => undefined))

    const check = await bed.run('page.subscribe_webhooks')
    const lost = await eventually(() => told(bed, 'page.webhook_unsubscribed')[0])
    expect(lost).toMatchObject({ cause: { command_id: check.command_id }, fields: { webhook_subscribed: false } })
    expect((await pageOf(bed)).webhook_subscribed).toBe(true)
    const gap = await bed.command(String(check.result?.gap_command_id))
    expect(gap).toMatchObject({ type: 'page.full_sync', state: 'succeeded', trigger: 'webhook' })
    expect(gap.arguments).toMatchObject({ mode: 'incremental', since: expect.any(String) })
    for (const { mid } of missed) expect(await stored(bed, mid)).toMatchObject({ origin: 'sync' })
    const after = await write(bed, 'Heard again')
    await eventually(() => stored(bed, after.mid))
    expect(told(bed, 'page.webhook_unsubscribed')).toHaveLength(1)
  })

  it('lost and made again by an attempt that was cut short is told and filled all the same', async () => {
    await using bed = await openSyncBed(SHAPE, { webhooks: true })
    await bed.run('page.subscribe_webhooks')
    await write(bed, 'Hi')
    await eventually(async () => (await bed.pages.lastEventMs(bed.page.id)) ?? undefined)
    await subscribe(bed, null)
    // Facebook subscribes, the answer is lost, and so are those of the repetitions: the next attempt finds it done.
    const fault = { match: { method: 'POST' }, times: 3, action: { apply_then_lose: true } }
    await bed.simulator.control('POST', 'faults', [fault])
    const check = await bed.run('page.subscribe_webhooks')
    expect(check).toMatchObject({ state: 'succeeded', attempts: 2 })
    expect((await bed.command(String(check.result?.gap_command_id))).state).toBe('succeeded')
    expect(told(bed, 'page.webhook_unsubscribed').map(({ id }) => id)).toHaveLength(2)
    expect(new Set(told(bed, 'page.webhook_unsubscribed').map(({ id }) => id)).size).toBe(1)
  })
})
