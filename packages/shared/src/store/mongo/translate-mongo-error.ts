import {
  MongoBulkWriteError,
  MongoClientClosedError,
  MongoError,
  MongoExpiredSessionError,
  MongoInvalidArgumentError,
  MongoNetworkError,
  MongoNotConnectedError,
  MongoOperationTimeoutError,
  MongoServerClosedError,
  MongoServerError,
  MongoServerSelectionError,
  MongoStalePrimaryError,
  MongoTopologyClosedError,
  MongoWriteConcernError,
} from 'mongodb'
import { AppError } from '../../errors/app-error.ts'

export const DUPLICATE_KEY = 11_000

const UNREACHABLE = [
  MongoNetworkError,
  MongoServerSelectionError,
  MongoNotConnectedError,
  MongoTopologyClosedError,
  MongoClientClosedError,
  MongoServerClosedError,
  MongoStalePrimaryError,
  MongoExpiredSessionError,
  MongoOperationTimeoutError,
  MongoWriteConcernError,
] as const
/** Classes that the driver keeps to itself. */
const UNREACHABLE_NAMES = new Set(['MongoWaitQueueTimeoutError', 'MongoPoolClosedError'])

/** Server errors that say "not now": no primary, shutting down, out of time, no quorum. From MongoDB's error_codes.yml. */
const NOT_NOW = new Set([
  6, // HostUnreachable
  7, // HostNotFound
  50, // MaxTimeMSExpired
  64, // WriteConcernFailed
  89, // NetworkTimeout
  91, // ShutdownInProgress
  100, // UnsatisfiableWriteConcern
  112, // WriteConflict, of storage engines
  133, // FailedToSatisfyReadPreference
  189, // PrimarySteppedDown
  202, // NetworkInterfaceExceededTimeLimit
  262, // ExceededTimeLimit
  9_001, // SocketException
  10_107, // NotWritablePrimary
  11_600, // InterruptedAtShutdown
  11_602, // InterruptedDueToReplStateChange
  13_435, // NotPrimaryNoSecondaryOk
  13_436, // NotPrimaryOrSecondary
  14_031, // OutOfDiskSpace
])

const TOO_LARGE = new Set([10_334, 17_280, 17_419, 17_420])

/** FerretDB answers code 1 for what PostgreSQL says, or the way to it, without its SQLSTATE: only the text tells. */
const INTERNAL_ERROR = 1
const POSTGRES_NOT_NOW = new RegExp(
  [
    'failed to connect|connection (refused|reset)|conn closed|closed pool|unexpected EOF|broken pipe|i/o timeout',
    'context (deadline|canceled)|terminating connection|the database system is|too many clients|connection slots',
    'canceling statement|deadlock detected|could not serialize|out of (shared )?memory|no space left|could not .* file',
  ].join('|'),
  'i',
)

/** The one place where an error of the driver becomes ours. */
export function translateMongoError(caught: unknown): AppError {
  if (caught instanceof AppError) return caught
  const thrown = unwrapped(caught)
  if (isTooLarge(thrown))
    return new AppError('PAYLOAD_TOO_LARGE', 'A document is too large to be stored', { cause: thrown })
  if (isUnavailable(thrown)) return new AppError('STORE_UNAVAILABLE', 'MongoDB did not answer', { cause: thrown })
  return new AppError('INTERNAL', 'MongoDB refused a request', { cause: thrown })
}

/** A bulk write hides any error, a cut connection too, in one that looks as if the server had answered. */
function unwrapped(caught: unknown): unknown {
  if (caught instanceof MongoBulkWriteError && caught.errorResponse instanceof Error) return caught.errorResponse
  return caught
}

function isUnavailable(thrown: unknown): boolean {
  if (UNREACHABLE.some((type) => thrown instanceof type)) return true
  if (!(thrown instanceof MongoError)) return false
  if (UNREACHABLE_NAMES.has(thrown.name)) return true
  if (thrown.hasErrorLabel('RetryableWriteError') || thrown.hasErrorLabel('TransientTransactionError')) return true
  if (thrown instanceof MongoBulkWriteError && thrown.result.getWriteConcernError()) return true
  if (!(thrown instanceof MongoServerError) || typeof thrown.code !== 'number') return false
  return NOT_NOW.has(thrown.code) || (thrown.code === INTERNAL_ERROR && POSTGRES_NOT_NOW.test(thrown.message))
}

function isTooLarge(thrown: unknown): boolean {
  if (thrown instanceof MongoServerError && typeof thrown.code === 'number') return TOO_LARGE.has(thrown.code)
  return thrown instanceof MongoInvalidArgumentError && /larger than the maximum size/.test(thrown.message)
}
