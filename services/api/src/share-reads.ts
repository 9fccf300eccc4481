import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'

/** What was read is answered again for so many times as long as reading it took: it costs this part of the time at most. */
const KEPT_TIMES = 20
const KEPT_MS_MAX = 60_000
const KEYS_MAX = 1_000

interface Shared<T> {
  readonly value: Promise<T>
  /** Until it was read, nobody reads it again. */
  keptUntilMs: number
}

/**
 * Lets callers share what is dear to read: who asks while it is read, or a little later, gets the same. What costs little is
 * as good as new; a failure is kept for nobody who asks later.
 */
export function createSharedReads<T>(clock: Clock) {
  const reads = new Map<string, Shared<T>>()
  return (key: string, read: () => Promise<T>): Promise<T> => {
    const known = reads.get(key)
    const beganMs = clock.now()
    if (known && known.keptUntilMs > beganMs) return known.value
    const shared: Shared<T> = { value: read(), keptUntilMs: Number.POSITIVE_INFINITY }
    reads.delete(key)
    reads.set(key, shared)
    if (reads.size > KEYS_MAX) reads.delete(reads.keys().next().value as string)
    shared.value.then(
      () => {
        const now = clock.now()
        shared.keptUntilMs = now + Math.min(KEPT_MS_MAX, (now - beganMs) * KEPT_TIMES)
      },
      () => {
        shared.keptUntilMs = 0
      },
    )
    return shared.value
  }
}
