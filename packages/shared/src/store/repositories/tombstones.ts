import { createHmac, createSecretKey } from 'node:crypto'
import { AppError } from '../../errors/app-error.ts'
import type { Store } from '../collection.ts'
import { getAll } from '../get-all.ts'
import { ERASURE_KEYS, TOMBSTONE_MARKS, TOMBSTONES, type TombstoneRow } from './privacy-rows.ts'
import { conversationKey, type PageRow } from './rows.ts'

/** Somebody of a page of a tenant. */
export interface PagePerson {
  readonly page: Pick<PageRow, 'id' | 'tenant_id' | 'facebook_page_id'>
  readonly psid: string
}

export type Tombstone = Pick<TombstoneRow, 'erased_ms' | 'lifted_ms'>

/**
 * Who was erased and must not come back by what is still on its way. A person is known by a keyed hash: who has the
 * rows alone can neither read nor guess them (page-scoped ids are short numbers). The page is known by Facebook's id:
 * erased and connected anew by the tenant it is another one here, and they are still kept out of it.
 */
export interface Tombstones {
  /** From now on nothing up to `erasedMs` is stored. Once more for a person who came back sets it anew. */
  put(person: PagePerson, erasedMs: number): Promise<void>
  /**
   * The tombstones of those who have one, by `conversationKey`. One read for all pages that have none, which is most;
   * what a page's readers found is remembered for as long as its tombstones stay as they are.
   */
  find(persons: Iterable<PagePerson>): Promise<ReadonlyMap<string, Tombstone>>
  /** Was the person erased, and has not written since? */
  isErased(person: PagePerson): Promise<boolean>
  /** The person wrote at `atMs`. The earliest that is later than the erasure counts. Answers the tombstone after it. */
  lift(person: PagePerson, atMs: number): Promise<Tombstone | undefined>
  /** `_id` of the person's tombstone, whether there is one or not. */
  idOf(person: PagePerson): string
  /**
   * Under another key than before nobody would be recognised.
   *
   * @throws AppError CONFIGURATION_INVALID
   */
  checkKey(): Promise<void>
}

const keyOf = ({ page, psid }: PagePerson): string => conversationKey(page.id, psid)
const markKey = ({ tenant_id, facebook_page_id }: PagePerson['page']): string => `${tenant_id}/${facebook_page_id}`

/** Nothing is sent to them, nor written down that would be. */
export const personErased = (): AppError =>
  new AppError('RECIPIENT_UNAVAILABLE', 'The person was erased, and has not written since', { status: 409 })

const CAS_ROUNDS_MAX = 20
const CLEAN_PERSONS_MAX = 100_000

/** @param key `ERASURE_KEY` */
export function createTombstones(store: Store, key: string): Tombstones {
  const tombstones = store.collection(TOMBSTONES)
  const marks = store.collection(TOMBSTONE_MARKS)
  const secret = createSecretKey(Buffer.from(key))
  const hashOf = (text: string): string => createHmac('sha256', secret).update(text).digest('base64url')
  const idOf = ({ page: { tenant_id, facebook_page_id }, psid }: PagePerson): string =>
    `${tenant_id}/${hashOf(`person\n${tenant_id}\n${facebook_page_id}\n${psid}`)}`
  const clean = createCleanPersons()

  /** After the row, so that whoever reads the new version reads the row, too. */
  const raiseMark = ({ page }: PagePerson) => marks.increment(markKey(page), { version: 1 })

  const change = async (id: string, next: (row: TombstoneRow) => TombstoneRow | null) => {
    for (let round = 0; round < CAS_ROUNDS_MAX; round++) {
      const [row] = await tombstones.getMany([id])
      const changed = row && next(row)
      if (!row || !changed) return row
      if ((await tombstones.replaceMany([changed])).lost.length === 0) return changed
    }
    throw new AppError('WRITE_CONFLICT', 'The tombstone is being changed by somebody else')
  }

  const readSome = async (persons: readonly PagePerson[]): Promise<Map<string, Tombstone>> => {
    const byId = new Map(persons.map((person) => [idOf(person), keyOf(person)]))
    const rows = await getAll(tombstones, [...byId.keys()])
    return new Map(rows.map((row) => [byId.get(row._id) as string, row]))
  }

  const find: Tombstones['find'] = async (persons) => {
    const distinct = new Map([...persons].map((each) => [keyOf(each), each]))
    const ofMarks = new Map([...distinct.values()].map(({ page }) => [page.id, markKey(page)]))
    if (ofMarks.size === 0) return new Map()
    const byMark = new Map((await marks.getMany([...ofMarks.values()])).map((row) => [row._id, row.version]))
    if (byMark.size === 0) return new Map()
    const versionOf = ({ page }: PagePerson) => byMark.get(ofMarks.get(page.id) as string)
    const asked = [...distinct].filter(([id, person]) => {
      const version = versionOf(person)
      return version !== undefined && !clean.has(person.page.id, version, id)
    })
    const found = await readSome(asked.map(([, person]) => person))
    for (const [id, person] of asked)
      if (!found.has(id)) clean.remember(person.page.id, versionOf(person) as number, id)
    return found
  }

  return {
    idOf,
    async put(person, erasedMs) {
      const row = { _id: idOf(person), tenant_id: person.page.tenant_id, erased_ms: erasedMs, lifted_ms: null }
      const { existing } = await tombstones.insertMany([row])
      if (existing.length > 0)
        await change(row._id, (old) => (old.erased_ms >= erasedMs ? null : { ...old, ...row, rev: old.rev }))
      await raiseMark(person)
    },
    find,
    async isErased(person) {
      const stone = (await find([person])).get(keyOf(person))
      return stone !== undefined && stone.lifted_ms === null
    },
    async lift(person, atMs) {
      const row = await change(idOf(person), (old) =>
        atMs > old.erased_ms && atMs < (old.lifted_ms ?? Number.POSITIVE_INFINITY) ? { ...old, lifted_ms: atMs } : null,
      )
      return row
    },
    async checkKey() {
      const collection = store.collection(ERASURE_KEYS)
      const check = hashOf('key check')
      await collection.insertMany([{ _id: 'current', check }])
      const [row] = await collection.getMany(['current'])
      if (row && row.check !== check)
        throw new AppError(
          'CONFIGURATION_INVALID',
          'ERASURE_KEY is another one than that of the tombstones in this store',
        )
    },
  }
}

/** Persons of whom it was read that they have no tombstone, as of a version of their page's. */
function createCleanPersons() {
  const pages = new Map<number, { version: number; readonly keys: Set<string> }>()
  let size = 0
  return {
    has: (pageId: number, version: number, key: string): boolean => {
      const page = pages.get(pageId)
      return page?.version === version && page.keys.has(key)
    },
    remember(pageId: number, version: number, key: string): void {
      if (size >= CLEAN_PERSONS_MAX) {
        pages.clear()
        size = 0
      }
      const known = pages.get(pageId)
      const page = known?.version === version ? known : { version, keys: new Set<string>() }
      if (page !== known) {
        size -= known?.keys.size ?? 0
        pages.set(pageId, page)
      }
      if (!page.keys.has(key)) size++
      page.keys.add(key)
    },
  }
}
