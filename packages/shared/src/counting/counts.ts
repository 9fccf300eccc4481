/** Numbers by name. Names that begin with `first_` or `last_` (after an hour's `HH/`) hold times, all others sums. */
export type Counts = Readonly<Record<string, number>>

/** Counts to add to documents of the collection `statistics`, by the document's `_id`. */
export type Deltas = Readonly<Record<string, Counts>>

/** The two as if they had been counted together: sums are added, of times the first or the last stays. */
export function combine(a: Counts, b: Counts): Counts {
  const sum: Record<string, number> = { ...a }
  for (const [name, value] of Object.entries(b)) {
    const known = sum[name]
    sum[name] = known === undefined ? value : combinerOf(name)(known, value)
  }
  return sum
}

/** Deltas that are still being collected. */
export interface DeltaSink {
  add(document: string, name: string, value: number): void
}

export interface CollectedDeltas extends DeltaSink {
  readonly empty: boolean
  readonly deltas: Deltas
}

export function collectDeltas(): CollectedDeltas {
  const documents = new Map<string, Record<string, number>>()
  return {
    add(document, name, value) {
      let counts = documents.get(document)
      if (!counts) {
        counts = {}
        documents.set(document, counts)
      }
      const known = counts[name]
      counts[name] = known === undefined ? value : combinerOf(name)(known, value)
    },
    get empty() {
      return documents.size === 0
    },
    get deltas() {
      return Object.fromEntries(documents)
    },
  }
}

export function addDeltas(sink: DeltaSink, deltas: Deltas): void {
  for (const [document, counts] of Object.entries(deltas))
    for (const [name, value] of Object.entries(counts)) sink.add(document, name, value)
}

const plus = (a: number, b: number): number => a + b

function combinerOf(name: string): (a: number, b: number) => number {
  const bare = name.slice(name.indexOf('/') + 1)
  if (bare.startsWith('first_')) return Math.min
  return bare.startsWith('last_') ? Math.max : plus
}
