/** A bucket's content at a moment. Plain data: it is stored with the page's lease and survives a restart. */
export interface BucketState {
  /** Below 0 after a draw of more than the bucket holds: what comes next waits until the debt is paid. */
  readonly tokens: number
  readonly at_ms: number
}

export interface BucketRate {
  readonly perSecond: number
  /** The most that may be drawn at once after a pause. */
  readonly capacity: number
}

/** Sums of fractions end just below whole numbers. */
const ROUNDING = 1e-9

/** The bucket as time has filled it; a clock that went back fills nothing. */
export function refill(state: BucketState, rate: BucketRate, nowMs: number): BucketState {
  const elapsedMs = Math.max(0, nowMs - state.at_ms)
  return { tokens: Math.min(rate.capacity, state.tokens + (elapsedMs / 1000) * rate.perSecond), at_ms: nowMs }
}

/**
 * How long until `cost` may be drawn; 0 when it may. A cost beyond the capacity waits for a full bucket and leaves a
 * debt, so that on average it costs the same as single draws.
 */
export function waitToDrawMs(state: BucketState, rate: BucketRate, cost: number): number {
  const missing = Math.min(cost, rate.capacity) - state.tokens
  return missing <= ROUNDING ? 0 : Math.ceil((missing / rate.perSecond) * 1000)
}

export function draw(state: BucketState, cost: number): BucketState {
  return { ...state, tokens: state.tokens - cost }
}
