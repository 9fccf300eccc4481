import { AppError } from '../../errors/app-error.ts'
import { isFinal } from '../../model/command.ts'
import { COMMAND_TRAITS, withState } from '../../model/command-row.ts'
import type { CommandRow } from './rows.ts'

/** Somebody cancels or retries a command. */
export interface LedgerAct {
  /** Who, for the transition's reason. */
  readonly by: string
  readonly nowMs: number
}

/** What a person can see may be under way, or done and not known: such a command is neither cancelled nor begun anew. */
export function mayHaveReachedSomebody({ checkpoint }: CommandRow): boolean {
  return typeof checkpoint === 'object' && checkpoint !== null && 'calling' in checkpoint && checkpoint.calling !== null
}

/** @throws AppError NOT_CANCELLABLE */
export function cancelledRow(row: CommandRow, { by, nowMs }: LedgerAct): CommandRow {
  if (row.state === 'cancelled') return row
  if (isFinal(row.state)) throw new AppError('NOT_CANCELLABLE', `The command has ${row.state} already`)
  const isUnderWay = row.state === 'running' && row.lane === 'push'
  if (isUnderWay || row.state === 'unconfirmed' || mayHaveReachedSomebody(row))
    throw new AppError('NOT_CANCELLABLE', 'The command is on its way to Facebook')
  return withState(row, { state: 'cancelled', nowMs, worker: null, reason: `cancelled by ${by}` })
}

/** @throws AppError NOT_RETRYABLE */
export function retriedRow(row: CommandRow, { by, nowMs }: LedgerAct): CommandRow {
  if (row.state !== 'failed' && row.state !== 'cancelled' && row.state !== 'expired')
    throw new AppError('NOT_RETRYABLE', `The command is ${row.state}`)
  if (row.arguments.erased === true) throw new AppError('NOT_RETRYABLE', 'The person that it was about was erased')
  if (mayHaveReachedSomebody(row))
    throw new AppError('NOT_RETRYABLE', 'Facebook may have done it: doing it again could show it twice')
  const queued = withState(
    { ...row, attempts: 0, failure: null, result: null },
    { state: 'queued', nowMs, worker: null, reason: `retried by ${by}` },
  )
  return { ...queued, expires_ms: Math.max(row.expires_ms, nowMs + COMMAND_TRAITS[row.type].expiresAfterMs) }
}
