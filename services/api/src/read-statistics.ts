import { type Counts, combine } from '@pagesync/shared/counting/counts.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { Statistics } from '@pagesync/shared/store/repositories/statistics.ts'
import type { StatisticsRow } from '@pagesync/shared/store/repositories/statistics-rows.ts'
import type { ApiContext } from './api-context.ts'
import { type Caller, mayUsePage } from './caller.ts'
import type { Counted } from './views/statistics.ts'
import { WEEK_HOURS, windowOf, windowsOf } from './views/sync-frequency.ts'

type Deps = Pick<ApiContext, 'pages' | 'statistics' | 'ruleCounts' | 'clock' | 'leases'>

const PAGES_AT_ONCE = 1_000
/** Above it, statistics of all pages together leave out the newest. */
const PAGES_MAX = 20_000

/** What was counted of each of these pages: the same few documents for each, however much it has. */
export async function readPages(rows: readonly PageRow[], deps: Deps): Promise<Counted[]> {
  const { statistics, ruleCounts, leases, clock } = deps
  const nowMs = clock.now()
  const { fromMs, toMs } = windowOf(nowMs, WEEK_HOURS)
  const ids = rows.map(({ id }) => id)
  const [totals, triggers, days, leaseRows] = await Promise.all([
    statistics.totals(ids),
    ruleCounts.triggersOfPages(ids),
    statistics.daysOfPages(ids, fromMs, toMs),
    leases.ofPages(ids),
  ])
  return rows.map(({ id, last_synced_ms }) => ({
    totals: { ...totals.get(id), automation_triggers: triggers.get(id) ?? 0 },
    windows: windowsOf(days.get(id) ?? [], nowMs),
    lastSyncedMs: last_synced_ms,
    leases: leaseRows.filter(({ _id }) => _id === String(id)),
  }))
}

export async function readPage(row: PageRow, deps: Deps): Promise<Counted> {
  const [counted] = await readPages([row], deps)
  return counted as Counted
}

/** What was counted of all pages that the caller may see, together. */
export async function readAltogether(caller: Caller, deps: Deps): Promise<Counted> {
  const { statistics, ruleCounts, leases, clock, pages } = deps
  const nowMs = clock.now()
  const { fromMs, toMs } = windowOf(nowMs, WEEK_HOURS)
  const rows = await pagesOf(caller, pages)
  const ids = rows.map(({ id }) => id)
  const [totals, triggers, days, leaseRows] = await Promise.all([
    statistics.totals(ids),
    ruleCounts.triggersOfPages(ids),
    daysOf(caller, ids, statistics, fromMs, toMs),
    leases.ofPages(ids),
  ])
  const synced = rows.map(({ last_synced_ms }) => last_synced_ms ?? 0)
  return {
    totals: {
      ...[...totals.values()].reduce(combine, {} as Counts),
      automation_triggers: [...triggers.values()].reduce((a, b) => a + b, 0),
    },
    windows: windowsOf(days, nowMs),
    lastSyncedMs: synced.reduce((a, b) => Math.max(a, b), 0) || null,
    leases: leaseRows,
  }
}

/** Days of all pages of the caller: kept for the tenant; of a key for some pages alone, those pages' own. */
export async function daysOf(
  caller: Caller,
  pageIds: readonly number[],
  statistics: Statistics,
  fromMs: number,
  toMs: number,
): Promise<StatisticsRow[]> {
  if (caller.pageIds === null) return statistics.daysOfTenant(caller.tenantId, fromMs, toMs)
  return [...(await statistics.daysOfPages(pageIds, fromMs, toMs)).values()].flat()
}

export async function pagesOf(caller: Caller, pages: Pick<Pages, 'list'>): Promise<PageRow[]> {
  const found: PageRow[] = []
  for (let after: PageRow | undefined; found.length < PAGES_MAX; ) {
    const some = await pages.list(caller.tenantId, 'id', PAGES_AT_ONCE, after)
    found.push(...some)
    after = some.at(-1)
    if (some.length < PAGES_AT_ONCE) break
  }
  return found.filter(({ id }) => mayUsePage(caller, id))
}
