import { AppError } from '../../errors/app-error.ts'
import type { TokenOwner, TokenSealer } from '../../security/seal-tokens.ts'
import type { Store } from '../collection.ts'
import { createErasuresUnderWay } from './erasures-under-way.ts'
import type { PageHealth } from './page-health-rows.ts'
import { createPageHolders } from './page-holders.ts'
import { PAGES, type PageRow, pageKey } from './rows.ts'
import type { Sequences } from './sequences.ts'
import { createTokens } from './tokens.ts'

export interface NewPage {
  readonly tenantId: string
  readonly facebookPageId: string
  readonly accessToken: string
  readonly name: string | null
  /** `_id` of the account that the token came from. Absent: a known page stays with the account that it had. */
  readonly accountKey?: string
}

/** Who holds a page, and its token. */
export interface PageConnections {
  /**
   * Connects a page, or connects it again: then its id, data and checkpoints stay.
   *
   * @throws AppError PAGE_ALREADY_CONNECTED when another tenant holds it; PAGE_BEING_ERASED; TENANT_NOT_FOUND when the
   * tenant was erased
   */
  connect(input: NewPage, nowMs: number): Promise<{ readonly page: PageRow; readonly created: boolean }>
  /** Forgets the page's token and gives the page back; its rows stay. Twice is once. */
  disconnect(page: PageRow, nowMs: number): Promise<PageRow>
  /** The page that receives Facebook's events: connected, of whichever tenant holds it. */
  findConnected(facebookPageId: string): Promise<PageRow | undefined>
  /**
   * For whoever remembers what `findConnected` answered: a text for each page that is another one once somebody else holds
   * it, or nobody. Pages that nobody ever held are left out. At most 5,000.
   */
  heldAs(facebookPageIds: readonly string[]): Promise<ReadonlyMap<string, string>>
  /** @throws AppError TOKEN_UNREADABLE */
  accessToken(page: PageRow): Promise<string | undefined>
}

type UpdatePage = (tenantId: string, pageId: number, change: (page: PageRow) => PageRow | null) => Promise<PageRow>

const ROUNDS_MAX = 20

/**
 * Several rows without a transaction: the holder's row decides. Connecting changes it first and again last,
 * disconnecting reads it first and gives it back last; who finds it changed meanwhile begins again. So of two tenants one
 * wins, and of a connecting and a disconnecting of the same moment one is wholly done after the other.
 */
export function createPageConnections(
  store: Store,
  sequences: Sequences,
  sealer: TokenSealer,
  update: UpdatePage,
): PageConnections {
  const pages = store.collection(PAGES)
  const tokens = createTokens(store, sealer)

  const connectedOf = async (tenantId: string, facebookPageId: string): Promise<PageRow | undefined> => {
    const [row] = await pages.getMany([pageKey(tenantId, facebookPageId)])
    return row?.status === 'disconnected' ? undefined : row
  }
  const erasures = createErasuresUnderWay(store)
  const holders = createPageHolders(store, {
    isConnected: async (tenantId, facebookPageId) => (await connectedOf(tenantId, facebookPageId)) !== undefined,
  })

  /** The page's id as far as there is one. Nothing is connected that an erasure would take along, or has passed. */
  const refuseErasing = async ({ tenantId, facebookPageId }: NewPage): Promise<number | null> => {
    await erasures.refuseErased(tenantId)
    const [known] = await pages.getMany([pageKey(tenantId, facebookPageId)])
    if (known) await erasures.refuseErasing(known.id)
    return known?.id ?? null
  }

  const saveConnected = async (input: NewPage, nowMs: number): Promise<{ page: PageRow; created: boolean }> => {
    const key = pageKey(input.tenantId, input.facebookPageId)
    const [known] = await pages.getMany([key])
    if (known) {
      const connect = (row: PageRow): PageRow => ({
        ...row,
        ...newTokenHealth(row, input, nowMs),
        status: 'active',
        token_status: 'valid',
        name: input.name ?? row.name,
        ...(input.accountKey === undefined ? {} : { account_key: input.accountKey }),
      })
      const page = await update(input.tenantId, known.id, connect).catch(unlessErased)
      if (page) return { page, created: false }
    }
    const [id] = await sequences.take('page', 1)
    const { existing } = await pages.insertMany([newPageRow(key, id as number, input, nowMs)])
    const [page] = await pages.getMany([key])
    if (!page) throw new AppError('INTERNAL', 'The page was not stored')
    return { page, created: existing.length === 0 }
  }

  const letGo = async (page: PageRow, nowMs: number): Promise<PageRow> => {
    const disconnected = await update(page.tenant_id, page.id, (row) =>
      row.status === 'disconnected' ? null : { ...row, status: 'disconnected', token_status: 'unknown' },
    )
    await tokens.forget(ownerOfToken(page.tenant_id, page.facebook_page_id), nowMs)
    return disconnected
  }

  const disconnect: PageConnections['disconnect'] = async (page, nowMs) => {
    for (let round = 0; round < ROUNDS_MAX; round++) {
      const held = await holders.holderOf(page.facebook_page_id)
      const disconnected = await letGo(page, nowMs)
      if (held?.tenant_id !== page.tenant_id || (await holders.giveBack(held, nowMs))) return disconnected
    }
    throw new AppError('WRITE_CONFLICT', 'The page is being connected at the same time')
  }

  /** Of what was written while an erasure was asked for nothing may outlive it. */
  const undo = async ({ tenantId, facebookPageId }: NewPage, nowMs: number): Promise<void> => {
    const [page] = await pages.getMany([pageKey(tenantId, facebookPageId)])
    if (page) return void (await disconnect(page, nowMs))
    await tokens.remove(ownerOfToken(tenantId, facebookPageId))
    const held = await holders.holderOf(facebookPageId)
    if (held?.tenant_id === tenantId) await holders.giveBack(held, nowMs)
  }

  return {
    async connect(input, nowMs) {
      const { tenantId, facebookPageId } = input
      let hasWritten = false
      let connected: { page: PageRow; created: boolean } | undefined
      try {
        for (let round = 0; round < ROUNDS_MAX; round++) {
          const knownId = await refuseErasing(input)
          hasWritten = true
          const held = await holders.take(facebookPageId, tenantId, nowMs)
          await tokens.save(ownerOfToken(tenantId, facebookPageId), input.accessToken, nowMs)
          const { page, created } = await saveConnected(input, nowMs)
          connected = { page, created: created || connected?.created === true }
          if (!(await holders.confirm(held))) continue
          // Erased within the round: this is another page, and the token may have gone with the one before.
          if (knownId !== null && knownId !== page.id) continue
          await refuseErasing(input)
          return connected
        }
        throw new AppError('WRITE_CONFLICT', 'The page is being connected or disconnected by somebody else')
      } catch (error) {
        const code = error instanceof AppError ? error.code : null
        // Another tenant came in between.
        if (connected && code === 'PAGE_ALREADY_CONNECTED') await letGo(connected.page, nowMs)
        if (hasWritten && (code === 'PAGE_BEING_ERASED' || code === 'TENANT_NOT_FOUND')) await undo(input, nowMs)
        throw error
      }
    },
    disconnect,
    async findConnected(facebookPageId) {
      const holder = await holders.holderOf(facebookPageId)
      return holder?.tenant_id ? connectedOf(holder.tenant_id, facebookPageId) : undefined
    },
    heldAs: (facebookPageIds) => holders.heldAs(facebookPageIds),
    accessToken: (page) => tokens.get(ownerOfToken(page.tenant_id, page.facebook_page_id)),
  }
}

/** What was learned about the token before says nothing about this one. */
function newTokenHealth({ status, token_news = [] }: PageRow, { accountKey }: NewPage, nowMs: number): PageHealth {
  const restored = { type: 'page.token_restored', at_ms: nowMs } as const
  return {
    token_set_ms: nowMs,
    token_of_account: accountKey !== undefined,
    token_expires_ms: null,
    data_access_expires_ms: null,
    token_news: status === 'reauth_required' ? [...token_news, restored] : token_news,
  }
}

function unlessErased(error: unknown): undefined {
  if (!(error instanceof AppError) || error.code !== 'PAGE_NOT_FOUND') throw error
}

const ownerOfToken = (tenantId: string, facebookId: string): TokenOwner => ({ tenantId, kind: 'page', facebookId })

function newPageRow(key: string, id: number, input: NewPage, nowMs: number): Omit<PageRow, 'rev'> {
  return {
    _id: key,
    id,
    tenant_id: input.tenantId,
    facebook_page_id: input.facebookPageId,
    status: 'active',
    name: input.name,
    category: null,
    about: null,
    phone: null,
    website: null,
    fan_count: null,
    details_synced_ms: null,
    last_synced_ms: null,
    token_status: 'valid',
    webhook_subscribed: null,
    token_set_ms: nowMs,
    token_of_account: input.accountKey !== undefined,
    ...(input.accountKey === undefined ? {} : { account_key: input.accountKey }),
    created_ms: nowMs,
  }
}
