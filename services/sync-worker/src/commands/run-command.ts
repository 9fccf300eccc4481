import { AppError, toAppError } from '@pagesync/shared/errors/app-error.ts'
import { reactionTo } from '@pagesync/shared/errors/reaction.ts'
import type { PageGraph } from '@pagesync/shared/graph/page-graph.ts'
import type { PageGraphWrites } from '@pagesync/shared/graph/page-graph-writes.ts'
import type { TokenInspection } from '@pagesync/shared/graph/token-inspection.ts'
import type { Change } from '@pagesync/shared/model/change.ts'
import { isFinal } from '@pagesync/shared/model/command.ts'
import { commandChange } from '@pagesync/shared/model/command-change.ts'
import { type StateChange, withState } from '@pagesync/shared/model/command-row.ts'
import { announceTokenNews } from '@pagesync/shared/store/repositories/announce-token-news.ts'
import type { CommandRow, PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { withDeadToken } from '../health/token-state.ts'
import { afterFailure, toFailure } from './after-failure.ts'
import { countAttempt } from './count-attempt.ts'
import type { Operation, OperationContext } from './operation.ts'
import { LEASE_MS } from './page-leases.ts'
import { pageOf } from './page-of.ts'
import type { RunnerDeps } from './runner-deps.ts'
import { submitOwn } from './submit-own.ts'
import { syncChange } from './sync-change.ts'

export interface CommandRun {
  readonly row: CommandRow
  readonly page: PageRow
  readonly operation: Operation
  readonly graph: PageGraph
  readonly writes: PageGraphWrites
  readonly inspection: TokenInspection
  /** False while the page's token is dead. */
  readonly connected: boolean
  /** Something was saved: a good moment to see whether another command came in. */
  readonly onSave: () => void
  /** The command put another one into the page's ledger. */
  readonly lookAgain: () => void
  /** Fires when the lease is lost or the worker stops. */
  readonly signal: AbortSignal
}

/** How often progress is announced at most. */
const PROGRESS_EVERY_MS = 500

/**
 * Runs one attempt of a command and notes in the ledger what became of it. Answers whether it ended; false also where it
 * was somebody else's to end. Throws only when the ledger cannot be written.
 */
export async function runCommand(run: CommandRun, deps: RunnerDeps): Promise<boolean> {
  const record = createRecord(run, deps)
  const started = await record.change({ state: 'running', dueMs: deps.clock.now() + LEASE_MS })
  if (!started) return false
  await record.announceSync('started')
  const logger = deps.logger.child({ command_id: run.row.command_id, command_type: run.row.type, page_id: run.page.id })
  try {
    const outcome = await run.operation(createContext(run, record, deps))
    if ('unconfirmed' in outcome) {
      const { dueMs, reason } = outcome.unconfirmed
      await record.change({ state: 'unconfirmed', dueMs, reason }, { uncounted: true })
      return false
    }
    if (run.row.lane !== 'push') await showCounts(deps)
    await record.change({
      state: outcome.partial ? 'partially_succeeded' : 'succeeded',
      result: withTotals(run, outcome.result, deps.clock.now()),
    })
    await record.announceSync('finished')
    logger.info({ graph_calls: callsOf(run) }, 'command finished')
  } catch (thrown) {
    await settleFailure(toAppError(thrown), run, record, deps)
  } finally {
    countAttempt(run, record.row(), callsOf(run), deps)
  }
  return isFinal(record.row().state)
}

const callsOf = ({ graph, writes, inspection }: CommandRun): number =>
  graph.calls() + writes.calls() + inspection.calls()

/** Who waited for a pull finds it counted. What cannot be shown now is shown a moment later, so it is no failure. */
async function showCounts({ counting, logger }: RunnerDeps): Promise<void> {
  await counting.flush().catch((err: unknown) => logger.warn({ err }, 'counts were not folded'))
}

/** A full sync says what it cost and how long it took: all its attempts together. */
function withTotals(
  run: CommandRun,
  result: Readonly<Record<string, unknown>>,
  nowMs: number,
): Readonly<Record<string, unknown>> {
  const { row } = run
  if (row.type !== 'page.full_sync') return result
  return {
    ...result,
    graph_calls: row.graph_calls + callsOf(run),
    duration_ms: nowMs - (row.started_ms ?? row.accepted_ms),
  }
}

async function settleFailure(error: AppError, run: CommandRun, record: CommandRecord, deps: RunnerDeps): Promise<void> {
  const logger = deps.logger.child({ command_id: run.row.command_id, command_type: run.row.type, page_id: run.page.id })
  if (error.code === 'LEASE_LOST' || error.code === 'COMMAND_CANCELLED') {
    logger.info({ code: error.code }, 'command left to others')
    return
  }
  if (run.signal.aborted) {
    // We stop, the command does not: another worker goes on at its checkpoint.
    await record.change({ state: 'queued', reason: 'worker_stopped' }, { uncounted: true })
    return
  }
  logger[reactionTo(error).logLevel]({ err: error, code: error.code }, 'command attempt failed')
  if (error.code === 'FACEBOOK_TOKEN_INVALID') await markReauthRequired(error, run, deps)
  if (error.code === 'COMMAND_EXPIRED') {
    await record.change({ state: 'expired', reason: error.code, failure: toFailure(error) })
    return
  }
  const next = afterFailure(record.row(), error, deps.clock.now())
  if (next.kind === 'unconfirmed') {
    await record.change({ state: 'unconfirmed', reason: next.reason, dueMs: next.dueMs }, { uncounted: true })
    return
  }
  if (next.kind === 'fail') {
    const result = run.row.lane === 'push' && error.facebook ? { outcome: 'rejected', facebook: error.facebook } : null
    await record.change({
      state: 'failed',
      reason: next.reason,
      failure: next.failure,
      ...(result ? { result } : {}),
    })
    await record.announceSync('finished')
  } else await record.change({ state: 'waiting', reason: next.reason, dueMs: next.dueMs }, { uncounted: !next.counted })
}

async function markReauthRequired(error: AppError, { page, row }: CommandRun, deps: RunnerDeps): Promise<void> {
  const { code, subcode } = error.facebook ?? {}
  const cause = {
    command_id: row.command_id,
    at_ms: deps.clock.now(),
    ...(code === undefined ? {} : { facebook: { code, ...(subcode === undefined ? {} : { subcode }) } }),
  }
  const marked = await deps.pages.update(page.tenant_id, page.id, (stored) =>
    // Connected again meanwhile: this was about the token before.
    stored.token_set_ms === page.token_set_ms ? withDeadToken(stored, cause) : null,
  )
  await announceTokenNews(marked, deps)
}

interface CommandRecord {
  row(): CommandRow
  /** False when somebody else changed the row (cancelled, taken over): then it is theirs. */
  change(change: Omit<StateChange, 'nowMs' | 'worker'>, options?: { readonly uncounted: boolean }): Promise<boolean>
  patch(patch: Partial<CommandRow>): Promise<void>
  announceSync(kind: 'started' | 'progress' | 'finished'): Promise<void>
}

/** The ledger row of a run: every write is a compare-and-set, so a worker that lost the page can write nothing. */
function createRecord(run: CommandRun, deps: RunnerDeps): CommandRecord {
  let row = run.row
  const graphCalls = (): number => run.row.graph_calls + callsOf(run)
  const save = async (next: CommandRow): Promise<boolean> => {
    const saved = await deps.ledger.save(next)
    if (saved) row = saved
    return saved !== undefined
  }
  /** A change about a command is a wake-up, never the truth: with the log down the command goes on, and who waits reads the ledger. */
  const tell = async (change: Change): Promise<void> => {
    try {
      await deps.announce([change])
    } catch (err) {
      deps.logger.warn(
        { err, command_id: row.command_id, change: change.type },
        'change of a command was not announced',
      )
    }
  }
  return {
    row: () => row,
    async change(change, options) {
      const now = deps.clock.now()
      const next = { ...withState(row, { ...change, nowMs: now, worker: deps.workerId }), graph_calls: graphCalls() }
      const counted = options?.uncounted ? { ...next, attempts: Math.max(0, next.attempts - 1) } : next
      if (!(await save(counted))) return false
      await tell(commandChange(row, now))
      return true
    },
    async patch(patch) {
      if (await save({ ...row, ...patch, graph_calls: graphCalls() })) return
      const now = await deps.ledger.getByKey(row._id)
      if (now && isFinal(now.state)) throw new AppError('COMMAND_CANCELLED', 'The command was cancelled')
      throw new AppError('LEASE_LOST', 'Another worker took the command over')
    },
    async announceSync(kind) {
      const change = syncChange(kind, row, deps.clock.now())
      if (change) await tell(change)
    },
  }
}

/** The token in hand lives on at Facebook; the page may be another tenant's by now. */
async function refuseDisconnected(row: CommandRow, deps: RunnerDeps): Promise<void> {
  const page = await pageOf(row, deps)
  if (!page || page.status === 'disconnected')
    throw new AppError('PAGE_REAUTH_REQUIRED', 'The page was disconnected meanwhile')
}

function createContext(run: CommandRun, record: CommandRecord, deps: RunnerDeps): OperationContext {
  const { page, graph, writes, inspection, connected, signal } = run
  let announcedAtMs = 0
  return {
    page,
    command: record.row(),
    graph,
    writes,
    connected,
    signal,
    echoes: deps.echoes,
    pushSettings: deps.pushSettings,
    noteFaqSend: deps.noteFaqSend,
    inspectToken: () => inspection.inspect(),
    wakePage: async () => {
      await deps.ledger.wakePage(page.id, deps.clock.now())
      run.lookAgain()
    },
    armTimers: deps.armTimers,
    submit: async (command) => {
      await submitOwn(command, deps)
      run.lookAgain()
    },
    automations: deps.automations,
    pages: deps.pages,
    synced: deps.synced,
    counting: deps.counting,
    keepOut: deps.keepOut,
    clock: deps.clock,
    logger: deps.logger,
    announce: deps.announce,
    save: async (checkpoint, progress) => {
      signal.throwIfAborted()
      const now = deps.clock.now()
      await record.patch({ checkpoint, progress, due_ms: now + LEASE_MS })
      run.onSave()
      // A push is over soon, and what it has just sent, or is about to call, is its to finish.
      if (run.row.lane !== 'push') await refuseDisconnected(run.row, deps)
      if (now - announcedAtMs < PROGRESS_EVERY_MS) return
      announcedAtMs = now
      await record.announceSync('progress')
    },
  }
}
