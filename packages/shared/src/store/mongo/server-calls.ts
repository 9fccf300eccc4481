import { AppError } from '../../errors/app-error.ts'
import { within } from '../../event-log/within.ts'
import { translateMongoError } from './translate-mongo-error.ts'

/** What a call has. A dead server is known sooner: see the driver's timeouts in `mongo-store.ts`. */
export const CALL_MS = 5_000
/** Counting and grouping walk through an index. */
export const WALK_MS = 30_000
/** Building an index over much data; it goes on at the server if we give up. */
export const BUILD_MS = 120_000
/** The server gives up a little earlier than we, so that nothing goes on there without a caller. */
const SERVER_SHARE = 0.9

export interface ServerCalls {
  /** One request to the server: bounded, and translated when it fails. */
  call<T>(limitMs: number, request: (options: { maxTimeMS: number }) => Promise<T>): Promise<T>
  close(): void
}

export function createServerCalls(): ServerCalls {
  let closed = false
  return {
    async call(limitMs, request) {
      if (closed) throw new AppError('STORE_UNAVAILABLE', 'The store is closed')
      try {
        return await within(request({ maxTimeMS: Math.ceil(limitMs * SERVER_SHARE) }), limitMs, () => late(limitMs))
      } catch (thrown) {
        throw translateMongoError(thrown)
      }
    },
    close() {
      closed = true
    },
  }
}

const late = (limitMs: number): AppError =>
  new AppError('STORE_UNAVAILABLE', `MongoDB did not answer within ${limitMs} ms`)
