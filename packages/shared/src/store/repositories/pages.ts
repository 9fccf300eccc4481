import { AppError } from '../../errors/app-error.ts'
import type { Store } from '../collection.ts'
import { PAGE_ACTIVITY, PAGE_SYNCS, PAGE_TOKENS, PAGES, type PageRow, type PageSyncRow, pageKey } from './rows.ts'
import type { Sequences } from './sequences.ts'

export interface NewPage {
  readonly tenantId: string
  readonly facebookPageId: string
  readonly accessToken: string
  readonly name: string | null
}

export interface Pages {
  /**
   * Connects a page, or connects it again: then its id and data stay.
   *
   * @throws AppError PAGE_ALREADY_CONNECTED when another tenant holds it
   */
  connect(input: NewPage, nowMs: number): Promise<{ readonly page: PageRow; readonly created: boolean }>
  /** The tenant's page, whatever its status; undefined for another tenant's as for an unknown id. */
  get(tenantId: string, pageId: number): Promise<PageRow | undefined>
  /** The page that receives Facebook's events: connected, of whichever tenant holds it. */
  findConnected(facebookPageId: string): Promise<PageRow | undefined>
  /** Newest first, that is by falling id; or by rising id. */
  list(tenantId: string, sort: 'newest' | 'id', limit: number, after?: Pick<PageRow, '_id' | 'id'>): Promise<PageRow[]>
  /** Changes fields of the stored row; `change` answers null when nothing is to be changed. */
  update(tenantId: string, pageId: number, change: (page: PageRow) => PageRow | null): Promise<PageRow>
  accessToken(page: PageRow): Promise<string | undefined>
  lastEventMs(pageId: number): Promise<number | null>
  /** How far the page is synced; of a page that never was, nothing. */
  syncState(pageId: number): Promise<Pick<PageSyncRow, 'watermarks' | 'retry'>>
  /** Only the page's lease holder writes it. */
  saveSyncState(pageId: number, state: Pick<PageSyncRow, 'watermarks' | 'retry'>): Promise<void>
  /** Keeps the newest time for each page id. */
  recordActivity(lastEventMs: ReadonlyMap<number, number>): Promise<void>
}

const CAS_ROUNDS_MAX = 20

export function createPages(store: Store, sequences: Sequences): Pages {
  const pages = store.collection(PAGES)
  const tokens = store.collection(PAGE_TOKENS)
  const activity = store.collection(PAGE_ACTIVITY)
  const syncs = store.collection(PAGE_SYNCS)

  const byId = async (tenantId: string, pageId: number): Promise<PageRow | undefined> => {
    const [row] = await pages.find({ index: 'byId', equals: { id: pageId }, limit: 1 })
    return row?.tenant_id === tenantId ? row : undefined
  }

  const findConnected = async (facebookPageId: string): Promise<PageRow | undefined> => {
    const rows = await pages.find({ index: 'byFacebookId', equals: { facebook_page_id: facebookPageId }, limit: 100 })
    return rows.find((row) => row.status !== 'disconnected')
  }

  const saveToken = async (id: string, accessToken: string, nowMs: number): Promise<void> => {
    for (let round = 0; round < CAS_ROUNDS_MAX; round++) {
      const [row] = await tokens.getMany([id])
      const { existing } = row
        ? { existing: [id] }
        : await tokens.insertMany([{ _id: id, access_token: accessToken, updated_ms: nowMs }])
      if (existing.length === 0) return
      if (!row) continue
      const { lost } = await tokens.replaceMany([{ ...row, access_token: accessToken, updated_ms: nowMs }])
      if (lost.length === 0) return
    }
    throw new AppError('WRITE_CONFLICT', 'The token of the page is being changed by somebody else')
  }

  const update: Pages['update'] = async (tenantId, pageId, change) => {
    for (let round = 0; round < CAS_ROUNDS_MAX; round++) {
      const row = await byId(tenantId, pageId)
      if (!row) throw new AppError('PAGE_NOT_FOUND', `There is no page ${pageId}`)
      const next = change(row)
      if (next === null) return row
      const { lost } = await pages.replaceMany([{ ...next, rev: row.rev }])
      if (lost.length === 0) return { ...next, rev: row.rev + 1 }
    }
    throw new AppError('WRITE_CONFLICT', 'The page is being changed by somebody else')
  }

  return {
    async connect(input, nowMs) {
      const holder = await findConnected(input.facebookPageId)
      if (holder && holder.tenant_id !== input.tenantId)
        throw new AppError('PAGE_ALREADY_CONNECTED', 'The page is connected elsewhere')
      const key = pageKey(input.tenantId, input.facebookPageId)
      await saveToken(key, input.accessToken, nowMs)
      const [known] = await pages.getMany([key])
      if (known) {
        const page = await update(input.tenantId, known.id, (row) => ({
          ...row,
          status: 'active',
          token_status: 'valid',
          name: input.name ?? row.name,
        }))
        return { page, created: false }
      }
      const [id] = await sequences.take('page', 1)
      const { existing } = await pages.insertMany([newPageRow(key, id as number, input, nowMs)])
      const [page] = await pages.getMany([key])
      if (!page) throw new AppError('INTERNAL', 'The page was not stored')
      return { page, created: existing.length === 0 }
    },
    get: byId,
    findConnected,
    list: (tenantId, sort, limit, after) =>
      pages.find({
        index: 'byTenant',
        equals: { tenant_id: tenantId },
        order: sort === 'id' ? 'asc' : 'desc',
        limit,
        ...(after ? { after: { id: after.id, _id: after._id } } : {}),
      }),
    update,
    async accessToken(page) {
      const [row] = await tokens.getMany([page._id])
      return row?.access_token
    },
    async lastEventMs(pageId) {
      const [row] = await activity.getMany([String(pageId)])
      return row?.last_event_ms ?? null
    },
    async syncState(pageId) {
      const [row] = await syncs.getMany([String(pageId)])
      return { watermarks: row?.watermarks ?? {}, retry: row?.retry ?? [] }
    },
    async saveSyncState(pageId, state) {
      const id = String(pageId)
      for (let round = 0; round < CAS_ROUNDS_MAX; round++) {
        const [row] = await syncs.getMany([id])
        if (!row && (await syncs.insertMany([{ _id: id, ...state }])).existing.length === 0) return
        if (row && (await syncs.replaceMany([{ ...row, ...state }])).lost.length === 0) return
      }
      throw new AppError('WRITE_CONFLICT', 'How far the page is synced is being changed by somebody else')
    },
    async recordActivity(lastEventMs) {
      const ids = [...lastEventMs.keys()].map(String)
      const rows = await activity.getMany(ids)
      const known = new Set(rows.map((row) => row._id))
      const fresh = ids
        .filter((id) => !known.has(id))
        .map((id) => ({ _id: id, last_event_ms: lastEventMs.get(Number(id)) ?? 0 }))
      const newer = rows.flatMap((row) => {
        const ms = lastEventMs.get(Number(row._id)) ?? 0
        return ms > row.last_event_ms ? [{ ...row, last_event_ms: ms }] : []
      })
      if (fresh.length > 0) await activity.insertMany(fresh)
      // A lost race is another worker's equally fresh time.
      if (newer.length > 0) await activity.replaceMany(newer)
    },
  }
}

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
    created_ms: nowMs,
  }
}
