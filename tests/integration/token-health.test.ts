import { canonicalMid } from '@pagesync/shared/model/message-id.ts'
import { type CommandRow, messageKey, type PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { openSyncedCollections } from '@pagesync/shared/store/repositories/synced.ts'
import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { openSyncBed, type SyncBed } from '../support/sync-bed.ts'

const SHAPE = { count: 4, shortMin: 2, shortMax: 4, recentCustomers: 2 }
const DAY_MS = 86_400_000

const pageOf = async (bed: SyncBed): Promise<PageRow> => (await bed.pages.get('t_bed', bed.page.id))!
const token = (bed: SyncBed, change: Record<string, unknown>) => bed.simulator.control('PUT', 'tokens', change)
const told = (bed: SyncBed, type: string) => bed.changes.filter((change) => change.type === type)
const storedMessage = async (bed: SyncBed, mid: string) => {
  const { messages } = openSyncedCollections(bed.store)
  return (await messages.getMany([messageKey(bed.page.id, canonicalMid(mid))]))[0]
}
const isWaiting = ({ state, transitions }: CommandRow) =>
  state === 'waiting' && transitions.at(-1)?.reason === 'reauth_required'

describe('the check of a token', () => {
  it('says until when it lives, and warns ahead of its end', async () => {
    await using bed = await openSyncBed(SHAPE)
    const fine = await bed.run('page.check_token')
    expect(fine).toMatchObject({ state: 'succeeded', graph_calls: 1 })
    expect(fine.result).toMatchObject({ status: 'active', token_status: 'valid', token_expires_at: null })
    expect(Date.parse(String(fine.result?.data_access_expires_at))).toBeGreaterThan(Date.now() + 80 * DAY_MS)

    await token(bed, { expires_at_ms: Date.now() + 5 * DAY_MS })
    expect((await bed.run('page.check_token')).result).toMatchObject({ status: 'active', token_status: 'expiring' })
    const update = await eventually(() =>
      told(bed, 'page.updated').find(({ fields }) => fields.token_status === 'expiring'),
    )
    expect(Date.parse(String(update.fields.token_expires_at))).toBeGreaterThan(Date.now() + 4 * DAY_MS)
    await bed.run('page.check_token')
    expect(told(bed, 'page.updated')).toHaveLength(1)
  })

  it('finds a dead token before any call fails for it, and a living one again', async () => {
    await using bed = await openSyncBed(SHAPE)
    await token(bed, { subcode: 460 })
    const dead = await bed.run('page.check_token')
    expect(dead).toMatchObject({ state: 'succeeded', result: { status: 'reauth_required', token_status: 'invalid' } })
    const invalid = await eventually(() => told(bed, 'page.token_invalid')[0])
    expect(invalid).toMatchObject({
      entity_id: bed.page.id,
      cause: { command_id: dead.command_id },
      fields: { status: 'reauth_required', token_status: 'invalid', facebook: { code: 190, subcode: 460 } },
    })
    const waiting = await bed.publish('page.sync_details')
    await bed.command(waiting, isWaiting)

    await token(bed, { state: 'valid' })
    const alive = await bed.run('page.check_token')
    expect(alive.result).toMatchObject({ status: 'active', token_status: 'valid' })
    // Sooner than it would have been looked at by itself.
    expect((await bed.command(waiting)).state).toBe('succeeded')
    await eventually(() => told(bed, 'page.token_restored').length > 0)
    expect(new Set(told(bed, 'page.token_invalid').map(({ id }) => id)).size).toBe(1)
    await eventually(async () => (await pageOf(bed)).token_news?.length === 0 || undefined)
  })

  it("the app's own trouble says nothing about the page's token", async () => {
    await using bed = await openSyncBed(SHAPE)
    const fault = { match: { path: '/debug_token' }, times: 1, action: { error: { code: 190 } } }
    await bed.simulator.control('POST', 'faults', [fault])
    expect(await bed.run('page.check_token')).toMatchObject({
      state: 'failed',
      failure: { code: 'FACEBOOK_MISCONFIGURED' },
    })
    expect(await pageOf(bed)).toMatchObject({ status: 'active', token_status: 'valid' })
  })
})

it('no refusal that is about something else than the token disconnects a page', async () => {
  await using bed = await openSyncBed(SHAPE)
  const refusals = [
    { code: 3 },
    { code: 10 },
    { code: 200 },
    { code: 230 },
    { code: 100, subcode: 33 },
    { code: 104 },
    { code: 368 },
    { code: 2500 },
    { code: 551 },
    { code: 2018300 },
    // Nothing that we know.
    { code: 19000 },
  ]
  for (const error of refusals) {
    await bed.simulator.control('POST', 'faults', [{ match: { kind: 'page' }, times: 9, action: { error } }])
    expect((await bed.run('page.sync_details')).state, JSON.stringify(error)).toBe('failed')
    expect(await pageOf(bed), JSON.stringify(error)).toMatchObject({ status: 'active', token_status: 'valid' })
    await bed.simulator.control('DELETE', 'faults')
  }
  expect(told(bed, 'page.token_invalid')).toEqual([])
  await bed.simulator.control('POST', 'faults', [
    { match: { kind: 'page' }, times: 9, action: { error: { code: 190 } } },
  ])
  await bed.publish('page.sync_details')
  await eventually(async () => (await pageOf(bed)).status === 'reauth_required')
})

describe('a token that dies', () => {
  it('is told once for all commands that fail for it; webhooks are stored, commands go on after connecting again', async () => {
    await using bed = await openSyncBed(SHAPE, { webhooks: true })
    await token(bed, { subcode: 463 })
    const ids = await Promise.all(
      (['page.sync_details', 'page.full_sync', 'page.sync_contacts'] as const).map((type) => bed.publish(type)),
    )
    for (const id of ids) await bed.command(id, isWaiting)
    expect(await pageOf(bed)).toMatchObject({ status: 'reauth_required', token_status: 'invalid' })

    const { mid } = await bed.simulator.control<{ mid: string }>('POST', 'messages', { text: 'Anybody there?' })
    await eventually(() => storedMessage(bed, mid))

    const { access_token: accessToken } = await bed.simulator.control<{ access_token: string }>('POST', 'tokens', {})
    const { facebook_page_id: facebookPageId } = bed.page
    await bed.pages.connect({ tenantId: 't_bed', facebookPageId, accessToken, name: null }, Date.now())
    await bed.ledger.wakePage(bed.page.id, Date.now())
    for (const id of ids) expect((await bed.command(id)).state).toBe('succeeded')
    // Two lanes may tell it at the same moment; it is the same announcement.
    expect(new Set(told(bed, 'page.token_invalid').map(({ id }) => id)).size).toBe(1)
    const [invalid] = told(bed, 'page.token_invalid')
    expect(ids).toContain(invalid?.cause.command_id)
    expect(invalid?.fields.facebook).toEqual({ code: 190, subcode: 463 })
  })

  it.each([
    ['a permission', { code: 200 }],
    ['another permission', { code: 10 }],
    ['a policy', { code: 368 }],
    ['a missing proof', { code: 104 }],
  ])('is not what an error about %s means', async (_what, error) => {
    await using bed = await openSyncBed(SHAPE)
    await bed.simulator.control('POST', 'faults', [{ action: { error } }])
    expect((await bed.run('page.subscribe_webhooks')).state).toBe('failed')
    expect(await pageOf(bed)).toMatchObject({ status: 'active', token_status: 'valid' })
    expect(told(bed, 'page.token_invalid')).toEqual([])
  })
})
