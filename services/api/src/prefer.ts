/** RFC 7240, as far as it concerns waiting for a command. */
export interface WaitPreference {
  readonly waitMs: number
  /** For `Preference-Applied`; null where the caller asked for nothing that we know. */
  readonly applied: string | null
}

const WAIT_SECONDS_MAX = 60

/**
 * `respond-async` answers at once, `wait=N` after at most N seconds (1…60; more is 60, and the answer says so), both
 * together wait. What is malformed or unknown is as if it were not there: a preference is never an error.
 */
export function readPrefer(header: string | undefined, defaultMs: number): WaitPreference {
  const preferences = (header ?? '').split(',').map((part) => part.split(';')[0]?.trim().toLowerCase() ?? '')
  const isAsync = preferences.includes('respond-async')
  const seconds = preferences.map(waitSeconds).find((value) => value !== undefined)
  if (seconds !== undefined)
    return { waitMs: seconds * 1000, applied: isAsync ? `respond-async, wait=${seconds}` : `wait=${seconds}` }
  return isAsync ? { waitMs: 0, applied: 'respond-async' } : { waitMs: defaultMs, applied: null }
}

function waitSeconds(preference: string): number | undefined {
  const digits = /^wait *= *"?([0-9]{1,9})"?$/.exec(preference)?.[1]
  return digits === undefined ? undefined : Math.min(WAIT_SECONDS_MAX, Math.max(1, Number(digits)))
}
