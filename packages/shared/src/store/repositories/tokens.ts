import { AppError } from '../../errors/app-error.ts'
import type { TokenOwner, TokenSealer } from '../../security/seal-tokens.ts'
import type { Store } from '../collection.ts'
import { SEALED_TOKENS, type SealedTokenRow } from './connection-rows.ts'

/** Access tokens, in the store only as the sealer writes them. */
export interface Tokens {
  /**
   * Undefined where there is none.
   *
   * @throws AppError TOKEN_UNREADABLE
   */
  get(owner: TokenOwner): Promise<string | undefined>
  save(owner: TokenOwner, token: string, nowMs: number): Promise<void>
  /** Leaves the row without its token: what is saved at the same time stands or falls as a whole. */
  forget(owner: TokenOwner, nowMs: number): Promise<void>
  /** The row as well. */
  remove(owner: TokenOwner): Promise<void>
}

const CAS_ROUNDS_MAX = 20

export const tokenKey = ({ tenantId, kind, facebookId }: TokenOwner): string => `${kind}:${tenantId}/${facebookId}`

export const ownerOf = (row: Pick<SealedTokenRow, 'tenant_id' | 'kind' | 'facebook_id'>): TokenOwner => ({
  tenantId: row.tenant_id,
  kind: row.kind,
  facebookId: row.facebook_id,
})

export function createTokens(store: Store, sealer: TokenSealer): Tokens {
  const tokens = store.collection(SEALED_TOKENS)

  const write = async (owner: TokenOwner, token: string | null, nowMs: number): Promise<void> => {
    const _id = tokenKey(owner)
    const row = {
      _id,
      tenant_id: owner.tenantId,
      kind: owner.kind,
      facebook_id: owner.facebookId,
      sealed: token === null ? null : sealer.seal(token, owner),
      key_id: token === null ? null : sealer.keyId,
      updated_ms: nowMs,
    }
    for (let round = 0; round < CAS_ROUNDS_MAX; round++) {
      const [known] = await tokens.getMany([_id])
      if (known) {
        if ((await tokens.replaceMany([{ ...row, rev: known.rev }])).lost.length === 0) return
      } else if (token === null || (await tokens.insertMany([row])).existing.length === 0) return
    }
    throw new AppError('WRITE_CONFLICT', 'The token is being changed by somebody else')
  }

  return {
    async get(owner) {
      const [row] = await tokens.getMany([tokenKey(owner)])
      return row?.sealed ? sealer.open(row.sealed, owner) : undefined
    },
    save: (owner, token, nowMs) => write(owner, token, nowMs),
    forget: (owner, nowMs) => write(owner, null, nowMs),
    async remove(owner) {
      await tokens.deleteMany([tokenKey(owner)])
    },
  }
}
