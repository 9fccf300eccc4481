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
import type { CommandRow, Lane, PageLeaseRow, PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { REAUTH_CHECK_MS } from './after-failure.ts'
import { createLanes, HELD_MAX, heldConversations, inOrder, isHeld, isSend, LANES, NONE } from './lanes.ts'
import { operationOf } from './operations.ts'
import { pageOf } from './page-of.ts'
import { type CommandRun, runCommand } from './run-command.ts'
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

/** Open commands read at one look, those due first; where there are more, of each lane so many that are due. */
const OPEN_MAX = 200
const DUE_MAX = 100
/** While something runs, the ledger is looked at so often at least: a command may have reached another worker. */
const LOOK_EVERY_MS = 500

/**
 * Runs the due commands of one page until none is due; which run side by side, see `createLanes`. What a look at the
 * ledger found is worked off without looking again, until something may have been added or did not end.
 */
export function servePage(pageId: number, lease: PageLeaseRow, deps: RunnerDeps): ServedPage {
  const budget = createPageBudget(deps.rates, deps.clock, lease)
  const stop = new AbortController()
  const lanes = createLanes()
  const working = new Set<Promise<void>>()
  /** Found open at the last look, and not started since. */
  let open = new Map<string, CommandRow>()
  /** Ended since the last look began. */
  const ended = new Set<string>()
  let cutLanes: readonly Lane[] = []
  let mustLook = true
  let lookedAtMs = 0

  const lookAgain = (): void => {
    mustLook = true
  }

  const start = (row: CommandRow, leave: () => void): void => {
    open.delete(row._id)
    const run = { budget, signal: stop.signal, onSave: look, lookAgain }
    const work = runOne(row, run, deps)
      .then((hasEnded) => {
        if (!hasEnded) lookAgain()
      })
      .catch((err: unknown) => {
        lookAgain()
        deps.logger.error({ err, command_id: row.command_id }, 'command could not be recorded')
      })
      .finally(() => {
        leave()
        working.delete(work)
        open.delete(row._id)
        ended.add(row._id)
      })
    working.add(work)
  }

  const read = async (): Promise<void> => {
    const now = deps.clock.now()
    mustLook = false
    lookedAtMs = now
    ended.clear()
    const rows = await openOfPage(pageId, now, deps)
    cutLanes = rows.cutLanes
    open = new Map(rows.open.flatMap((row) => (ended.has(row._id) ? [] : [[row._id, row]])))
  }

  const startDue = (): void => {
    const now = deps.clock.now()
    const isDue = ({ due_ms }: CommandRow): boolean => (due_ms ?? 0) <= now
    const due = inOrder([...open.values()].filter(isDue))
    const held = due.some(isSend) ? heldConversations([...open.values()].filter((row) => !isDue(row))) : NONE
    for (const row of due) {
      if (stop.signal.aborted) break
      // What ends without a call waits for nobody.
      if (hasExpired(row, now) && !lanes.isRunning(row)) start(row, () => undefined)
      else if (lanes.hasRoomFor(row) && !isHeld(row, held)) start(row, lanes.enter(row))
    }
    // Of what more is due, what one look found is all under way.
    if (cutLanes.some((lane) => !due.some((row) => row.lane === lane && open.has(row._id)))) mustLook = true
  }

  let isOver = false
  let wakeUp = Promise.withResolvers<void>()
  const look = (): void => {
    if (deps.clock.now() - lookedAtMs < LOOK_EVERY_MS) return
    mustLook = true
    wakeUp.resolve()
  }
  const serve = async (): Promise<void> => {
    try {
      while (!stop.signal.aborted) {
        wakeUp = Promise.withResolvers<void>()
        if (mustLook) await read()
        startDue()
        if (mustLook) continue
        if (working.size === 0) break
        await Promise.race([...working, wakeUp.promise])
      }
    } catch (err) {
      deps.logger.warn({ err, page_id: pageId }, 'ledger could not be read, the page is given back')
      stop.abort(toAppError(err))
    } finally {
      isOver = true
      await Promise.all(working)
      budget.close()
    }
  }

  return {
    pageId,
    lease,
    budget,
    wake() {
      mustLook = true
      wakeUp.resolve()
      return !isOver
    },
    abort(reason) {
      stop.abort(reason)
      wakeUp.resolve()
    },
    done: serve(),
  }
}

interface OpenCommands {
  readonly open: readonly CommandRow[]
  /** Of these more are due. */
  readonly cutLanes: readonly Lane[]
}

/** Where there is much each lane has its own: a crowd whose names are asked for holds up neither replies nor syncs. */
async function openOfPage(pageId: number, nowMs: number, { ledger }: RunnerDeps): Promise<OpenCommands> {
  const open = await ledger.openOfPage(pageId, OPEN_MAX)
  if (open.length < OPEN_MAX) return { open, cutLanes: [] }
  const [later, ...due] = await Promise.all([
    // What waits behind those that are due may hold some of them back.
    ledger.dueLaterOfPage(pageId, nowMs, HELD_MAX),
    ...LANES.map((lane) => ledger.dueOfLane(pageId, lane, nowMs, DUE_MAX)),
  ])
  const cutLanes = LANES.filter((_, i) => due[i]?.length === DUE_MAX)
  return { open: [...due.flat(), ...later], cutLanes }
}

type RunOf = Pick<CommandRun, 'signal' | 'onSave' | 'lookAgain'> & { readonly budget: PageBudget }

/** What may have reached somebody is settled, however late, and a pull that began goes on. */
const hasExpired = (row: CommandRow, nowMs: number): boolean =>
  row.expires_ms <= nowMs && (row.attempts === 0 || row.lane === 'push') && !mayHaveReachedSomebody(row)

/** Answers whether the command has ended; false also where others changed it meanwhile. */
async function runOne(row: CommandRow, { budget, ...run }: RunOf, deps: RunnerDeps): Promise<boolean> {
  const now = deps.clock.now()
  const called = mayHaveReachedSomebody(row)
  if (hasExpired(row, now))
    return endCommand(row, 'expired', new AppError('COMMAND_EXPIRED', 'The command expired before it could run'), deps)
  const page = await pageOf(row, deps)
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
    signal: run.signal,
  }
  const graph = createPageGraph(calls)
  const writes = createPageGraphWrites(calls)
  const inspection = createTokenInspection({ ...calls, appId: deps.pushSettings.appId, appSecret: deps.appSecret })
  const connected = accessToken !== undefined
  return runCommand({ row, page, operation, graph, writes, inspection, connected, ...run }, deps)
}

/** A dead token is used for nothing but to find out whether it lives again. */
const mayUseToken = ({ status }: PageRow, { type }: CommandRow): boolean =>
  status === 'active' || (status === 'reauth_required' && type === 'page.check_token')

/** One that cannot be opened is as good as none: with the right keys, or the page connected again, the command goes on. */
async function readToken(page: PageRow, deps: RunnerDeps): Promise<string | undefined> {
  try {
    return await deps.accessToken(page)
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
): Promise<boolean> {
  const now = deps.clock.now()
  const failure = { code: error.code, message: error.message, status: error.status }
  const saved = await deps.ledger.save(
    withState(row, { state, nowMs: now, worker: deps.workerId, reason: error.code, failure }),
  )
  if (!saved) return false
  // Nothing is counted of a page that is gone.
  if (error.code !== 'PAGE_NOT_FOUND') countRun(saved, deps.counting)
  await deps.announce([commandChange(saved, now)])
  return true
}

/** The page must be connected again first: the command waits, and expires in its own time. */
async function waitForToken(row: CommandRow, deps: RunnerDeps): Promise<boolean> {
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
  return false
}
