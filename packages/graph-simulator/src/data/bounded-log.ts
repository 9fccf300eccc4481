/** The last `capacity` entries, in order, each with a number that never repeats; older ones are forgotten. */
export function createBoundedLog<Entry>(capacity: number) {
  let entries: (Entry & { n: number })[] = []
  let total = 0
  return {
    add(entry: Entry): Entry & { n: number } {
      const numbered = { n: ++total, ...entry }
      entries.push(numbered)
      // Cutting in halves keeps adding cheap, however long the run.
      if (entries.length > capacity * 2) entries = entries.slice(-capacity)
      return numbered
    },
    /** Entries after number `since`, at most the last `capacity`. */
    list(since = 0): (Entry & { n: number })[] {
      return entries.slice(-capacity).filter((entry) => entry.n > since)
    },
    total: () => total,
    clear() {
      entries = []
      total = 0
    },
  }
}
