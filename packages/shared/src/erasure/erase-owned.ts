import { AppError } from '../errors/app-error.ts'
import type { StoreDocument } from '../store/collection.ts'
import { getAll } from '../store/get-all.ts'
import { PAGE_HOLDERS } from '../store/repositories/connection-rows.ts'
import { DEAD_LETTERS, type DeadLetterRow } from '../store/repositories/dead-letters.ts'
import type { ErasureRow } from '../store/repositories/privacy-rows.ts'
import { PAGES } from '../store/repositories/rows.ts'
import { type ErasureDeps, type ErasureStep, LETTERS_AT_ONCE, ROWS_AT_ONCE, type StepOutcome } from './erasure-step.ts'
import { OWNED_ROWS, type OwnedRows, type Place, placesOf, type Scope } from './owned-rows.ts'
import { removeRows, walkRows } from './walk-rows.ts'
import { namesPerson } from './without-person.ts'

/** Everything of a tenant or of one of its pages: cut off first, then collection by collection. */
export const OWNED_STEPS: readonly ErasureStep[] = [
  { name: 'cut_off', run: cutOff },
  ...OWNED_ROWS.map((owned) => ({
    name: owned.definition.name,
    run: (job: ErasureRow, cursor: string | null, deps: ErasureDeps) => removeOwned(owned, job, cursor, deps),
  })),
  // What the gateway could not hand on, and whatever could not be read, belongs to nobody.
  { name: 'dead_letters_of_nobody', run: removeLettersOfNobody },
]

const keysOf = (pages: Scope['pages']): string[] => pages.map(({ key }) => key)

/** Without those that were connected anew meanwhile, or are about to: under the same key that is another page. */
async function withoutReconnected(
  pages: Scope['pages'],
  { kind, pass, tenant_id }: ErasureRow,
  { store }: ErasureDeps,
): Promise<Scope['pages']> {
  const now = await getAll(store.collection(PAGES), keysOf(pages))
  const ids = new Map(now.map(({ _id, id }) => [_id, id]))
  // The first pass has given them back: who holds one in the second, and has no row of it, is writing it.
  const isAgain = kind === 'page' && pass === 2
  const holders = isAgain
    ? await getAll(
        store.collection(PAGE_HOLDERS),
        pages.map((page) => page.facebook_page_id),
      )
    : []
  const held = new Set(holders.filter((row) => row.tenant_id === tenant_id).map(({ _id }) => _id))
  return pages.filter((page) => (ids.has(page.key) ? ids.get(page.key) === page.id : !held.has(page.facebook_page_id)))
}

async function scopeOf(owned: OwnedRows, job: ErasureRow, deps: ErasureDeps): Promise<Scope> {
  const pages = owned.reused ? await withoutReconnected(job.pages, job, deps) : job.pages
  return { kind: job.kind === 'tenant' ? 'tenant' : 'page', tenantId: job.tenant_id, pages }
}

/** Nothing comes in for a page that nobody holds, and no worker asks Facebook about it. */
async function cutOff(job: ErasureRow, cursor: string | null, deps: ErasureDeps): Promise<StepOutcome> {
  const from = Number(cursor ?? 0)
  const some = await withoutReconnected(job.pages.slice(from, from + ROWS_AT_ONCE), job, deps)
  for (let round = 0; !(await isCutOff(some, job.tenant_id, deps)); round++)
    if (round === CAS_ROUNDS_MAX) throw new AppError('WRITE_CONFLICT', 'The pages are being changed by somebody else')
  return { removed: 0, next: from + ROWS_AT_ONCE < job.pages.length ? String(from + ROWS_AT_ONCE) : null }
}

const CAS_ROUNDS_MAX = 20

/** Tries to cut off what is not yet; answers whether there was nothing left to do. */
async function isCutOff(pages: Scope['pages'], tenantId: string, { store, now }: ErasureDeps): Promise<boolean> {
  const rows = await store.collection(PAGES).getMany(keysOf(pages))
  const connected = rows.filter(({ status }) => status !== 'disconnected')
  if (connected.length > 0)
    await store.collection(PAGES).replaceMany(connected.map((page) => ({ ...page, status: 'disconnected' as const })))
  const holders = await store.collection(PAGE_HOLDERS).getMany(pages.map(({ facebook_page_id }) => facebook_page_id))
  const held = holders.filter(({ tenant_id }) => tenant_id === tenantId)
  const given = held.map((row) => ({ ...row, tenant_id: null, generation: row.generation + 1, changed_ms: now() }))
  if (given.length > 0) await store.collection(PAGE_HOLDERS).replaceMany(given)
  return connected.length + held.length === 0
}

/** Those that name the pages; of a page that another tenant holds by now they may be about what is that one's. */
async function removeLettersOfNobody(
  job: ErasureRow,
  cursor: string | null,
  { store }: ErasureDeps,
): Promise<StepOutcome> {
  const all = job.pages.map(({ facebook_page_id }) => facebook_page_id)
  const holders = await getAll(store.collection(PAGE_HOLDERS), all)
  const others = new Set(
    holders.filter((row) => (row.tenant_id ?? job.tenant_id) !== job.tenant_id).map(({ _id }) => _id),
  )
  const ids = all.filter((id) => !others.has(id))
  const letters = store.collection(DEAD_LETTERS)
  const selection = { index: 'byTenant', equals: { tenant_id: null } }
  return walkRows({ collection: letters, selection, open: ['created_ms'], limit: LETTERS_AT_ONCE }, cursor, (rows) => {
    const theirs = rows.filter((row) => row.created_ms <= job.requested_ms && isAbout(row, ids))
    return theirs.length === 0 ? Promise.resolve(0) : letters.deleteMany(theirs.map(({ _id }) => _id))
  })
}

function isAbout({ facebook_page_id, payload }: DeadLetterRow, pageIds: readonly string[]): boolean {
  if (facebook_page_id !== null) return pageIds.includes(facebook_page_id)
  return namesPerson(Buffer.from(payload, 'base64').toString('utf8'), { ids: pageIds })
}

/** The cursor is the number of the place and the position within it. */
async function removeOwned(
  owned: OwnedRows,
  job: ErasureRow,
  cursor: string | null,
  deps: ErasureDeps,
): Promise<StepOutcome> {
  const places = placesOf(owned, await scopeOf(owned, job, deps))
  const [number, within] = cursor === null ? [0, null] : (JSON.parse(cursor) as [number, string | null])
  const place = places[number]
  if (!place) return { removed: 0, next: null }
  const { removed, next } = await removePlace(owned, place, within, deps)
  if (next !== null) return { removed, next: JSON.stringify([number, next]) }
  return { removed, next: number + 1 < places.length ? JSON.stringify([number + 1, null]) : null }
}

async function removePlace(
  { definition }: OwnedRows,
  place: Place,
  within: string | null,
  { store }: ErasureDeps,
): Promise<StepOutcome> {
  const collection = store.collection(definition)
  if ('ids' in place) {
    const ids = place.ids.slice(Number(within ?? 0))
    const some = ids.slice(0, ROWS_AT_ONCE)
    const removed = some.length === 0 ? 0 : await collection.deleteMany(some)
    return { removed, next: ids.length > some.length ? String(Number(within ?? 0) + some.length) : null }
  }
  const limit = definition.name === 'dead_letters' ? LETTERS_AT_ONCE : ROWS_AT_ONCE
  const { keep, selection } = place
  if (!keep) return removeRows(collection, selection, limit)
  const open = (definition.indexes[selection.index] ?? []).slice(Object.keys(selection.equals ?? {}).length)
  const walk = { collection, selection, open: open as readonly (keyof StoreDocument & string)[], limit }
  return walkRows(walk, within, (rows) => {
    const theirs = rows.filter((row) => !keep(row as unknown as Readonly<Record<string, unknown>>))
    return theirs.length === 0 ? Promise.resolve(0) : collection.deleteMany(theirs.map(({ _id }) => _id))
  })
}
