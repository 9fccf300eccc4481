import { randomBytes } from 'node:crypto'

/** Ids to quote to support: a random beginning for the process, then a number. A UUID for each webhook costs more. */
export function createRequestIds(): () => string {
  const processMark = randomBytes(9).toString('base64url')
  let count = 0
  return () => `${processMark}-${(++count).toString(36)}`
}
