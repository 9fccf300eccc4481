import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { type Static, type TObject, Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'

const CURSOR_CHARACTERS_MAX = 2048

/** Where a list goes on, as text that callers hand back unread. `list` says which list in which order it belongs to. */
export interface CursorCodec<Position> {
  encode(list: string, position: Position): string
  /** @throws AppError VALIDATION_FAILED naming /query/cursor for whatever `encode` did not make for this list */
  decode(list: string, cursor: string): Position
}

export function createCursorCodec<S extends TObject>(position: S): CursorCodec<Static<S>> {
  const check = TypeCompiler.Compile(
    Type.Object({ list: Type.String(), at: position }, { additionalProperties: false }),
  )
  return {
    encode: (list, at) => Buffer.from(JSON.stringify({ list, at })).toString('base64url'),
    decode(list, cursor) {
      const content = cursor.length <= CURSOR_CHARACTERS_MAX ? parse(cursor) : undefined
      // A caller's text goes into a query here: only what has exactly this shape does.
      if (!check.Check(content)) throw invalidCursor()
      const { list: its, at } = content as unknown as { list: string; at: Static<S> }
      if (its !== list) throw invalidCursor()
      return at
    },
  }
}

function invalidCursor(): AppError {
  const message = 'is not a cursor of this list in this order'
  return new AppError('VALIDATION_FAILED', `/query/cursor: ${message}`, {
    problems: [{ path: '/query/cursor', message }],
  })
}

function parse(cursor: string): unknown {
  if (!/^[A-Za-z0-9_-]+$/.test(cursor)) return undefined
  try {
    return JSON.parse(Buffer.from(cursor, 'base64url').toString())
  } catch {
    return undefined
  }
}
