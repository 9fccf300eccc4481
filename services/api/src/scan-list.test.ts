import { expect, it } from 'vitest'
import { SCANNED_ROWS_MAX, scanList } from './scan-list.ts'

interface Row {
  readonly id: number
}

/** A list of `count` rows as a repository gives it. */
function rowsOf(count: number) {
  let rowsRead = 0
  const fetch = async (limit: number, after: number | undefined): Promise<Row[]> => {
    const first = (after ?? 0) + 1
    const rows = Array.from({ length: Math.max(0, Math.min(limit, count - first + 1)) }, (_, i) => ({ id: first + i }))
    rowsRead += rows.length
    return rows
  }
  return { fetch, rowsRead: () => rowsRead }
}

const positionOf = ({ id }: Row): number => id

async function readAll(count: number, limit: number, keep?: (row: Row) => boolean) {
  const found: number[] = []
  const pages: number[] = []
  let after: number | undefined
  for (;;) {
    const { rows, last } = await scanList({ limit, after, positionOf, fetch: rowsOf(count).fetch, keep })
    found.push(...rows.map(positionOf))
    pages.push(rows.length)
    if (last === null) return { found, pages }
    after = last.id
  }
}

it.each([0, 1, 9, 10, 11, 20, 201])(
  'reads a list of %i rows completely, and ends without an empty page',
  async (count) => {
    const { found, pages } = await readAll(count, 10)
    expect(found).toEqual(Array.from({ length: count }, (_, i) => i + 1))
    expect(pages).toHaveLength(Math.max(1, Math.ceil(count / 10)))
  },
)

it('reads one row more than asked for, no others, where nothing is filtered', async () => {
  const list = rowsOf(1000)
  await scanList({ limit: 10, after: undefined, positionOf, fetch: list.fetch })
  expect(list.rowsRead()).toBe(11)
})

it('finds every row that fits a filter, however few do', async () => {
  const { found } = await readAll(12_345, 3, (row) => row.id % 1000 === 0)
  expect(found).toEqual([1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12].map((n) => n * 1000))
})

it('looks at a bounded number of rows, then answers a short page that goes on', async () => {
  const { rows, last } = await scanList({
    limit: 10,
    after: undefined,
    positionOf,
    fetch: rowsOf(1_000_000).fetch,
    keep: () => false,
  })
  expect(rows).toEqual([])
  expect(last).toEqual({ id: SCANNED_ROWS_MAX })
})
