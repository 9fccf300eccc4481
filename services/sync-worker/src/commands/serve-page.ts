import { AppError, toAppError } from '@pagesync/shared/errors/app-error.ts'
import { CALL_PRIORITY, createPageBudget, type PageBudget } from '@pagesync/shared/graph/page-budget.ts'
import { createPageGraph } from '@pagesync/shared/graph/page-graph.ts'
import { commandChange } from '@pagesync/shared/model/command-change.ts'
import { withState } from '@pagesync/shared/model/command-row.ts'
import type { CommandRow, PageLeaseRow } from '@pagesync/shared/store/repositories/rows.ts'
import { REAUTH_CHECK_MS } from './after-failure.ts'
import { operationOf } from './operations.ts'
import { runCommand } from './run-command.ts'
import type { RunnerDeps } from './runner-deps.ts'

/** A page that this worker holds the lease of and runs the commands of. */
export interface ServedPage {
  readonly pageId: number
  lease: PageLeaseRow
  readonly budget: PageBudget
  /** Look at the ledger again before the page is given back; false when it is being given back already. */
  wake(): boolean
  /** Stops all its work; the reason goes to the running commands. */
  abort(reason: AppError): void
  /** Resolves when nothing is due any more, or after `abort`. Never rejects. */
  readonly done: Promise<void>
}

const DUE_MAX = 100

/** Runs the due commands of one page, lanes side by side, each lane one command at a time, until none is due. */
export function servePage(pageId: number, lease: PageLeaseRow, deps: RunnerDeps): ServedPage {
  const budget = createPageBudget(deps.rates, deps.clock, lease)
  const stop = new AbortController()
  const lanes = new Map<CommandRow['lane'], Promise<void>>()
  const running = new Set<string>()
  let again = true

  const start = (row: CommandRow): void => {
    running.add(row._id)
    const work = runOne(row, budget, stop.signal, deps)
      .catch((err: unknown) => deps.logger.error({ err, command_id: row.command_id }, 'command could not be recorded'))
      .finally(() => {
        running.delete(row._id)
        lanes.delete(row.lane)
        again = true
      })
    lanes.set(row.lane, work)
  }

  const dispatch = async (): Promise<void> => {
    const due = await deps.ledger.dueOfPage(pageId, deps.clock.now(), DUE_MAX)
    for (const row of due) if (!lanes.has(row.lane) && !running.has(row._id)) start(row)
  }

  let ended = false
  let wakeUp = Promise.withResolvers<void>()
  const serve = async (): Promise<void> => {
    try {
      while (!stop.signal.aborted && (again || lanes.size > 0)) {
        if (again) {
          again = false
          wakeUp = Promise.withResolvers<void>()
          await dispatch()
        } else await Promise.race([...lanes.values(), wakeUp.promise])
      }
    } catch (err) {
      deps.logger.warn({ err, page_id: pageId }, 'ledger could not be read, the page is given back')
      stop.abort(toAppError(err))
    } finally {
      ended = true
      await Promise.all(lanes.values())
      budget.close()
    }
  }

  return {
    pageId,
    lease,
    budget,
    wake() {
      again = true
      wakeUp.resolve()
      return !ended
    },
    abort(reason) {
      stop.abort(reason)
      wakeUp.resolve()
    },
    done: serve(),
  }
}

async function runOne(row: CommandRow, budget: PageBudget, signal: AbortSignal, deps: RunnerDeps): Promise<void> {
  const now = deps.clock.now()
  if (row.expires_ms <= now && row.attempts === 0)
    return endCommand(row, 'expired', new AppError('COMMAND_EXPIRED', 'The command expired before it could run'), deps)
  const page = await deps.pages.get(row.tenant_id, row.page_id)
  if (!page) return endCommand(row, 'failed', new AppError('PAGE_NOT_FOUND', `There is no page ${row.page_id}`), deps)
  const operation = operationOf(row.type)
  if (!operation)
    return endCommand(row, 'failed', new AppError('COMMAND_REJECTED', `This version does not run ${row.type}`), deps)
  const accessToken = page.status === 'active' ? await deps.pages.accessToken(page) : undefined
  if (accessToken === undefined) return waitForToken(row, deps)
  const priority = CALL_PRIORITY[row.lane]
  const graph = createPageGraph({
    client: deps.graphClient,
    budget,
    facebookPageId: page.facebook_page_id,
    accessToken,
    priority,
    signal,
  })
  await runCommand({ row, page, operation, graph, signal }, deps)
}

async function endCommand(
  row: CommandRow,
  state: 'expired' | 'failed',
  error: AppError,
  deps: RunnerDeps,
): Promise<void> {
  const now = deps.clock.now()
  const failure = { code: error.code, message: error.message, status: error.status }
  const saved = await deps.ledger.save(
    withState(row, { state, nowMs: now, worker: deps.workerId, reason: error.code, failure }),
  )
  if (saved) await deps.announce([commandChange(saved, now)])
}

/** The page must be connected again first: the command waits, and expires in its own time. */
async function waitForToken(row: CommandRow, deps: RunnerDeps): Promise<void> {
  const now = deps.clock.now()
  if (row.expires_ms <= now)
    return endCommand(
      row,
      'expired',
      new AppError('COMMAND_EXPIRED', 'The command expired while the page had to be connected again'),
      deps,
    )
  const saved = await deps.ledger.save(
    withState(row, {
      state: 'waiting',
      nowMs: now,
      worker: deps.workerId,
      reason: 'reauth_required',
      dueMs: now + REAUTH_CHECK_MS,
    }),
  )
  if (saved && row.state !== 'waiting') await deps.announce([commandChange(saved, now)])
}
