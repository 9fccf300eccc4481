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

/**
 * `connect` is repeated by each call until it succeeded once; from then on the driver keeps connected by itself. By
 * itself it never begins anew where the first time failed: all later calls would find its "topology" closed.
 */
export function createServerCalls(connect: () => Promise<unknown>): ServerCalls {
  let closed = false
  let connecting: Promise<unknown> | undefined
  const connected = (): Promise<unknown> => {
    connecting ??= connect().catch((thrown: unknown) => {
      connecting = undefined
      throw thrown
    })
    return connecting
  }
  return {
    async call(limitMs, request) {
      if (closed) throw new AppError('STORE_UNAVAILABLE', 'The store is closed')
      const options = { maxTimeMS: Math.ceil(limitMs * SERVER_SHARE) }
      try {
        return await within(
          connected().then(() => request(options)),
          limitMs,
          () => late(limitMs),
        )
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
