import { ERROR_TABLE, type ErrorCode, type ErrorKind } from './error-table.ts'

/** One thing that is wrong with an input; `path` is a JSON pointer such as `/mute_until`. */
export interface FieldProblem {
  readonly path: string
  readonly message: string
}

/** Facebook's own refusal, as it came. Messages are localised: never decide by them. */
export interface FacebookRefusal {
  readonly code: number
  readonly subcode?: number
  readonly type?: string
  readonly message?: string
  readonly fbtrace_id?: string
}

/** `max` in `windowMs`. */
export interface ReachedLimit {
  readonly name: string
  readonly max: number
  readonly windowMs: number
}

export interface AppErrorOptions {
  /** The fields that are wrong, for `invalid` errors. */
  readonly problems?: readonly FieldProblem[]
  readonly facebook?: FacebookRefusal
  /** How long the other side asked to wait, in milliseconds. */
  readonly retryAfterMs?: number
  /** The limit that was reached, for `rate-limited` errors. */
  readonly limit?: ReachedLimit
  /** Replaces the table's HTTP status, where one code has two (MESSAGE_WINDOW_CLOSED). */
  readonly status?: number
  readonly cause?: unknown
}

/**
 * The only error that crosses a port or a service boundary. Foreign errors are translated once, where they enter,
 * and kept under `cause`; `message` may be shown to callers, so it never holds a token or a driver's text.
 */
export class AppError extends Error {
  readonly code: ErrorCode
  readonly kind: ErrorKind
  readonly status: number
  readonly title: string
  readonly problems: readonly FieldProblem[]
  readonly facebook: FacebookRefusal | undefined
  readonly retryAfterMs: number | undefined
  readonly limit: ReachedLimit | undefined

  constructor(code: ErrorCode, message: string, options: AppErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause })
    const row = ERROR_TABLE[code]
    this.name = 'AppError'
    this.code = code
    this.kind = row.kind
    this.status = options.status ?? row.status
    this.title = row.title
    this.problems = options.problems ?? []
    this.facebook = options.facebook
    this.retryAfterMs = options.retryAfterMs
    this.limit = options.limit
  }
}

/** Whatever was thrown, as an AppError: what we do not know is a bug and its text stays hidden. */
export function toAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown
  return new AppError('INTERNAL', 'An unexpected error occurred', { cause: thrown })
}
