/** Calls within a window that slides by twelfths of its length. */
export function createSlidingWindow(lengthMs: number) {
  const slots = new Map<number, number>()
  const slotMs = lengthMs / 12
  const drop = (now: number) => {
    for (const slot of slots.keys()) if (slot <= now / slotMs - 12) slots.delete(slot)
  }
  return {
    add(now: number, cost: number) {
      const slot = Math.floor(now / slotMs)
      slots.set(slot, (slots.get(slot) ?? 0) + cost)
    },
    count(now: number): number {
      drop(now)
      let sum = 0
      for (const calls of slots.values()) sum += calls
      return sum
    },
    clear: () => slots.clear(),
  }
}

export type SlidingWindow = ReturnType<typeof createSlidingWindow>
