import { histogramIn, percentileSeconds, sizeOfHistogram } from '@pagesync/shared/counting/durations.ts'
import { PERSON_RESPONSES, RESPONSES } from '@pagesync/shared/counting/metrics.ts'
import { hoursOf, within } from '@pagesync/shared/counting/time-buckets.ts'
import { createStatistics } from '@pagesync/shared/store/repositories/statistics.ts'
import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { countRows } from '../support/count-rows.ts'
import { eventually } from '../support/eventually.ts'
import { openSyncBed, type SyncBed } from '../support/sync-bed.ts'

const DAY_MS = 86_400_000

describe('what a worker counts', () => {
  let bed: SyncBed
  beforeAll(async () => {
    bed = await openSyncBed({ count: 12, shortMin: 2, shortMax: 6, recentCustomers: 6 }, { webhooks: true })
  })
  afterAll(() => bed?.[Symbol.asyncDispose]())

  const totals = async () => (await createStatistics(bed.store).totals([bed.page.id])).get(bed.page.id) ?? {}
  const today = async () => {
    const now = Date.now()
    const days = await createStatistics(bed.store).daysOfPages([bed.page.id], now - DAY_MS, now + DAY_MS)
    return within(hoursOf(days.get(bed.page.id) ?? []), 0, Number.POSITIVE_INFINITY)
  }

  it('is every row of a full sync, its calls and what it changed, once the command has ended', async () => {
    const row = await bed.run('page.full_sync')
    expect(row.state).toBe('succeeded')
    const rows = await countRows(bed.store, bed.page.id)
    expect(await totals()).toMatchObject({ ...rows, messages_sync: rows.messages, contacts_sync: rows.contacts })
    await eventually(async () => {
      const hours = await today()
      expect(hours).toMatchObject({ sync_runs: 1, graph_calls: row.graph_calls, conversations: rows.conversations })
      expect(hours.sync_failures).toBeUndefined()
      expect(hours.items_changed).toBeGreaterThanOrEqual(rows.messages + rows.conversations + rows.contacts)
      expect(hours.sync_duration_ms).toBe((row.finished_ms ?? 0) - (row.started_ms ?? 0))
      return true
    })
  })

  it('is nothing new when the same is pulled again', async () => {
    const before = await totals()
    await bed.run('page.full_sync', { mode: 'full' })
    const after = await totals()
    for (const name of ['messages', 'conversations', 'contacts']) expect(after[name]).toBe(before[name])
    expect(await eventually(async () => ((await today()).sync_runs === 2 ? 2 : undefined))).toBe(2)
  })

  it('is a message that webhooks repeat once, and how long its writer waited', async () => {
    const before = await totals()
    const { conversations } = await bed.simulator.control<{ conversations: { psids: string[] }[] }>(
      'GET',
      'conversations',
    )
    const psid = conversations[0]?.psids[0]
    const body = {
      facebook_page_id: bed.simulator.pages[0]?.facebookPageId,
      text: 'Are you open?',
      psid,
      deliveries: 3,
    }
    await bed.simulator.control('POST', 'messages', body)
    await eventually(async () => ((await totals()).messages_webhook === 1 ? true : undefined))
    const asked = { arguments: { message: 'Yes', recipient_id: psid }, requested_by: { kind: 'person', id: 'dara' } }
    const send = await bed.command(await bed.publish('message.send', asked))
    expect(send.state).toBe('succeeded')
    await eventually(async () => {
      const hours = await today()
      expect(sizeOfHistogram(histogramIn(hours, RESPONSES))).toBe(1)
      expect(sizeOfHistogram(histogramIn(hours, PERSON_RESPONSES))).toBe(1)
      expect(percentileSeconds(histogramIn(hours, RESPONSES), 0.5)).toBeLessThan(60)
      expect(hours.replies_sent).toBe(1)
      expect(hours.automatic_replies).toBeUndefined()
      expect(hours.webhook_events).toBeGreaterThanOrEqual(4)
      return true
    })
    const after = await totals()
    expect(after.messages).toBe((before.messages ?? 0) + 2)
    expect(await countRows(bed.store, bed.page.id)).toMatchObject({ messages: after.messages })
  })

  it('is a sync that expired before it could run, as one that failed', async () => {
    const before = await today()
    const { id, tenant_id, facebook_page_id } = bed.page
    const late = {
      commandId: 'late',
      tenantId: tenant_id,
      pageId: id,
      facebookPageId: facebook_page_id,
      conversationKey: null,
      type: 'page.sync_details' as const,
      arguments: {},
      requestedBy: { kind: 'system' as const, id: 'test' },
      trigger: 'api' as const,
      expiresMs: Date.now() - 1,
    }
    await bed.ledger.acceptQueued([late], { nowMs: Date.now(), worker: 'test' })
    expect(await bed.command('late')).toMatchObject({ state: 'expired' })
    await eventually(async () => (await today()).sync_runs === (before.sync_runs ?? 0) + 1)
    expect((await today()).sync_failures).toBe(1)
  })
})
