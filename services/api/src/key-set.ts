import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { createRemoteJWKSet, customFetch, errors, type JWTVerifyGetKey } from 'jose'

const FETCH_MS_MAX = 3_000
/** A token that names a key we have not lets the key set be fetched again, but not more often than this. */
const FETCH_AGAIN_MS = 30_000
const KEPT_MS = 10 * 60_000
const BYTES_MAX = 256 * 1024

/**
 * The issuer's public keys, fetched when first needed and kept for ten minutes.
 *
 * @throws AppError CONFIGURATION_INVALID for an address that anybody on the way could answer for
 */
export function createKeySet(address: string): JWTVerifyGetKey {
  const url = new URL(address)
  if (url.protocol !== 'https:' && url.hostname !== '127.0.0.1')
    throw new AppError('CONFIGURATION_INVALID', 'JWT_JWKS_URL must be https')
  let failedMs = Number.NEGATIVE_INFINITY
  const find = createRemoteJWKSet(url, {
    timeoutDuration: FETCH_MS_MAX,
    cooldownDuration: FETCH_AGAIN_MS,
    cacheMaxAge: KEPT_MS,
    [customFetch]: async (target, options) => boundedAnswer(await fetch(target, options)),
  })
  return async (header, token) => {
    // An issuer that is down is not asked by every request.
    if (performance.now() - failedMs < RETRY_MS) throw unavailable()
    try {
      return await find(header, token)
    } catch (error) {
      if (error instanceof errors.JWKSNoMatchingKey || error instanceof errors.JWKSMultipleMatchingKeys) throw error
      if (error instanceof errors.JOSENotSupported) throw error
      failedMs = performance.now()
      throw unavailable(error)
    }
  }
}

const RETRY_MS = 1_000

function unavailable(cause?: unknown): AppError {
  return new AppError('ISSUER_UNAVAILABLE', 'The keys of the issuer of tokens cannot be fetched', {
    retryAfterMs: 2_000,
    ...(cause === undefined ? {} : { cause }),
  })
}

async function boundedAnswer(answer: Response): Promise<Response> {
  let bytes = 0
  const bound = new TransformStream<Uint8Array, Uint8Array>({
    transform(chunk, controller) {
      bytes += chunk.byteLength
      if (bytes > BYTES_MAX) controller.error(new Error('the key set is too large'))
      else controller.enqueue(chunk)
    },
  })
  return new Response(answer.body?.pipeThrough(bound) ?? null, { status: answer.status, headers: answer.headers })
}
