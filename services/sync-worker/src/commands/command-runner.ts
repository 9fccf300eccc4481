import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { repeat } from '../repeat.ts'
import { LEASE_RENEW_MS } from './page-leases.ts'
import type { RunnerDeps } from './runner-deps.ts'
import { type ServedPage, servePage } from './serve-page.ts'

export interface CommandRunner extends AsyncDisposable {
  /** There is something to do for this page. Returns at once. */
  wake(pageId: number): void
  status(): { readonly pages: number; readonly waiting: number; readonly sweptAtMs: number }
}

/** Pages served at the same time; others wait for a place. */
const PAGES_MAX = 200
const SWEEP_EVERY_MS = 2_000
const SWEEP_PAGE = 500
const SWEEP_MAX = 5_000
const STOPPING = new AppError('SHUTTING_DOWN', 'The worker is stopping')

/**
 * Runs commands page by page. Commands reach it by `wake`; a sweep over the ledger finds what nobody woke it for:
 * waiting ones that became due, and those of workers that died. Whoever holds a page's lease runs its commands.
 */
export function createCommandRunner(deps: RunnerDeps): CommandRunner {
  const served = new Map<number, ServedPage>()
  const starting = new Set<number>()
  const queued = new Set<number>()
  const stop = new AbortController()
  const work = new Set<Promise<void>>()
  let renewing: Promise<void> = Promise.resolve()
  let sweptAtMs = 0

  const wake = (pageId: number): void => {
    if (stop.signal.aborted) return
    const page = served.get(pageId)
    if (page?.wake()) return
    if (page || starting.has(pageId) || served.size + starting.size >= PAGES_MAX) queued.add(pageId)
    else track(serve(pageId))
  }

  const track = (task: Promise<void>): void => {
    work.add(task)
    void task.finally(() => work.delete(task))
  }

  /** A page from its lease to giving it back. Never rejects. */
  const serve = async (pageId: number): Promise<void> => {
    const page = await lease(pageId)
    if (page) {
      await page.done
      await giveBack(page)
    }
    const next = queued.has(pageId) ? pageId : queued.values().next().value
    if (next !== undefined && queued.delete(next)) wake(next)
  }

  const lease = async (pageId: number): Promise<ServedPage | undefined> => {
    starting.add(pageId)
    try {
      const held = await deps.leases.acquire(pageId)
      if (!held) {
        // Whoever holds it looks at the ledger once more, having given it back.
        queued.delete(pageId)
        return undefined
      }
      const page = servePage(pageId, held, deps)
      served.set(pageId, page)
      // Woken while the lease was on its way: the page looks once more.
      if (queued.delete(pageId)) page.wake()
      if (stop.signal.aborted) page.abort(STOPPING)
      return page
    } catch (err) {
      deps.logger.warn({ err, page_id: pageId }, 'page could not be leased')
      return undefined
    } finally {
      starting.delete(pageId)
    }
  }

  const giveBack = async (page: ServedPage): Promise<void> => {
    try {
      // A renewal under way would leave us with a version of the lease that is no longer there.
      await renewing
      if (await deps.leases.release(page.lease, page.budget.state())) queued.add(page.pageId)
    } catch (err) {
      deps.logger.warn({ err, page_id: page.pageId }, 'lease was not given back, it expires by itself')
    } finally {
      served.delete(page.pageId)
    }
  }

  const renewals = repeat(
    { everyMs: LEASE_RENEW_MS, signal: stop.signal, failed: 'leases were not renewed', ...deps },
    () => {
      const turn = renewLeases(served, deps)
      renewing = turn.catch(() => undefined)
      return turn
    },
  )
  const sweeps = repeat({ everyMs: SWEEP_EVERY_MS, signal: stop.signal, failed: 'sweep failed', ...deps }, async () => {
    for (const pageId of await duePages(deps)) wake(pageId)
    sweptAtMs = deps.clock.now()
  })

  return {
    wake,
    status: () => ({ pages: served.size, waiting: queued.size, sweptAtMs }),
    async [Symbol.asyncDispose]() {
      stop.abort()
      queued.clear()
      for (const page of served.values()) page.abort(STOPPING)
      await Promise.all([...work, renewals, sweeps])
    },
  }
}

async function renewLeases(served: ReadonlyMap<number, ServedPage>, deps: RunnerDeps): Promise<void> {
  const pages = [...served.values()]
  if (pages.length === 0) return
  try {
    const held = await deps.leases.renew(pages.map(({ lease, budget }) => ({ lease, budget: budget.state() })))
    for (const page of pages) {
      const lease = held.get(page.lease._id)
      if (lease) page.lease = lease
      else page.abort(new AppError('LEASE_LOST', 'Another worker took the page over'))
    }
  } catch (error) {
    // Without the store nobody can tell whether the lease still holds: stop before another may begin.
    const late = deps.clock.now() + LEASE_RENEW_MS
    for (const page of pages)
      if (page.lease.expires_ms <= late)
        page.abort(new AppError('LEASE_LOST', 'The lease could not be renewed', { cause: error }))
    throw error
  }
}

async function duePages(deps: RunnerDeps): Promise<Set<number>> {
  const pages = new Set<number>()
  const now = deps.clock.now()
  let rows = await deps.ledger.due(now, SWEEP_PAGE)
  for (let seen = rows.length; rows.length > 0; seen += rows.length) {
    for (const row of rows) pages.add(row.page_id)
    if (rows.length < SWEEP_PAGE || seen >= SWEEP_MAX) break
    rows = await deps.ledger.due(now, SWEEP_PAGE, rows.at(-1))
  }
  return pages
}
