/** Remembers up to `max` keys; the oldest half is forgotten when it is full. */
export interface KnownKeys extends ReadonlySet<string> {
  remember(keys: Iterable<string>): void
  delete(key: string): boolean
}

export function createKnownKeys(max: number): KnownKeys {
  const keys = new Set<string>()
  return Object.assign(keys, {
    remember(more: Iterable<string>) {
      for (const key of more) keys.add(key)
      if (keys.size <= max) return
      let surplus = keys.size - max / 2
      for (const key of keys) {
        if (surplus-- <= 0) break
        keys.delete(key)
      }
    },
  })
}
