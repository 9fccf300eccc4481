import { hash } from 'node:crypto'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import { looksLikeApiKey } from '@pagesync/shared/security/api-key.ts'
import type { ApiKeyRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { Tenants } from '@pagesync/shared/store/repositories/tenants.ts'
import { type Caller, callerOfClaims, callerOfKey } from './caller.ts'
import type { VerifyJwt } from './verify-jwt.ts'

export interface FindCallerDeps {
  readonly findKey: (token: string) => Promise<ApiKeyRow | undefined>
  readonly noteUse: (row: ApiKeyRow) => void
  readonly verifyJwt: VerifyJwt | undefined
  readonly tenants: Pick<Tenants, 'get'>
  readonly clock: Pick<Clock, 'now'>
}

/** Who bears the token; undefined for what is unknown, malformed, expired, revoked or of no tenant, all alike. */
export type FindCaller = (token: string) => Promise<Caller | undefined>

/** A tenant that is gone is refused within 5 s, as a revoked key is. */
const REMEMBERED_MS = 4_000
const REMEMBERED_MAX = 10_000

export function createFindCaller({ findKey, noteUse, verifyJwt, tenants, clock }: FindCallerDeps): FindCaller {
  const remembered = new Map<string, { readonly caller: Caller; readonly untilMs: number }>()

  /** A signature costs more than a hash: for a few seconds the hash is enough. */
  const findByJwt = async (token: string, verify: VerifyJwt): Promise<Caller | undefined> => {
    const nowMs = clock.now()
    const id = hash('sha256', token, 'base64url')
    const known = remembered.get(id)
    if (known && nowMs < known.untilMs) return known.caller
    remembered.delete(id)
    const claims = await verify(token)
    if (!claims || !(await tenants.get(claims.tenant_id))) return undefined
    const caller = callerOfClaims(claims)
    if (remembered.size >= REMEMBERED_MAX) remembered.clear()
    remembered.set(id, { caller, untilMs: Math.min(nowMs + REMEMBERED_MS, claims.exp * 1000) })
    return caller
  }

  return async function findCaller(token) {
    if (looksLikeApiKey(token)) {
      const row = await findKey(token)
      if (!row) return undefined
      noteUse(row)
      return callerOfKey(row)
    }
    return verifyJwt ? findByJwt(token, verifyJwt) : undefined
  }
}
