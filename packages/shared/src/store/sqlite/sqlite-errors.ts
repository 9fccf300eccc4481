import { AppError } from '../../errors/app-error.ts'

/** SQLite's primary result codes, https://www.sqlite.org/rescode.html. */
const BUSY = 5
const LOCKED = 6
const NOMEM = 7
const READONLY = 8
const IOERR = 10
const CORRUPT = 11
const FULL = 13
const CANTOPEN = 14
const TOOBIG = 18
const NOTADB = 26

/** The one place where an error of node:sqlite becomes ours. */
export function translateSqliteError(thrown: unknown, directory: string): AppError {
  if (thrown instanceof AppError) return thrown
  const options = { cause: thrown }
  switch (primaryCode(thrown)) {
    case BUSY:
    case LOCKED:
      return new AppError(
        'ENGINE_UNSUITABLE',
        `The embedded store in ${directory} is open in another process, and it is for one process only. Stop the other one, give this one another folder, or use a mongodb:// URL for several`,
        options,
      )
    case READONLY:
    case CANTOPEN:
      return new AppError(
        'ENGINE_UNSUITABLE',
        `The embedded store in ${directory} cannot be opened for writing`,
        options,
      )
    case CORRUPT:
    case NOTADB:
      return new AppError(
        'ENGINE_UNSUITABLE',
        `store.sqlite in ${directory} is damaged, or no database of ours`,
        options,
      )
    case NOMEM:
    case IOERR:
    case FULL:
      return new AppError('STORE_UNAVAILABLE', `The embedded store in ${directory} cannot be read or written`, options)
    case TOOBIG:
      return new AppError('PAYLOAD_TOO_LARGE', 'A document is too large to be stored', options)
    default:
      return new AppError('INTERNAL', 'The embedded store refused a request', options)
  }
}

function primaryCode(thrown: unknown): number | undefined {
  if (!(thrown instanceof Error) || !('errcode' in thrown) || typeof thrown.errcode !== 'number') return undefined
  return thrown.errcode & 0xff
}
