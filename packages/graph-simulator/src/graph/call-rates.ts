import type { MovableClock } from '../clock/movable-clock.ts'

const RECENT_CALLS = 64

export interface RatePeak {
  readonly calls: number
  readonly in_1s: number
  readonly in_10s: number
}

/** Token buckets, filled by the simulator's clock. */
export function createTokenBuckets(clock: MovableClock) {
  const buckets = new Map<string, { tokens: number; at: number }>()
  return {
    /** False when the bucket of this key does not hold `cost`. */
    take(key: string, perSecond: number, burst: number, cost = 1): boolean {
      const now = clock.now()
      const bucket = buckets.get(key) ?? { tokens: burst, at: now }
      bucket.tokens = Math.min(burst, bucket.tokens + (Math.max(0, now - bucket.at) / 1000) * perSecond)
      bucket.at = now
      buckets.set(key, bucket)
      if (bucket.tokens < Math.min(cost, burst)) return false
      bucket.tokens -= cost
      return true
    },
  }
}

/** Watches how fast each page is called, whether that is refused or not: tests of a client's budget read it. */
export function createRateObserver(clock: MovableClock) {
  const recent = new Map<string, number[]>()
  const peaks = new Map<string, RatePeak>()
  return {
    observe(page: string, cost: number) {
      const now = clock.now()
      const times = recent.get(page) ?? []
      for (let i = 0; i < Math.min(cost, RECENT_CALLS); i++) times.push(now)
      if (times.length > RECENT_CALLS) times.splice(0, times.length - RECENT_CALLS)
      recent.set(page, times)
      const within = (ms: number) => times.filter((time) => time > now - ms).length
      const { calls, in_1s, in_10s } = peaks.get(page) ?? { calls: 0, in_1s: 0, in_10s: 0 }
      peaks.set(page, {
        calls: calls + cost,
        in_1s: Math.max(in_1s, within(1_000)),
        in_10s: Math.max(in_10s, within(10_000)),
      })
    },
    /** The most calls that were seen within one and within ten seconds, for each page. */
    peaks: (): Record<string, RatePeak> => Object.fromEntries(peaks),
    clear() {
      recent.clear()
      peaks.clear()
    },
  }
}
