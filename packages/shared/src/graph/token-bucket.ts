/** A bucket's content at a moment. Plain data: it is stored with the page's lease and survives a restart. */
export interface BucketState {
  readonly tokens: number
  readonly at_ms: number
}

export interface BucketRate {
  readonly perSecond: number
  /** The most that may be drawn at once after a pause. */
  readonly capacity: number
}

/** The bucket as time has filled it; a clock that went back fills nothing. */
export function refill(state: BucketState, rate: BucketRate, nowMs: number): BucketState {
  const elapsedMs = Math.max(0, nowMs - state.at_ms)
  return { tokens: Math.min(rate.capacity, state.tokens + (elapsedMs / 1000) * rate.perSecond), at_ms: nowMs }
}

/** How long until one token is there; 0 when it is. */
export function waitForTokenMs(state: BucketState, rate: BucketRate): number {
  return state.tokens >= 1 ? 0 : Math.ceil(((1 - state.tokens) / rate.perSecond) * 1000)
}
