import { AppError } from '../../errors/app-error.ts'
import type { TokenOwner, TokenSealer } from '../../security/seal-tokens.ts'
import type { Store } from '../collection.ts'
import { ACCOUNTS, type AccountRow, accountKey } from './connection-rows.ts'
import { createErasuresUnderWay } from './erasures-under-way.ts'
import type { Sequences } from './sequences.ts'
import { createTokens } from './tokens.ts'

export interface NewAccount {
  readonly tenantId: string
  readonly facebookUserId: string
  readonly name: string | null
  readonly accessToken: string
  readonly tokenExpiresMs: number | null
  readonly dataAccessExpiresMs: number | null
}

/** People at Facebook who connected pages of a tenant, and their tokens. */
export interface Accounts {
  /**
   * Connects an account, or connects it again: then its id stays.
   *
   * @throws AppError TENANT_NOT_FOUND when the tenant was erased
   */
  connect(input: NewAccount, nowMs: number): Promise<AccountRow>
  /** Undefined for another tenant's as for an unknown id. */
  get(tenantId: string, id: number): Promise<AccountRow | undefined>
  /** By its natural key, which a page names. */
  getByKey(tenantId: string, key: string): Promise<AccountRow | undefined>
  list(
    tenantId: string,
    sort: 'newest' | 'id',
    limit: number,
    after?: Pick<AccountRow, '_id' | 'id'>,
  ): Promise<AccountRow[]>
  /** @throws AppError TOKEN_UNREADABLE */
  accessToken(account: AccountRow): Promise<string | undefined>
  /** Facebook refused the token. */
  markTokenInvalid(account: AccountRow): Promise<void>
  /** Of a person, whichever tenants they are of. */
  ofUser(facebookUserId: string): Promise<AccountRow[]>
  /** Removes row and token. */
  erase(account: AccountRow): Promise<void>
  /** Forgets the token; the row stays. */
  disconnect(account: AccountRow, nowMs: number): Promise<AccountRow>
}

const CAS_ROUNDS_MAX = 20
const ACCOUNTS_OF_USER_MAX = 1_000

export function createAccounts(store: Store, sequences: Sequences, sealer: TokenSealer): Accounts {
  const accounts = store.collection(ACCOUNTS)
  const tokens = createTokens(store, sealer)
  const erasures = createErasuresUnderWay(store)

  const getByKey: Accounts['getByKey'] = async (tenantId, key) => {
    const [row] = await accounts.getMany([key])
    return row?.tenant_id === tenantId ? row : undefined
  }

  const update = async (key: string, change: (row: AccountRow) => AccountRow): Promise<AccountRow> => {
    for (let round = 0; round < CAS_ROUNDS_MAX; round++) {
      const [row] = await accounts.getMany([key])
      if (!row) throw new AppError('ACCOUNT_NOT_FOUND', 'There is no such account')
      const { lost } = await accounts.replaceMany([{ ...change(row), rev: row.rev }])
      if (lost.length === 0) return { ...change(row), rev: row.rev + 1 }
    }
    throw new AppError('WRITE_CONFLICT', 'The account is being changed by somebody else')
  }

  return {
    async connect(input, nowMs) {
      const key = accountKey(input.tenantId, input.facebookUserId)
      const told = {
        status: 'connected',
        token_invalid: false,
        token_expires_ms: input.tokenExpiresMs,
        data_access_expires_ms: input.dataAccessExpiresMs,
        connected_ms: nowMs,
      } as const
      await erasures.refuseErased(input.tenantId)
      await tokens.save(ownerOf(input.tenantId, input.facebookUserId), input.accessToken, nowMs)
      if ((await accounts.getMany([key])).length === 0) {
        const [id] = await sequences.take('account', 1)
        await accounts.insertMany([
          {
            _id: key,
            id: id as number,
            tenant_id: input.tenantId,
            facebook_user_id: input.facebookUserId,
            name: input.name,
            created_ms: nowMs,
            ...told,
          },
        ])
      }
      const row = await update(key, (stored) => ({ ...stored, ...told, name: input.name ?? stored.name }))
      if (!(await erasures.isErased(input.tenantId))) return row
      // Asked for while this was being written: nothing of it may outlive the erasure.
      await tokens.forget(ownerOf(input.tenantId, input.facebookUserId), nowMs)
      await accounts.deleteMany([key])
      throw new AppError('TENANT_NOT_FOUND', 'The tenant was erased')
    },
    async get(tenantId, id) {
      const [row] = await accounts.find({ index: 'byId', equals: { id }, limit: 1 })
      return row?.tenant_id === tenantId ? row : undefined
    },
    getByKey,
    list: (tenantId, sort, limit, after) =>
      accounts.find({
        index: 'byTenant',
        equals: { tenant_id: tenantId },
        order: sort === 'id' ? 'asc' : 'desc',
        limit,
        ...(after ? { after: { id: after.id, _id: after._id } } : {}),
      }),
    ofUser: (facebookUserId) =>
      accounts.find({ index: 'byUser', equals: { facebook_user_id: facebookUserId }, limit: ACCOUNTS_OF_USER_MAX }),
    async erase(account) {
      await tokens.remove(ownerOf(account.tenant_id, account.facebook_user_id))
      await accounts.deleteMany([account._id])
    },
    accessToken: (account) => tokens.get(ownerOf(account.tenant_id, account.facebook_user_id)),
    async markTokenInvalid(account) {
      // Connected again meanwhile: this was about the token before.
      await update(account._id, (row) =>
        row.connected_ms === account.connected_ms ? { ...row, token_invalid: true } : row,
      )
    },
    async disconnect(account, nowMs) {
      const row = await update(account._id, (stored) => ({ ...stored, status: 'disconnected' }))
      await tokens.forget(ownerOf(account.tenant_id, account.facebook_user_id), nowMs)
      return row
    },
  }
}

const ownerOf = (tenantId: string, facebookId: string): TokenOwner => ({ tenantId, kind: 'account', facebookId })
