/** What a scan found. */
export interface ScannedPage<Row> {
  readonly rows: readonly Row[]
  /** The row after which the list goes on; null at its end. */
  readonly last: Row | null
}

export interface ScanOptions<Row, Position> {
  readonly limit: number
  readonly after: Position | undefined
  readonly positionOf: (row: Row) => Position
  readonly fetch: (limit: number, after: Position | undefined) => Promise<readonly Row[]>
  /** Absent: every row. */
  readonly keep?: ((row: Row) => boolean) | undefined
}

const CHUNK = 500
/** One request looks at no more rows than this: a filter that fits little answers a short page and a cursor. */
export const SCANNED_ROWS_MAX = 5_000

/**
 * One page of a list that has no index for its filter: reads on until enough rows fit, the list ends, or the bound is
 * reached. A page may therefore be short, even empty, and still have a next one.
 */
export async function scanList<Row, Position>(options: ScanOptions<Row, Position>): Promise<ScannedPage<Row>> {
  const { limit, fetch, keep, positionOf } = options
  const chunk = keep ? Math.max(CHUNK, limit + 1) : limit + 1
  const rows: Row[] = []
  let scanned = 0
  let last: Row | null = null
  for (;;) {
    const batch = await fetch(chunk, last === null ? options.after : positionOf(last))
    for (const row of batch) {
      // One more row is there: the list goes on after the last that was looked at.
      if (rows.length === limit || scanned === SCANNED_ROWS_MAX) return { rows, last }
      if (!keep || keep(row)) rows.push(row)
      scanned++
      last = row
    }
    if (batch.length < chunk) return { rows, last: null }
  }
}
