export type Settle<T> = (value: T | undefined) => void

/** Who waits for what, by key: several may wait for the same. */
export interface WaitingRoom<T> {
  enter(key: string, settle: Settle<T>): void
  leave(key: string, settle: Settle<T>): void
  has(key: string): boolean
  keys(): Iterable<string>
  /** How many wait. */
  count(): number
  /** Tells everybody who waits for this. They leave by themselves. */
  settle(key: string, value: T): void
}

export function createWaitingRoom<T>(): WaitingRoom<T> {
  const waiting = new Map<string, Set<Settle<T>>>()
  let count = 0
  return {
    enter(key, settle) {
      const others = waiting.get(key)
      if (others) others.add(settle)
      else waiting.set(key, new Set([settle]))
      count++
    },
    leave(key, settle) {
      const others = waiting.get(key)
      if (!others?.delete(settle)) return
      count--
      if (others.size === 0) waiting.delete(key)
    },
    has: (key) => waiting.has(key),
    keys: () => waiting.keys(),
    count: () => count,
    settle(key, value) {
      for (const each of waiting.get(key) ?? []) each(value)
    },
  }
}
