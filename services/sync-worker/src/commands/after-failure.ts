import type { AppError } from '@pagesync/shared/errors/app-error.ts'
import { backOffMs } from '@pagesync/shared/lifecycle/back-off.ts'
import { mayHaveReachedSomebody } from '@pagesync/shared/store/repositories/cancel-and-retry.ts'
import type { CommandFailure, CommandRow } from '@pagesync/shared/store/repositories/rows.ts'

export const ATTEMPTS_MAX = 8
const RETRY = { baseMs: 1_000, maxMs: 15 * 60_000 }
/** A page without a living token is looked at again after this, in case it was connected anew. */
export const REAUTH_CHECK_MS = 30_000

const UNCONFIRMED_PAUSE_MS = 30_000

export type AfterFailure =
  /** Try again at `dueMs`; `counted` says whether this attempt counts towards the bound. */
  | { readonly kind: 'wait'; readonly dueMs: number; readonly reason: string; readonly counted: boolean }
  /** A person may have seen what it did: it is found out, and neither counted nor given up for what happened since. */
  | { readonly kind: 'unconfirmed'; readonly dueMs: number; readonly reason: string }
  | { readonly kind: 'fail'; readonly failure: CommandFailure; readonly reason: string }

/** What becomes of a command whose attempt threw. Pure; `random` in [0, 1) spreads retries. */
export function afterFailure(
  row: CommandRow,
  error: AppError,
  nowMs: number,
  random: () => number = Math.random,
): AfterFailure {
  if (mayHaveReachedSomebody(row) && error.code !== 'SEND_UNCONFIRMED')
    return { kind: 'unconfirmed', dueMs: nowMs + UNCONFIRMED_PAUSE_MS, reason: error.code }
  const fail: AfterFailure = { kind: 'fail', failure: toFailure(error), reason: error.code }
  if (error.code === 'FACEBOOK_TOKEN_INVALID' || error.code === 'PAGE_REAUTH_REQUIRED') {
    return { kind: 'wait', dueMs: nowMs + REAUTH_CHECK_MS, reason: 'reauth_required', counted: false }
  }
  const delayMs = backOffMs(row.attempts, RETRY, random)
  if (error.kind === 'rate-limited') {
    return {
      kind: 'wait',
      dueMs: nowMs + (error.retryAfterMs ?? Math.max(RETRY.baseMs, delayMs)),
      reason: error.code,
      counted: false,
    }
  }
  if (error.kind !== 'transient' && error.kind !== 'conflict') return fail
  return row.attempts >= ATTEMPTS_MAX
    ? fail
    : { kind: 'wait', dueMs: nowMs + delayMs, reason: error.code, counted: true }
}

export function toFailure(error: AppError): CommandFailure {
  return {
    code: error.code,
    message: error.kind === 'bug' ? error.title : error.message,
    status: error.status,
    ...(error.facebook ? { facebook: error.facebook } : {}),
  }
}
