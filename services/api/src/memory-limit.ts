import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'

export interface MemoryLimit {
  /** Counts one. Null: it was one of those that are free; else how long until the next may come, in milliseconds. */
  take(key: string): number | null
  /** The same without counting. */
  look(key: string): number | null
}

export interface MemoryLimitOptions {
  /** So many in a window; 0 for no limit. */
  readonly max: number
  readonly windowMs: number
  readonly clock: Pick<Clock, 'now'>
  /** Whoever was counted first is forgotten beyond so many. Default 20,000. */
  readonly keysMax?: number
}

interface Count {
  taken: number
  readonly endsMs: number
}

/** Counts by key in windows that begin with the first of them, in this process alone. */
export function createMemoryLimit({ max, windowMs, clock, keysMax = 20_000 }: MemoryLimitOptions): MemoryLimit {
  const counts = new Map<string, Count>()

  const current = (key: string, nowMs: number): Count | undefined => {
    const count = counts.get(key)
    return count && nowMs < count.endsMs ? count : undefined
  }

  return {
    take(key) {
      if (max === 0) return null
      const nowMs = clock.now()
      const count = current(key, nowMs)
      if (count) {
        count.taken++
        return count.taken > max ? count.endsMs - nowMs : null
      }
      counts.delete(key)
      if (counts.size >= keysMax) forgetOldest(counts)
      counts.set(key, { taken: 1, endsMs: nowMs + windowMs })
      return null
    },
    look(key) {
      const nowMs = clock.now()
      const count = max === 0 ? undefined : current(key, nowMs)
      return count && count.taken >= max ? count.endsMs - nowMs : null
    },
  }
}

/** A map keeps the order of insertion: its first entry is the window that began first. */
function forgetOldest(counts: Map<string, Count>): void {
  const oldest = counts.keys().next()
  if (!oldest.done) counts.delete(oldest.value)
}
