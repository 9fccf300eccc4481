import type { TokenSealer } from '../../security/seal-tokens.ts'
import type { Store } from '../collection.ts'
import { SEALED_TOKENS, type SealedTokenRow } from './connection-rows.ts'
import { ownerOf } from './tokens.ts'

export interface Resealed {
  /** Now under the key that seals. */
  readonly resealed: number
  /** Opened with no key of the ring: left as they were. */
  readonly unreadable: number
  /** Still under another key: those that are unreadable, and what `max` left over. */
  readonly remaining: number
}

const BATCH = 200

/**
 * Seals stored tokens anew that lie under another key than the first, up to `max` of them. What somebody saves
 * meanwhile is sealed under the first key by that already.
 */
export async function resealTokens(store: Store, sealer: TokenSealer, max: number): Promise<Resealed> {
  const tokens = store.collection(SEALED_TOKENS)
  const countOthers = async (): Promise<[string, number][]> =>
    [...(await tokens.groupCount({ index: 'byKeyId' }))].filter(
      (entry): entry is [string, number] => typeof entry[0] === 'string' && entry[0] !== sealer.keyId,
    )
  let resealed = 0
  let unreadable = 0
  for (const [keyId] of await countOthers()) {
    let after: SealedTokenRow | undefined
    while (resealed < max) {
      const rows = await tokens.find({
        index: 'byKeyId',
        equals: { key_id: keyId },
        limit: BATCH,
        ...(after ? { after: { _id: after._id } } : {}),
      })
      if (rows.length === 0) break
      after = rows.at(-1)
      const anew = rows.flatMap((row) => sealAnew(row, sealer) ?? [])
      unreadable += rows.length - anew.length
      const { lost } = await tokens.replaceMany(anew)
      resealed += anew.length - lost.length
    }
  }
  return { resealed, unreadable, remaining: (await countOthers()).reduce((sum, [, count]) => sum + count, 0) }
}

function sealAnew(row: SealedTokenRow, sealer: TokenSealer): SealedTokenRow | null {
  if (row.sealed === null) return null
  const owner = ownerOf(row)
  try {
    return { ...row, sealed: sealer.seal(sealer.open(row.sealed, owner), owner), key_id: sealer.keyId }
  } catch {
    // Counted by the caller: one damaged row keeps none of the others under an old key.
    return null
  }
}
