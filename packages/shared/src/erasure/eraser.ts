import { backOffMs } from '../lifecycle/back-off.ts'
import { type Change, changeId } from '../model/change.ts'
import type { Store } from '../store/collection.ts'
import { ERASURES, type ErasureRow } from '../store/repositories/privacy-rows.ts'
import {
  CONVERSATIONS,
  type ContactRow,
  conversationKey,
  PAGES,
  type PageRow,
  TENANTS,
} from '../store/repositories/rows.ts'
import type { Tombstones } from '../store/repositories/tombstones.ts'
import { OWNED_STEPS } from './erase-owned.ts'
import { PERSON_STEPS } from './erase-person.ts'
import type { ErasureStep } from './erasure-step.ts'

export interface EraserDeps {
  readonly store: Store
  readonly tombstones: Tombstones
  readonly announce: (changes: readonly Change[]) => Promise<void>
  readonly now: () => number
}

/**
 * Erases people, pages and tenants: for good, in bounded steps, and to the end whatever dies in between. Asking writes
 * one row; whoever asked begins at once, and any worker goes on with what stands still.
 */
export interface Eraser {
  /** The person behind a contact. */
  eraseContact(page: PageRow, contact: ContactRow): Promise<ErasureRow>
  /** A person of a page of whom there may be no contact. */
  erasePerson(page: PageRow, psid: string): Promise<ErasureRow>
  /** All of a page of the tenant; undefined where there is no such page. */
  erasePage(tenantId: string, pageId: number): Promise<ErasureRow | undefined>
  /** All of a tenant; undefined where there is none. */
  eraseTenant(tenantId: string): Promise<ErasureRow | undefined>
  /** The erasure as it stands. */
  get(id: string): Promise<ErasureRow | undefined>
  /** Works at an erasure until it is done, somebody else does, `untilMs` has come or the signal fires; answers how it stands. */
  work(row: ErasureRow, untilMs: number, signal?: AbortSignal): Promise<ErasureRow>
  /** Working at it failed: it is due again later, and the later the more often it failed. Answers how it stands. */
  putOff(id: string): Promise<ErasureRow | undefined>
  /** Erasures that stand still, those that have waited longest first. */
  due(limit: number): Promise<ErasureRow[]>
}

/** Who works at an erasure says so again with every piece. */
const WORKING_MS = 30_000
/**
 * What was read before the tombstone stood, and is written after its rows were removed, is written by then. So the
 * steps are done once more.
 */
export const SETTLE_MS = 120_000
const PAGES_AT_ONCE = 500
const PUT_OFF = { baseMs: 30_000, maxMs: 3_600_000 }

export function createEraser({ store, tombstones, announce, now }: EraserDeps): Eraser {
  const erasures = store.collection(ERASURES)
  const get = async (id: string): Promise<ErasureRow | undefined> => (await erasures.getMany([id]))[0]

  /** What was asked for before and is not finished is the same; what is finished begins anew. */
  const request = async (row: Omit<ErasureRow, 'rev'>): Promise<ErasureRow> => {
    const { existing } = await erasures.insertMany([row])
    const known = existing.length === 0 ? undefined : await get(row._id)
    if (!known) return { ...row, rev: 1 }
    if (known.finished_ms === null) return known
    const { lost } = await erasures.replaceMany([{ ...row, rev: known.rev }])
    return lost.length === 0 ? { ...row, rev: known.rev + 1 } : ((await get(row._id)) ?? { ...row, rev: 1 })
  }

  const erasePerson = async (page: PageRow, psid: string, contactId: number | null): Promise<ErasureRow> => {
    const [conversation] = await store.collection(CONVERSATIONS).getMany([conversationKey(page.id, psid)])
    const thread_ids = conversation?.thread_ids ?? []
    const id = contactId === null ? `person-${tombstones.idOf({ page, psid })}` : `contact-${contactId}`
    return request({
      ...newErasure(id, page.tenant_id, now()),
      kind: 'contact',
      page_id: page.id,
      person: { psid, facebook_page_id: page.facebook_page_id, contact_id: contactId, thread_ids },
    })
  }

  const pagesOf = async (tenantId: string): Promise<PageRow[]> => {
    const pages: PageRow[] = []
    for (let last: PageRow | undefined; ; ) {
      const after = last ? { after: { id: last.id, _id: last._id } } : {}
      const query = { index: 'byTenant', equals: { tenant_id: tenantId }, limit: PAGES_AT_ONCE, ...after }
      const found: PageRow[] = await store.collection(PAGES).find(query)
      pages.push(...found)
      last = found.at(-1)
      if (found.length < PAGES_AT_ONCE) return pages
    }
  }

  /** Each pass begins with the pages that there are by then: one may have been connected since it was asked for. */
  const withPagesOfNow = async (row: ErasureRow): Promise<ErasureRow> => {
    if (row.kind !== 'tenant' || row.step > 0 || row.cursor !== null) return row
    const known = new Set(row.pages.map(({ id }) => id))
    const more = (await pagesOf(row.tenant_id)).filter(({ id }) => !known.has(id))
    return more.length === 0 ? row : { ...row, pages: [...row.pages, ...more.map(placeOf)] }
  }

  /** Compare-and-set; undefined when somebody else works at it. */
  const save = async (row: ErasureRow): Promise<ErasureRow | undefined> =>
    (await erasures.replaceMany([row])).lost.length === 0 ? { ...row, rev: row.rev + 1 } : undefined

  return {
    get,
    eraseContact: (page, contact) => erasePerson(page, contact.psid, contact.id),
    erasePerson: (page, psid) => erasePerson(page, psid, null),
    async erasePage(tenantId, pageId) {
      const [page] = await store.collection(PAGES).find({ index: 'byId', equals: { id: pageId }, limit: 1 })
      if (page?.tenant_id !== tenantId) return undefined
      const row = newErasure(`page-${pageId}`, tenantId, now())
      return request({ ...row, kind: 'page', page_id: pageId, pages: [placeOf(page)] })
    },
    async eraseTenant(tenantId) {
      const [tenant] = await store.collection(TENANTS).getMany([tenantId])
      if (!tenant) return get(`tenant-${tenantId}`)
      const pages = await pagesOf(tenantId)
      return request({
        ...newErasure(`tenant-${tenantId}`, tenantId, now()),
        kind: 'tenant',
        pages: pages.map(placeOf),
      })
    },
    async putOff(id) {
      const row = await get(id)
      if (!row || row.due_ms === null) return row
      const failures = (row.failures ?? 0) + 1
      // Whoever wrote it meanwhile is at it.
      return (await save({ ...row, failures, due_ms: now() + WORKING_MS + backOffMs(failures, PUT_OFF) })) ?? get(id)
    },
    due: (limit) => erasures.find({ index: 'byDue', range: { lte: now() }, limit }),
    async work(row, untilMs, signal) {
      let current = row
      while (current.due_ms !== null && current.due_ms <= now() + WORKING_MS) {
        if (now() >= untilMs || signal?.aborted) return (await save({ ...current, due_ms: now() })) ?? current
        const next = await doPiece(await withPagesOfNow(current), {
          store,
          tombstones,
          announce,
          now,
          ...(signal ? { signal } : {}),
        })
        const saved = await save(next)
        if (!saved) return (await get(row._id)) ?? current
        current = saved
      }
      return current
    },
  }
}

const stepsOf = ({ kind }: ErasureRow): readonly ErasureStep[] => (kind === 'contact' ? PERSON_STEPS : OWNED_STEPS)

async function doPiece(row: ErasureRow, deps: Parameters<ErasureStep['run']>[2]): Promise<ErasureRow> {
  const steps = stepsOf(row)
  const step = steps[row.step]
  if (!step) return endPass(row, deps)
  const { removed, next } = await step.run(row, row.cursor, deps)
  const place = next === null ? { step: row.step + 1, cursor: null } : { cursor: next }
  const total = (row.removed[step.name] ?? 0) + removed
  return {
    ...row,
    ...place,
    due_ms: deps.now() + WORKING_MS,
    failures: 0,
    removed: removed > 0 ? { ...row.removed, [step.name]: total } : row.removed,
  }
}

async function endPass(row: ErasureRow, deps: Parameters<ErasureStep['run']>[2]): Promise<ErasureRow> {
  const at = deps.now()
  if (row.pass === 1) {
    // Before the row says so: told again after a crash, under the same id.
    if (row.kind === 'contact') await deps.announce([erasedChange(row)])
    return { ...row, pass: 2, step: 0, cursor: null, erased_ms: at, due_ms: row.requested_ms + SETTLE_MS }
  }
  return { ...row, finished_ms: at, due_ms: null, cursor: null, person: null, pages: [] }
}

/** Receivers know the person by this key: they erase what they made of it. */
function erasedChange({ tenant_id, page_id, person, requested_ms }: ErasureRow): Change {
  const entity = conversationKey(page_id as number, person?.psid as string)
  return {
    id: changeId('contact.erased', entity, requested_ms),
    type: 'contact.erased',
    tenant_id,
    page_id: page_id as number,
    facebook_page_id: person?.facebook_page_id ?? '',
    entity,
    entity_id: person?.contact_id ?? null,
    version: requested_ms,
    cause: {},
    origin: 'live',
    fields: { facebook_id: person?.psid },
    at: new Date(requested_ms).toISOString(),
  }
}

function newErasure(id: string, tenantId: string, nowMs: number): Omit<ErasureRow, 'rev'> {
  return {
    _id: id,
    tenant_id: tenantId,
    kind: 'tenant',
    page_id: null,
    person: null,
    pages: [],
    requested_ms: nowMs,
    // Whoever asked works at it first.
    due_ms: nowMs + WORKING_MS,
    pass: 1,
    step: 0,
    cursor: null,
    removed: {},
    erased_ms: null,
    finished_ms: null,
  }
}

const placeOf = ({ id, _id, facebook_page_id }: PageRow) => ({ id, key: _id, facebook_page_id })
