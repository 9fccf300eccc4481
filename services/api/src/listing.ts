import type { Static, TObject } from '@sinclair/typebox'
import { createCursorCodec } from './cursor.ts'
import { LIMIT_DEFAULT } from './route-shapes.ts'
import { scanList } from './scan-list.ts'

export interface ListRequest {
  readonly limit?: number
  readonly cursor?: string
  readonly sort: string
}

export interface ListSource<Row, Position> {
  /** In the order of the request's `sort`; `after` is a position or a row. */
  readonly fetch: (limit: number, after: Position | undefined) => Promise<readonly Row[]>
  /** Absent: every row. */
  readonly keep?: ((row: Row) => boolean) | undefined
}

/** One page of a list, by keyset. */
export type ReadListing<Row, Position> = (
  request: ListRequest,
  source: ListSource<Row, Position>,
) => Promise<{ readonly rows: readonly Row[]; readonly nextCursor: string | null }>

/**
 * @param name of the list: a cursor of another list, or of another order, is refused
 * @param position what the cursor keeps of the row after which it goes on: the fields of every index used
 */
export function createListing<Row, S extends TObject>(
  name: string,
  position: S,
  positionOf: (row: Row) => Static<S>,
): ReadListing<Row, Static<S>> {
  const cursors = createCursorCodec(position)
  return async ({ limit = LIMIT_DEFAULT, cursor, sort }, { fetch, keep }) => {
    const list = `${name}/${sort}`
    const { rows, last } = await scanList<Row, Static<S>>({
      limit,
      after: cursor === undefined ? undefined : cursors.decode(list, cursor),
      positionOf,
      fetch,
      keep,
    })
    return { rows, nextCursor: last === null ? null : cursors.encode(list, positionOf(last)) }
  }
}
