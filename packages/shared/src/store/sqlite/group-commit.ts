import { AppError } from '../../errors/app-error.ts'
import type { Turns } from './turns.ts'

/** What takes the time of a small write is the disk's confirmation (`synchronous=FULL`), so writes share it. */
export interface GroupCommit {
  /**
   * Calls `applyRow(0 … rows - 1)`, some rows to a transaction, and resolves after the commit of the last. A row may be
   * applied again after a rollback, so `applyRow` must keep nothing but the outcome of its last call. When it throws,
   * the call is rejected and its rows of that transaction are not there.
   */
  submit(rows: number, applyRow: (row: number) => void): Promise<void>
  /** Resolves when all that was submitted is settled. */
  idle(): Promise<void>
}

export interface Transactions {
  begin(): void
  commit(): void
  /** Does nothing when SQLite has rolled back by itself, as it does after some errors. */
  rollback(): void
}

interface Job {
  readonly rows: number
  readonly applyRow: (row: number) => void
  readonly resolve: () => void
  readonly reject: (error: unknown) => void
  committed: number
}

const TRANSACTION_ROWS_MAX = 200
/** Of applying rows; the commit comes on top. */
const APPLY_MS = 3
const JOBS_MAX = 20_000

export function createGroupCommit(transactions: Transactions, turns: Turns): GroupCommit {
  const jobs: Job[] = []
  let draining: Promise<void> | undefined

  const drain = async (): Promise<void> => {
    try {
      while (jobs.length > 0) await turns.run(() => commitGroup(transactions, jobs))
    } catch (error) {
      for (const job of jobs.splice(0)) job.reject(error)
    } finally {
      draining = undefined
    }
  }

  return {
    submit(rows, applyRow) {
      if (rows === 0) return Promise.resolve()
      if (jobs.length >= JOBS_MAX) {
        return Promise.reject(new AppError('STORE_UNAVAILABLE', `${JOBS_MAX} writes wait for the store already`))
      }
      return new Promise((resolve, reject) => {
        jobs.push({ rows, applyRow, resolve, reject, committed: 0 })
        draining ??= drain()
      })
    },
    idle: () => draining ?? Promise.resolve(),
  }
}

/** One transaction for the jobs that stand first. Who has more goes to the end: a large write holds up no small one. */
function commitGroup(transactions: Transactions, jobs: Job[]): void {
  let room = TRANSACTION_ROWS_MAX
  const group: Job[] = []
  while (room > 0 && jobs[0]) {
    room -= jobs[0].rows - jobs[0].committed
    group.push(jobs.shift() as Job)
  }
  const failed = new Set<Job>()
  if (!tryCommit(transactions, group)) {
    // One of them broke it for all: each by itself then, so that only that one is rejected.
    for (const job of group) tryCommit(transactions, [job], (error) => failed.add(job) && job.reject(error))
  }
  for (const job of group) {
    if (job.committed === job.rows) job.resolve()
    else if (!failed.has(job)) jobs.push(job)
  }
}

function tryCommit(transactions: Transactions, group: readonly Job[], onError?: (error: unknown) => void): boolean {
  const untilMs = performance.now() + APPLY_MS
  const applied: number[] = []
  try {
    transactions.begin()
    let room = TRANSACTION_ROWS_MAX
    for (const job of group) {
      let row = job.committed
      for (; row < job.rows && room > 0 && (room === TRANSACTION_ROWS_MAX || performance.now() < untilMs); row++) {
        job.applyRow(row)
        room -= 1
      }
      applied.push(row)
    }
    transactions.commit()
  } catch (error) {
    transactions.rollback()
    onError?.(error)
    return false
  }
  for (const [i, job] of group.entries()) job.committed = applied[i] as number
  return true
}
