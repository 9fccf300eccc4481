import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import { type Static, Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { decodeProtectedHeader, errors, type JWTPayload, type JWTVerifyGetKey, jwtVerify } from 'jose'
import type { ApiConfig } from './config.ts'
import { createKeySet } from './key-set.ts'

export type JwtConfig = Partial<
  Pick<
    ApiConfig,
    'JWT_SECRET' | 'JWT_JWKS_URL' | 'JWT_ALGORITHMS' | 'JWT_ISSUER' | 'JWT_AUDIENCE' | 'JWT_CLOCK_TOLERANCE_SECONDS'
  >
>

/** What a JWT says of its bearer. Other claims are nothing to us. */
const Claims = Type.Object({
  sub: Type.String({ minLength: 1, maxLength: 128 }),
  tenant_id: Type.String({ minLength: 1, maxLength: 64 }),
  /** Scopes, by space. */
  scope: Type.String({ maxLength: 1_000 }),
  /** Absent: all pages of the tenant. */
  page_ids: Type.Optional(Type.Array(Type.Integer({ minimum: 1 }), { maxItems: 1_000 })),
  /** Seconds. A token that never ends could never be taken back. */
  exp: Type.Number(),
})
export type Claims = Static<typeof Claims>
const isClaims = TypeCompiler.Compile(Claims)

/**
 * The claims of a JWT that is signed as the configuration says, in force now; undefined for every other text.
 *
 * @throws AppError ISSUER_UNAVAILABLE when the issuer's keys cannot be had
 */
export type VerifyJwt = (token: string) => Promise<Claims | undefined>

/**
 * Undefined where no JWT is believed. Which key a signature is checked with is decided by the algorithm alone, and the
 * allow-lists of secret and key set have none in common: a public key is never taken for a shared secret.
 *
 * @throws AppError CONFIGURATION_INVALID
 */
export function createVerifyJwt(config: JwtConfig, clock: Pick<Clock, 'now'>): VerifyJwt | undefined {
  const { JWT_SECRET, JWT_JWKS_URL, JWT_ISSUER, JWT_AUDIENCE, JWT_CLOCK_TOLERANCE_SECONDS = 30 } = config
  const keys = new Map<string, JWTVerifyGetKey>()
  if (JWT_SECRET !== undefined) {
    const secret = new TextEncoder().encode(JWT_SECRET)
    keys.set('HS256', async () => secret)
  }
  if (JWT_JWKS_URL !== undefined) {
    if (JWT_ISSUER === undefined || JWT_AUDIENCE === undefined)
      throw new AppError('CONFIGURATION_INVALID', 'JWT_JWKS_URL needs JWT_ISSUER and JWT_AUDIENCE')
    const keySet = createKeySet(JWT_JWKS_URL)
    for (const algorithm of (config.JWT_ALGORITHMS ?? 'RS256,ES256').split(',')) keys.set(algorithm, keySet)
  }
  if (keys.size === 0) return undefined

  return async function verify(token) {
    const algorithm = algorithmOf(token)
    const key = algorithm === undefined ? undefined : keys.get(algorithm)
    if (algorithm === undefined || key === undefined) return undefined
    try {
      const { payload } = await jwtVerify(token, key, {
        algorithms: [algorithm],
        clockTolerance: JWT_CLOCK_TOLERANCE_SECONDS,
        currentDate: new Date(clock.now()),
        ...(JWT_ISSUER === undefined ? {} : { issuer: JWT_ISSUER }),
        ...(JWT_AUDIENCE === undefined ? {} : { audience: JWT_AUDIENCE }),
      })
      return claimsOf(payload)
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined
      throw error
    }
  }
}

function algorithmOf(token: string): string | undefined {
  try {
    return decodeProtectedHeader(token).alg
  } catch {
    return undefined
  }
}

/** Claims of another shape are refused as a whole: what limits a token must never be passed over. */
function claimsOf(payload: JWTPayload): Claims | undefined {
  return isClaims.Check(payload) ? payload : undefined
}
