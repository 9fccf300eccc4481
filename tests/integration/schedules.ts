import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import { createTestClock } from '@pagesync/shared/lifecycle/test-clock.ts'
import { createLogger } from '@pagesync/shared/logging/create-logger.ts'
import type { Change } from '@pagesync/shared/model/change.ts'
import { isFinal } from '@pagesync/shared/model/command.ts'
import { withState } from '@pagesync/shared/model/command-row.ts'
import { createCronTimes } from '@pagesync/shared/schedule/cron-times.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { ensureCollections } from '@pagesync/shared/store/repositories/ensure-collections.ts'
import { createLedger } from '@pagesync/shared/store/repositories/ledger.ts'
import { createPageTimers, type PageTimers } from '@pagesync/shared/store/repositories/page-timers.ts'
import { createPages } from '@pagesync/shared/store/repositories/pages.ts'
import type { CommandRow, PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { createScheduler, type Scheduler } from '@pagesync/sync-worker/schedule/create-scheduler.ts'
import { describe, expect, it } from 'vitest'
import { eventually } from '../support/eventually.ts'
import { SEALER } from '../support/token-keys.ts'

export type OpenStore = () => Promise<Store & AsyncDisposable>

const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS
const START = Date.UTC(2026, 10, 26, 1, 0, 0)
const TENANT = 't_schedules'
const LOGGER = createLogger({ service: 'test', level: process.env.TEST_LOG_LEVEL ?? 'silent' })

/** Workers that only start what is due, on a clock that the test moves. Commands end as soon as they are there. */
async function openBed(store: Store) {
  await ensureCollections(store)
  const clock = createTestClock(START)
  const ledger = createLedger(store)
  const pages = createPages(store, createSequences(store), SEALER)
  const timers = createPageTimers(store)
  const changes: Change[] = []
  const workers: Scheduler[] = []

  const connect = async (facebookPageId: string): Promise<PageRow> => {
    const connected = await pages.connect(
      { tenantId: TENANT, facebookPageId, accessToken: 'x', name: null },
      clock.now(),
    )
    return pages.update(TENANT, connected.page.id, (row) => ({ ...row, webhook_subscribed: true }))
  }
  const startWorker = (name: string, over: Partial<PageTimers> = {}): Scheduler => {
    const worker = createScheduler({
      timers: { ...timers, ...over },
      pages,
      ledger,
      clock: clock satisfies Clock,
      logger: LOGGER,
      workerId: name,
      announce: async (some) => void changes.push(...some),
      wake: () => undefined,
      every: { tokenMs: 24 * HOUR_MS, webhookMs: 6 * HOUR_MS },
      silenceMs: 24 * HOUR_MS,
      times: createCronTimes(),
    })
    workers.push(worker)
    return worker
  }
  /** Every worker sleeps: it has done what was due. */
  const settled = () => eventually(() => clock.sleepers().length === workers.length, 30_000, 1)
  const finishAll = async (): Promise<void> => {
    for (const row of await ledger.due(clock.now() + 24 * HOUR_MS, 1_000))
      await ledger.save(withState(row, { state: 'succeeded', nowMs: clock.now(), worker: null }))
  }
  return {
    clock,
    ledger,
    pages,
    timers,
    changes,
    connect,
    startWorker,
    /** Lets time pass in steps; at each all workers do what is due, and commands end. */
    async pass(ms: number, stepMs = MINUTE_MS): Promise<void> {
      await settled()
      for (const endMs = clock.now() + ms; clock.now() < endMs; ) {
        await clock.advance(Math.min(stepMs, endMs - clock.now()))
        await settled()
        await finishAll()
      }
    },
    async stopAll(): Promise<void> {
      await Promise.all(workers.splice(0).map((worker) => worker[Symbol.asyncDispose]()))
    },
    /** What was started for the page, oldest first, of one kind. */
    async started(page: PageRow, kind: string): Promise<CommandRow[]> {
      const rows = await ledger.ofPage(page.id, 1_000)
      return rows.filter(({ requested_by }) => requested_by.id === kind).toReversed()
    },
    [Symbol.asyncDispose]: async () => {
      await Promise.all(workers.splice(0).map((worker) => worker[Symbol.asyncDispose]()))
    },
  }
}

const runTimes = (rows: readonly CommandRow[]): number[] =>
  rows.map(({ command_id }) => Number(command_id.split(':')[3]))
const gaps = (times: readonly number[]): number[] => times.slice(1).map((time, i) => time - (times[i] ?? 0))

/** What rests on the store: of several who do the same, each thing is started once. */
export function describeSharedSchedules(name: string, open: OpenStore): void {
  describe(`scheduled work of several workers, ${name}`, () => {
    it('of several pages is started once each by two workers, at its time and by the schedule', async () => {
      await using store = await open()
      await using bed = await openBed(store)
      const some = await Promise.all(['101', '102', '103'].map(bed.connect))
      bed.startWorker('a')
      bed.startWorker('b')
      await bed.pass(2 * HOUR_MS)
      for (const page of some) {
        const incremental = await bed.started(page, 'incremental_sync')
        expect(incremental).toHaveLength(8)
        expect(gaps(runTimes(incremental))).toEqual(Array.from({ length: 7 }, () => 15 * MINUTE_MS))
        for (const row of incremental) {
          const [, , , run] = row.command_id.split(':')
          expect(row.accepted_ms - Number(run)).toBeLessThan(2 * MINUTE_MS)
          expect(row).toMatchObject({ type: 'page.full_sync', trigger: 'schedule', arguments: { mode: 'incremental' } })
          expect(isFinal(row.state)).toBe(true)
        }
        const full = await bed.started(page, 'full_sync')
        expect(full).toHaveLength(1)
        expect(full[0]).toMatchObject({ type: 'page.full_sync', trigger: 'schedule', arguments: { mode: 'full' } })
      }
      const queued = bed.changes.filter(({ type }) => type === 'command.queued').map(({ id }) => id)
      expect(new Set(queued).size).toBe(queued.length)
    })

    it('is started once by a worker that dies between the command and the timer, and by the one after it', async () => {
      await using store = await open()
      await using bed = await openBed(store)
      const page = await bed.connect('601')
      let failures = 0
      bed.startWorker('dying', {
        write: async (fresh, changed) => {
          if (fresh.length > 0) return bed.timers.write(fresh, changed)
          failures++
          throw new Error('died')
        },
      })
      await bed.pass(17 * MINUTE_MS)
      await bed.stopAll()
      bed.startWorker('next')
      await bed.pass(MINUTE_MS)
      expect(failures).toBeGreaterThan(0)
      const times = runTimes(await bed.started(page, 'incremental_sync'))
      expect(times).toHaveLength(1)
      await bed.pass(15 * MINUTE_MS)
      expect(await bed.started(page, 'incremental_sync')).toHaveLength(2)
    })
  })
}

export function describeSchedules(name: string, open: OpenStore): void {
  describe(`scheduled work, ${name}`, () => {
    it('that was missed while everything was down is made up for once', async () => {
      await using store = await open()
      await using bed = await openBed(store)
      const page = await bed.connect('201')
      bed.startWorker('a')
      await bed.pass(20 * MINUTE_MS)
      await bed.stopAll()
      const before = await bed.started(page, 'incremental_sync')
      await bed.clock.advance(30 * HOUR_MS)
      bed.startWorker('b')
      await bed.pass(MINUTE_MS)
      expect((await bed.started(page, 'incremental_sync')).length - before.length).toBe(1)
      expect(await bed.started(page, 'full_sync')).toHaveLength(1)
      expect(await bed.started(page, 'token_check')).toHaveLength(1)
      await bed.pass(15 * MINUTE_MS)
      expect((await bed.started(page, 'incremental_sync')).length - before.length).toBe(2)
    })

    it('rests while the token is dead but for looking at it, and goes on with one run when it lives again', async () => {
      await using store = await open()
      await using bed = await openBed(store)
      const page = await bed.connect('301')
      bed.startWorker('a')
      await bed.pass(20 * MINUTE_MS)
      const before = await bed.started(page, 'incremental_sync')
      await bed.pages.update(TENANT, page.id, (row) => ({ ...row, status: 'reauth_required' }))
      await bed.pass(3 * HOUR_MS, 5 * MINUTE_MS)
      await bed.pass(24 * HOUR_MS, HOUR_MS)
      expect(await bed.started(page, 'incremental_sync')).toHaveLength(before.length)
      expect(await bed.started(page, 'full_sync')).toHaveLength(0)
      expect((await bed.started(page, 'token_check')).length).toBeGreaterThanOrEqual(1)

      await bed.connect('301')
      await bed.pass(2 * MINUTE_MS)
      expect((await bed.started(page, 'incremental_sync')).length - before.length).toBe(1)
      expect(await bed.started(page, 'full_sync')).toHaveLength(1)
      await bed.pass(30 * MINUTE_MS)
      expect((await bed.started(page, 'incremental_sync')).length - before.length).toBe(3)
    })

    it('follows a changed schedule, and ends where it is turned off', async () => {
      await using store = await open()
      await using bed = await openBed(store)
      const page = await bed.connect('401')
      bed.startWorker('a')
      await bed.pass(16 * MINUTE_MS)
      const schedule = { incremental: '*/5 * * * *', full: null }
      await bed.pages.update(TENANT, page.id, (row) => ({ ...row, schedule }))
      await bed.timers.lookAgain(page.id, bed.clock.now())
      await bed.pass(1_000, 1_000)
      const plans = (await bed.timers.ofPages([page.id])).map(({ plan }) => plan)
      expect(plans).toEqual(expect.arrayContaining(['*/5 * * * * in UTC', 'never in UTC']))
      const before = await bed.started(page, 'incremental_sync')
      await bed.pass(2 * HOUR_MS, 30_000)
      const later = (await bed.started(page, 'incremental_sync')).slice(before.length)
      expect(later.length).toBeGreaterThanOrEqual(23)
      expect(new Set(gaps(runTimes(later.slice(1))))).toEqual(new Set([5 * MINUTE_MS]))
      expect(await bed.started(page, 'full_sync')).toEqual([])
    })

    it('is not for pages that are disconnected, and begins anew when they are connected again', async () => {
      await using store = await open()
      await using bed = await openBed(store)
      const page = await bed.connect('501')
      bed.startWorker('a')
      await bed.pass(20 * MINUTE_MS)
      await bed.pages.update(TENANT, page.id, (row) => ({ ...row, status: 'disconnected' }))
      const before = await bed.started(page, 'incremental_sync')
      await bed.pass(2 * HOUR_MS, 5 * MINUTE_MS)
      expect(await bed.started(page, 'incremental_sync')).toHaveLength(before.length)
      await bed.connect('501')
      await bed.pass(17 * MINUTE_MS)
      expect((await bed.started(page, 'incremental_sync')).length - before.length).toBe(1)
    })
  })
}
