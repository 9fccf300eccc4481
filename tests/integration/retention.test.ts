import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { createTestClock } from '@pagesync/shared/lifecycle/test-clock.ts'
import { createLogger } from '@pagesync/shared/logging/create-logger.ts'
import { withState } from '@pagesync/shared/model/command-row.ts'
import { openStore } from '@pagesync/shared/store/open-store.ts'
import { createAuditLog } from '@pagesync/shared/store/repositories/audit-log.ts'
import { createAutomaticReplies } from '@pagesync/shared/store/repositories/automatic-replies.ts'
import { countedAs } from '@pagesync/shared/store/repositories/automation-rows.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { createLedger } from '@pagesync/shared/store/repositories/ledger.ts'
import { createRuleCounts } from '@pagesync/shared/store/repositories/rule-counts.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { createStatistics } from '@pagesync/shared/store/repositories/statistics.ts'
import { openSyncedCollections } from '@pagesync/shared/store/repositories/synced.ts'
import { createTenantSettings } from '@pagesync/shared/store/repositories/tenant-settings.ts'
import { createTombstones } from '@pagesync/shared/store/repositories/tombstones.ts'
import { createKeepOutOfPulls } from '@pagesync/sync-worker/privacy/keep-out-of-pulls.ts'
import { keepRetention } from '@pagesync/sync-worker/retention/keep-retention.ts'
import { expect, it } from 'vitest'
import { createApiData, type TestTenant } from '../support/api-data.ts'
import { countRows } from '../support/count-rows.ts'
import { ERASURE_KEY } from '../support/token-keys.ts'

const DAY_MS = 86_400_000
const faqOf = (pageId: number): number => 100 + pageId
const NOW_MS = Date.now()

it('what is older than its tenant keeps it is removed, what is younger and what others keep stays, and pulls bring nothing back', async () => {
  await using opened = new AsyncDisposableStack()
  const folder = await mkdtemp(join(tmpdir(), 'pagesync-retention-'))
  opened.defer(() => rm(folder, { recursive: true, force: true }))
  const store = opened.use(await openStore(`embedded:${folder}`))
  await ensureCollections(store)
  const data = createApiData(store)
  const clock = createTestClock(NOW_MS)
  const [settings, ledger, synced] = [createTenantSettings(store), createLedger(store), openSyncedCollections(store)]
  const auditLog = createAuditLog(store)
  const replies = createAutomaticReplies(store, createSequences(store))
  const ruleCounts = createRuleCounts(store, replies)

  /** Of the log of replies: one that is counted by its place, one that a person sent, one that was rated; each old and young. */
  const fillReplies = async (tenant: TestTenant, pageId: number) => {
    for (const days of [40, 5]) {
      const line = {
        tenant_id: tenant.id,
        page_id: pageId,
        conversation_key: `${pageId}:9`,
        automation_id: null,
        automation_type: 'faq' as const,
        part: 'faq' as const,
        part_id: faqOf(pageId),
        command_id: 'c',
        answered_id: 'm',
        at_ms: NOW_MS - days * DAY_MS,
        log_partition: 0,
        log_offset: 100 - days,
        counted_as: null,
      }
      const recorded = await replies.record([
        { ...line, _id: `${pageId}:plain${days}` },
        { ...line, _id: `${pageId}:sent${days}`, log_offset: null, counted_as: countedAs('faq', faqOf(pageId)) },
        { ...line, _id: `${pageId}:rated${days}`, log_offset: 101 - days },
      ])
      await ruleCounts.add([...recorded.values()])
      await ruleCounts.recountFaq(await replies.rate(recorded.get(`${pageId}:rated${days}`)!, 'helpful', line.at_ms))
    }
  }
  const fill = async (tenant: TestTenant, facebookPageId: string) => {
    const page = await data.addPage(tenant, facebookPageId)
    const [quiet, busy] = await data.addConversations(page, 2, (i) => ({
      snippet: 'the last words',
      last_message_ms: NOW_MS - (i === 0 ? 90 : 1) * DAY_MS,
    }))
    // More than one batch.
    await data.addMessages(quiet!, 1_100, () => ({ created_ms: NOW_MS - 90 * DAY_MS }))
    await data.addMessages(busy!, 2, (i) => ({ created_ms: NOW_MS - (i === 0 ? 61 : 59) * DAY_MS }))
    const events = [40, 20].map((days) => ({
      _id: `${page.id}:ev${days}`,
      tenant_id: tenant.id,
      page_id: page.id,
      psid: null,
      type: 'facebook.unknown',
      channel: 'messaging',
      time_ms: NOW_MS - days * DAY_MS,
      raw: {},
    }))
    await synced.pageEvents.insertMany(events)
    for (const days of [40, 12, 5]) {
      const command = {
        commandId: `cmd_${days}`,
        tenantId: tenant.id,
        pageId: page.id,
        facebookPageId,
        conversationKey: null,
        type: 'page.update',
        arguments: {},
        requestedBy: { kind: 'service', id: 'test' },
        trigger: 'api',
      } as const
      const { row } = await ledger.accept(command, NOW_MS - days * DAY_MS)
      await ledger.save(withState(row, { state: 'failed', nowMs: NOW_MS - days * DAY_MS, worker: null }))
    }
    const entries = [400, 100].map((days) => ({
      _id: `au_${facebookPageId}_${days}`,
      tenant_id: tenant.id,
      at_ms: NOW_MS - days * DAY_MS,
      actor_kind: 'api_key' as const,
      actor_id: 'k',
      method: 'PUT',
      route: '/x',
      params: {},
      address: '::1',
      client: null,
      status: 200,
      code: null,
      request_id: 'r',
      times: 1,
    }))
    const ofNobody = entries.map((entry) => ({ ...entry, _id: `${entry._id}_operator`, tenant_id: null }))
    await auditLog.append([...entries, ...ofNobody])
    await fillReplies(tenant, page.id)
    return { page, quiet: quiet!, busy: busy! }
  }
  const left = async (tenant: TestTenant, { page, quiet, busy }: Awaited<ReturnType<typeof fill>>) => ({
    quiet: await synced.messages.count({ index: 'byConversation', equals: { conversation_key: quiet._id } }),
    busy: await synced.messages.count({ index: 'byConversation', equals: { conversation_key: busy._id } }),
    snippets: (await synced.conversations.getMany([quiet._id, busy._id])).filter(({ snippet }) => snippet !== null)
      .length,
    events: await synced.pageEvents.count({ index: 'byPage', equals: { page_id: page.id } }),
    commands: (await ledger.ofTenant(tenant.id, 10)).map(({ command_id }) => command_id),
    audit: (await auditLog.list(tenant.id, {}, 10)).length,
    replies: (await replies.ofPage(page.id, 'newest', 10)).map(({ _id }) => _id.slice(`${page.id}:`.length)).sort(),
    counts: (await ruleCounts.of(page.id, 'faq', [faqOf(page.id)])).get(faqOf(page.id)),
  })

  const strict = await data.addTenant('Strict')
  const usual = await data.addTenant('Usual')
  const [strictRows, usualRows] = [await fill(strict, '7001'), await fill(usual, '7002')]
  const retention = { messages_days: 60, raw_events_days: 10, ledger_days: 8, audit_days: 50 }
  await settings.update(strict.id, (stored) => ({ ...stored, retention }))

  const deps = {
    store,
    tenants: data.tenants,
    settings,
    pages: data.pages,
    ledger,
    auditLog,
    replies,
    synced,
    ledgerDays: 30,
    clock,
  }
  const logger = createLogger({ service: 'test', level: 'silent' })
  // Two workers at the same time.
  const signal = new AbortController().signal
  await Promise.all([keepRetention({ ...deps, logger }, signal), keepRetention({ ...deps, logger }, signal)])

  // A use that comes later counts all of them anew.
  for (const { page } of [strictRows, usualRows]) {
    const [newest] = await replies.ofPage(page.id, 'newest', 1)
    await ruleCounts.recountFaq(newest!)
    const all = await replies.ofPage(page.id, 'id', 10)
    expect(all.filter(({ at_ms }) => at_ms < NOW_MS - 30 * DAY_MS).map(({ conversation_key: key }) => key)).toEqual([
      null,
      null,
    ])
  }
  const [young, counts] = [
    ['plain5', 'rated5', 'sent5'],
    expect.objectContaining({ triggers: 4, manual: 2, uses: 6, helpful: 2 }),
  ]
  expect(await left(strict, strictRows)).toEqual({
    quiet: 0,
    busy: 1,
    snippets: 1,
    events: 0,
    commands: ['cmd_5'],
    audit: 0,
    replies: young,
    counts,
  })
  // What went is off the totals, too, once.
  const counted = await createStatistics(store).totals([strictRows.page.id])
  expect(counted.get(strictRows.page.id)).toMatchObject(await countRows(store, strictRows.page.id))

  expect(await left(usual, usualRows)).toEqual({
    quiet: 1_100,
    busy: 2,
    snippets: 2,
    events: 1,
    commands: ['cmd_5', 'cmd_12'],
    audit: 1,
    replies: young,
    counts,
  })

  // What the operator did is kept as long as a tenant's log is that decided nothing.
  const ofOperator = (await auditLog.list(null, {}, 10)).filter(({ tenant_id }) => tenant_id === null)
  expect(ofOperator.map(({ _id }) => _id)).toEqual(['au_7002_100_operator', 'au_7001_100_operator'])

  const keepOut = createKeepOutOfPulls(createTombstones(store, ERASURE_KEY), { settings, clock })
  const at = (days: number) => ({ id: `m_${days}`, created_time: new Date(NOW_MS - days * DAY_MS).toISOString() })
  const pulled = (page: typeof strictRows.page) =>
    keepOut.admit(page, [{ key: `${page.id}:9`, psid: '9', messages: [at(59), at(61)] }])
  expect((await pulled(strictRows.page))[0]?.messages.map(({ id }) => id)).toEqual(['m_59'])
  expect((await pulled(usualRows.page))[0]?.messages).toHaveLength(2)
})
