import { countRun } from '@pagesync/shared/counting/count-run.ts'
import { AppError, toAppError } from '@pagesync/shared/errors/app-error.ts'
import { CALL_PRIORITY, createPageBudget, type PageBudget } from '@pagesync/shared/graph/page-budget.ts'
import { createPageGraph } from '@pagesync/shared/graph/page-graph.ts'
import { createPageGraphWrites } from '@pagesync/shared/graph/page-graph-writes.ts'
import { createTokenInspection } from '@pagesync/shared/graph/token-inspection.ts'
import { commandChange } from '@pagesync/shared/model/command-change.ts'
import { withState } from '@pagesync/shared/model/command-row.ts'
import { announceTokenNews } from '@pagesync/shared/store/repositories/announce-token-news.ts'
import { mayHaveReachedSomebody } from '@pagesync/shared/store/repositories/cancel-and-retry.ts'
import type { CommandRow, PageLeaseRow, PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { REAUTH_CHECK_MS } from './after-failure.ts'
import { createLanes, HELD_MAX, heldConversations, inOrder, isHeld, isSend, LANES, NONE } from './lanes.ts'
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
/** While something runs, the ledger is looked at so often at least: a command may have reached another worker. */
const LOOK_EVERY_MS = 500

/** Runs the due commands of one page until none is due; which run side by side, see `createLanes`. */
export function servePage(pageId: number, lease: PageLeaseRow, deps: RunnerDeps): ServedPage {
  const budget = createPageBudget(deps.rates, deps.clock, lease)
  const stop = new AbortController()
  const lanes = createLanes()
  const working = new Set<Promise<void>>()
  let again = true
  let lookedAtMs = 0

  const start = (row: CommandRow): void => {
    const leave = lanes.enter(row)
    const work = runOne(row, { budget, signal: stop.signal, onSave: look }, deps)
      .catch((err: unknown) => deps.logger.error({ err, command_id: row.command_id }, 'command could not be recorded'))
      .finally(() => {
        leave()
        working.delete(work)
        again = true
      })
    working.add(work)
  }

  const dispatch = async (): Promise<void> => {
    const now = deps.clock.now()
    lookedAtMs = now
    const due = await dueOfPage(pageId, now, deps)
    const held = due.some(isSend) ? heldConversations(await deps.ledger.dueLaterOfPage(pageId, now, HELD_MAX)) : NONE
    for (const row of inOrder(due)) if (!stop.signal.aborted && lanes.hasRoomFor(row) && !isHeld(row, held)) start(row)
  }

  let ended = false
  let wakeUp = Promise.withResolvers<void>()
  const look = (): void => {
    if (deps.clock.now() - lookedAtMs < LOOK_EVERY_MS) return
    again = true
    wakeUp.resolve()
  }
  const serve = async (): Promise<void> => {
    try {
      while (!stop.signal.aborted && (again || working.size > 0)) {
        if (again) {
          again = false
          wakeUp = Promise.withResolvers<void>()
          await dispatch()
        } else await Promise.race([...working, wakeUp.promise])
      }
    } catch (err) {
      deps.logger.warn({ err, page_id: pageId }, 'ledger could not be read, the page is given back')
      stop.abort(toAppError(err))
    } finally {
      ended = true
      await Promise.all(working)
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

/** Where much is due each lane has its own: a crowd whose names are asked for holds up neither replies nor syncs. */
async function dueOfPage(pageId: number, nowMs: number, { ledger }: RunnerDeps): Promise<CommandRow[]> {
  const due = await ledger.dueOfPage(pageId, nowMs, DUE_MAX)
  if (due.length < DUE_MAX) return due
  const lanes = await Promise.all(LANES.map((lane) => ledger.dueOfLane(pageId, lane, nowMs, DUE_MAX)))
  return lanes.flat()
}

interface RunOf {
  readonly budget: PageBudget
  readonly signal: AbortSignal
  readonly onSave: () => void
}

async function runOne(row: CommandRow, { budget, signal, onSave }: RunOf, deps: RunnerDeps): Promise<void> {
  const now = deps.clock.now()
  // What may have reached somebody is settled, however late.
  const called = mayHaveReachedSomebody(row)
  if (row.expires_ms <= now && (row.attempts === 0 || row.lane === 'push') && !called)
    return endCommand(row, 'expired', new AppError('COMMAND_EXPIRED', 'The command expired before it could run'), deps)
  const page = await deps.pages.get(row.tenant_id, row.page_id)
  if (!page) return endCommand(row, 'failed', new AppError('PAGE_NOT_FOUND', `There is no page ${row.page_id}`), deps)
  const operation = operationOf(row.type)
  if (!operation)
    return endCommand(row, 'failed', new AppError('COMMAND_REJECTED', `This version does not run ${row.type}`), deps)
  const accessToken = mayUseToken(page, row) ? await readToken(page, deps) : undefined
  if (accessToken === undefined && !called) {
    await announceTokenNews(page, deps)
    return waitForToken(row, deps)
  }
  const calls = {
    client: deps.graphClient,
    budget,
    facebookPageId: page.facebook_page_id,
    accessToken: accessToken ?? '',
    priority: CALL_PRIORITY[row.lane],
    signal,
  }
  const graph = createPageGraph(calls)
  const writes = createPageGraphWrites(calls)
  const inspection = createTokenInspection({ ...calls, appId: deps.pushSettings.appId, appSecret: deps.appSecret })
  const connected = accessToken !== undefined
  await runCommand({ row, page, operation, graph, writes, inspection, connected, onSave, signal }, deps)
}

/** A dead token is used for nothing but to find out whether it lives again. */
const mayUseToken = ({ status }: PageRow, { type }: CommandRow): boolean =>
  status === 'active' || (status === 'reauth_required' && type === 'page.check_token')

/** One that cannot be opened is as good as none: with the right keys, or the page connected again, the command goes on. */
async function readToken(page: PageRow, deps: RunnerDeps): Promise<string | undefined> {
  try {
    return await deps.pages.accessToken(page)
  } catch (err) {
    if (!(err instanceof AppError) || err.code !== 'TOKEN_UNREADABLE') throw err
    deps.logger.error({ err, page_id: page.id }, 'token of a page could not be opened')
    return undefined
  }
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
  if (!saved) return
  // Nothing is counted of a page that is gone.
  if (error.code !== 'PAGE_NOT_FOUND') countRun(saved, deps.counting)
  await deps.announce([commandChange(saved, now)])
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
