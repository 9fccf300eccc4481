/** What tells an item of a listing apart, and where in it it stands: its time (`updated_time`, `created_time`). */
export interface ItemPlace {
  readonly key: string
  readonly timeMs: number | null
}

/**
 * What a listing has delivered so far, told by times, since listings are sorted newest first: a stretch of time and
 * the keys at its two ends (times have whole seconds). JSON of a bounded size, however long the listing is.
 */
export interface DeliveredItems {
  readonly newest_ms: number
  readonly newest_keys: readonly string[]
  readonly oldest_ms: number
  readonly oldest_keys: readonly string[]
  /** False once an item came out of order or had no time: then the times tell nothing. */
  readonly ordered: boolean
}

/** More of one second are delivered again after a restart. */
const KEYS_MAX = 500

/**
 * Whether a listing that began anew has delivered this item before. What is newer than its beginning has not been
 * seen as it is now, and is news.
 */
export function wasDelivered(delivered: DeliveredItems | null, { key, timeMs }: ItemPlace): boolean {
  if (!delivered?.ordered || timeMs === null) return false
  if (timeMs === delivered.newest_ms && delivered.newest_keys.includes(key)) return true
  if (timeMs === delivered.oldest_ms) return delivered.oldest_keys.includes(key)
  return timeMs < delivered.newest_ms && timeMs > delivered.oldest_ms
}

/** With one more page, as it is handed on. */
export function addDelivered(delivered: DeliveredItems | null, page: readonly ItemPlace[]): DeliveredItems | null {
  if (page.length === 0) return delivered
  if (delivered === null) {
    const newestMs = Math.max(...page.map(({ timeMs }) => timeMs ?? 0))
    return append(
      {
        newest_ms: newestMs,
        newest_keys: withKeys([], keysAt(page, newestMs)),
        oldest_ms: newestMs,
        oldest_keys: [],
        ordered: true,
      },
      page,
    )
  }
  // News of a listing that began anew stand at or above the stretch's newer end and are no part of it.
  const { newest_ms: newestMs, newest_keys: newestKeys, oldest_ms: oldestMs } = delivered
  return append(
    { ...delivered, newest_keys: withKeys(newestKeys, keysAt(page, newestMs)) },
    page.filter(({ timeMs }) => timeMs === null || timeMs < newestMs || timeMs === oldestMs),
  )
}

function append(delivered: DeliveredItems, page: readonly ItemPlace[]): DeliveredItems {
  let { oldest_ms: oldestMs, ordered } = delivered
  for (const { timeMs } of page) {
    ordered = ordered && timeMs !== null && timeMs <= oldestMs
    oldestMs = Math.min(oldestMs, timeMs ?? oldestMs)
  }
  const before = oldestMs === delivered.oldest_ms ? delivered.oldest_keys : []
  return {
    ...delivered,
    oldest_ms: oldestMs,
    oldest_keys: withKeys(before, keysAt(page, oldestMs)),
    ordered,
  }
}

function keysAt(page: readonly ItemPlace[], ms: number): string[] {
  return page.filter(({ timeMs }) => timeMs === ms).map(({ key }) => key)
}

function withKeys(known: readonly string[], more: readonly string[]): readonly string[] {
  return more.length === 0 ? known : [...new Set([...known, ...more])].slice(0, KEYS_MAX)
}
