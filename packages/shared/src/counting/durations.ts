import type { Counts } from './counts.ts'

/**
 * A histogram of durations with boundaries that grow by the fourth root of two: from one second to 48 days in 90 buckets.
 * A percentile read from it differs from the true one by 9 % at most (and by half a second below one).
 */
const STEPS_PER_DOUBLING = 4
const BUCKET_MAX = 22 * STEPS_PER_DOUBLING + 1

/** 0: below one second. */
export function bucketOf(durationMs: number): number {
  const seconds = durationMs / 1_000
  if (!(seconds >= 1)) return 0
  return Math.min(BUCKET_MAX, 1 + Math.floor(STEPS_PER_DOUBLING * Math.log2(seconds)))
}

/** What stands for all durations of a bucket: its geometric middle, in seconds. */
export function secondsOf(bucket: number): number {
  return bucket === 0 ? 0.5 : 2 ** ((bucket - 0.5) / STEPS_PER_DOUBLING)
}

export type Histogram = ReadonlyMap<number, number>

/** The counts whose names are `prefix` and a bucket's number. */
export function histogramIn(counts: Counts, prefix: string): Histogram {
  const histogram = new Map<number, number>()
  for (const [name, count] of Object.entries(counts))
    if (name.startsWith(prefix) && count > 0) histogram.set(Number(name.slice(prefix.length)), count)
  return histogram
}

export const sizeOfHistogram = (histogram: Histogram): number =>
  [...histogram.values()].reduce((sum, count) => sum + count, 0)

/** The smallest duration that `share` (0…1) of all do not exceed, in seconds; null of nothing. */
export function percentileSeconds(histogram: Histogram, share: number): number | null {
  const size = sizeOfHistogram(histogram)
  if (size === 0) return null
  const rank = Math.max(1, Math.ceil(share * size))
  let seen = 0
  for (const [bucket, count] of [...histogram].toSorted(([a], [b]) => a - b)) {
    seen += count
    if (seen >= rank) return secondsOf(bucket)
  }
  return null
}
