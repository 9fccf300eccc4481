import { AppError } from '../../errors/app-error.ts'
import type { TokenSealer } from '../../security/seal-tokens.ts'
import type { Store } from '../collection.ts'
import { createPageConnections, type PageConnections } from './page-connections.ts'
import { PAGE_ACTIVITY, PAGE_SYNCS, PAGES, type PageRow, type PageSyncRow, pageKey } from './rows.ts'
import type { Sequences } from './sequences.ts'

export interface Pages extends PageConnections {
  /** The tenant's page, whatever its status; undefined for another tenant's as for an unknown id. */
  get(tenantId: string, pageId: number): Promise<PageRow | undefined>
  /** Those of Facebook's pages that the tenant ever connected. */
  ofFacebook(tenantId: string, facebookPageIds: readonly string[]): Promise<PageRow[]>
  /** Newest first, that is by falling id; or by rising id. */
  list(tenantId: string, sort: 'newest' | 'id', limit: number, after?: Pick<PageRow, '_id' | 'id'>): Promise<PageRow[]>
  /** Changes fields of the stored row; `change` answers null when nothing is to be changed. */
  update(tenantId: string, pageId: number, change: (page: PageRow) => PageRow | null): Promise<PageRow>
  lastEventMs(pageId: number): Promise<number | null>
  /** How far the page is synced; of a page that never was, nothing. */
  syncState(pageId: number): Promise<Pick<PageSyncRow, 'watermarks' | 'retry'>>
  /** Only the page's lease holder writes it. */
  saveSyncState(pageId: number, state: Pick<PageSyncRow, 'watermarks' | 'retry'>): Promise<void>
  /** Keeps the newest time for each page id. */
  recordActivity(lastEventMs: ReadonlyMap<number, number>): Promise<void>
}

const CAS_ROUNDS_MAX = 20

export function createPages(store: Store, sequences: Sequences, sealer: TokenSealer): Pages {
  const pages = store.collection(PAGES)
  const activity = store.collection(PAGE_ACTIVITY)
  const syncs = store.collection(PAGE_SYNCS)

  const byId = async (tenantId: string, pageId: number): Promise<PageRow | undefined> => {
    const [row] = await pages.find({ index: 'byId', equals: { id: pageId }, limit: 1 })
    return row?.tenant_id === tenantId ? row : undefined
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
    ...createPageConnections(store, sequences, sealer, update),
    get: byId,
    ofFacebook: (tenantId, facebookPageIds) => pages.getMany(facebookPageIds.map((id) => pageKey(tenantId, id))),
    list: (tenantId, sort, limit, after) =>
      pages.find({
        index: 'byTenant',
        equals: { tenant_id: tenantId },
        order: sort === 'id' ? 'asc' : 'desc',
        limit,
        ...(after ? { after: { id: after.id, _id: after._id } } : {}),
      }),
    update,
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
