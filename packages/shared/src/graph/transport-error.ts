import type { AppError } from '../errors/app-error.ts'

/** No whole answer came from Facebook. Holds no foreign error: those carry pieces of what was received. */
export class TransportError extends Error {
  /** False only where it is certain that nothing was sent: no connection came about. */
  readonly arrived: boolean

  constructor(message: string, arrived: boolean) {
    super(message)
    this.name = 'TransportError'
    this.arrived = arrived
  }
}

/** Whether the attempt that ended so may have reached Facebook: only such attempts cost budget there. */
export function mayHaveArrived(error: AppError): boolean {
  return !(error.cause instanceof TransportError) || error.cause.arrived
}

const EFFECT_UNKNOWN: ReadonlySet<string> = new Set([
  'FACEBOOK_UNAVAILABLE',
  'FACEBOOK_ANSWER_TOO_LARGE',
  'SHUTTING_DOWN',
])

/**
 * Whether a write that ended so may have been done all the same: no answer, or one that Facebook's edge made. A
 * refusal says that it was not done, but for codes 1 and 2, which come from inside a call. (After the caller's own
 * abort nobody can know: what is thrown then is the signal's reason.)
 */
export function mayHaveTakenEffect(error: AppError): boolean {
  return EFFECT_UNKNOWN.has(error.code) && mayHaveArrived(error)
}
