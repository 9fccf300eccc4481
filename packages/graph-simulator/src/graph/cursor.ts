import { GraphError } from './graph-error.ts'

/**
 * Paging cursors: opaque texts that stand for a place. They hold everything themselves, so the simulator keeps none,
 * and a cursor outlives inserts before and behind its place.
 */
const PREFIX = 'QVFI'

/** Facebook's words for a cursor whose item is gone (seen in facebook-java-business-sdk issue 292). */
export const invalidCursor = (): GraphError => new GraphError(2642, '(#2642) Invalid cursors values')

/** `age` is the world's: cursors of an earlier one are stale. */
export const encodeCursor = (age: number, ...numbers: number[]): string =>
  PREFIX + Buffer.from([age, ...numbers].join('.')).toString('base64url')

export function decodeCursor(cursor: string, age: number, size: number): number[] {
  if (!cursor.startsWith(PREFIX)) throw invalidCursor()
  const plain = Buffer.from(cursor.slice(PREFIX.length), 'base64url').toString()
  const [made, ...numbers] = plain.split('.').map(Number)
  if (made !== age || numbers.length !== size || !numbers.every(Number.isSafeInteger)) throw invalidCursor()
  return numbers
}
