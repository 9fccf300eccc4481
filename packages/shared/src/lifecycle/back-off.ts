export interface BackOffLimits {
  readonly baseMs: number
  readonly maxMs: number
}

/**
 * Exponential back-off with full jitter: uniformly between 0 and the exponential bound, so that many waiters spread
 * out (AWS Architecture Blog, "Exponential Backoff And Jitter").
 *
 * @param attempt 1 for the first retry
 * @param random a number in [0, 1)
 */
export function backOffMs(attempt: number, limits: BackOffLimits, random: () => number = Math.random): number {
  const bound = Math.min(limits.maxMs, limits.baseMs * 2 ** Math.max(0, attempt - 1))
  return Math.round(random() * bound)
}
