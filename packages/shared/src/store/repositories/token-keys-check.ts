import { AppError } from '../../errors/app-error.ts'
import type { TokenSealer } from '../../security/seal-tokens.ts'
import type { Store } from '../collection.ts'
import { SEALED_TOKENS } from './connection-rows.ts'
import { ownerOf } from './tokens.ts'

/** One that was damaged says nothing about its key. */
const SAMPLES = 20

/**
 * Before a service works: every key that stored tokens name is in the ring, and each is the key that it was, or said to
 * be lost.
 *
 * @throws AppError CONFIGURATION_INVALID that names the keys; STORE_UNAVAILABLE
 */
export async function checkTokenKeys(store: Store, sealer: TokenSealer): Promise<void> {
  const tokens = store.collection(SEALED_TOKENS)
  const counts = await tokens.groupCount({ index: 'byKeyId' })
  const problems: string[] = []
  for (const [keyId, count] of counts) {
    if (typeof keyId !== 'string' || sealer.lostKeyIds.includes(keyId)) continue
    if (!sealer.keyIds.includes(keyId)) {
      problems.push(`misses the key ${keyId}, which seals ${count} stored tokens`)
      continue
    }
    const samples = await tokens.find({ index: 'byKeyId', equals: { key_id: keyId }, limit: SAMPLES })
    if (samples.length > 0 && !samples.some((row) => row.sealed && opens(sealer, row.sealed, ownerOf(row))))
      problems.push(`has another key under the name ${keyId} than the one that sealed stored tokens`)
  }
  if (problems.length > 0) throw new AppError('CONFIGURATION_INVALID', `TOKEN_KEYS ${problems.join('; ')}`)
}

function opens(sealer: TokenSealer, ...[sealed, owner]: Parameters<TokenSealer['open']>): boolean {
  try {
    sealer.open(sealed, owner)
    return true
  } catch {
    return false
  }
}
