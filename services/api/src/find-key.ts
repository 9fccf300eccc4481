import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import { hashApiKey, looksLikeApiKey } from '@pagesync/shared/security/api-key.ts'
import type { ApiKeyRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { Tenants } from '@pagesync/shared/store/repositories/tenants.ts'

/** A revoked key is refused within 5 s: the rest is for the look-up and the answer under way. */
const KEY_CACHE_MS = 4_000
const KEYS_MAX = 10_000

interface Known {
  readonly row: ApiKeyRow
  readonly untilMs: number
}

/**
 * Finds the row of a live API key. Rows are remembered for a few seconds, counted from before they were read, so that
 * most requests cost no look-up; keys that do not exist are not, so that a new one works at once.
 */
export function createFindKey(tenants: Pick<Tenants, 'findApiKey'>, clock: Clock) {
  const known = new Map<string, Known>()

  return async function findKey(token: string): Promise<ApiKeyRow | undefined> {
    if (!looksLikeApiKey(token)) return undefined
    const hash = hashApiKey(token)
    const nowMs = clock.now()
    const found = known.get(hash)
    if (found && nowMs < found.untilMs) return found.row
    known.delete(hash)
    const row = await tenants.findApiKey(token, nowMs)
    if (!row) return undefined
    if (known.size >= KEYS_MAX) forgetOldest(known)
    known.set(hash, { row, untilMs: Math.min(nowMs + KEY_CACHE_MS, row.expires_ms ?? Number.POSITIVE_INFINITY) })
    return row
  }
}

/** A map keeps the order of insertion: its first entry is the one that was read longest ago. */
function forgetOldest(known: Map<string, Known>): void {
  const oldest = known.keys().next()
  if (!oldest.done) known.delete(oldest.value)
}
