import type { AppError } from './app-error.ts'
import type { ErrorKind } from './error-table.ts'

/** What a consumer or a command runner does after an error. */
export type WorkerAction = 'dead-letter' | 'drop' | 'retry-now' | 'wait' | 'back-off' | 'fail'

interface Reaction {
  readonly worker: WorkerAction
  readonly logLevel: 'info' | 'warn' | 'error'
}

const REACTIONS: Record<ErrorKind, Reaction> = {
  invalid: { worker: 'dead-letter', logLevel: 'warn' },
  unauthenticated: { worker: 'fail', logLevel: 'warn' },
  forbidden: { worker: 'fail', logLevel: 'warn' },
  'not-found': { worker: 'drop', logLevel: 'info' },
  conflict: { worker: 'retry-now', logLevel: 'info' },
  'rate-limited': { worker: 'wait', logLevel: 'info' },
  transient: { worker: 'back-off', logLevel: 'warn' },
  permanent: { worker: 'fail', logLevel: 'error' },
  bug: { worker: 'dead-letter', logLevel: 'error' },
}

export function reactionTo(error: AppError): Reaction {
  return REACTIONS[error.kind]
}
