/** Ids from `from` to `to`, both included. */
export type IdRange = readonly [from: number, to: number]

/** The kinds of rows whose number is kept. */
export const COUNTED_KINDS = ['message', 'conversation', 'contact'] as const
export type CountedKind = (typeof COUNTED_KINDS)[number]

export type RangesByKind = Readonly<Partial<Record<CountedKind, readonly IdRange[]>>>

export const sizeOf = ([from, to]: IdRange): number => to - from + 1

export function idsOf([from, to]: IdRange): number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

export function liesIn(ranges: readonly IdRange[] | undefined, id: number): boolean {
  return ranges?.some(([from, to]) => id >= from && id <= to) ?? false
}

/** In order, neighbours joined: what a session writes down stays short however many batches it had in hand. */
export function joined(ranges: readonly IdRange[]): IdRange[] {
  const result: [number, number][] = []
  for (const [from, to] of ranges.toSorted((a, b) => a[0] - b[0])) {
    const last = result.at(-1)
    if (last && from <= last[1] + 1) last[1] = Math.max(last[1], to)
    else result.push([from, to])
  }
  return result
}
