import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { AppError } from '../errors/app-error.ts'
import { graphError } from './classify-graph-error.ts'
import { type Listing, type ListingAsk, type ListingState, readListingPage, startListing } from './read-listing-page.ts'

interface Item {
  readonly id: string
  readonly seconds: number
}

const placeOf = ({ id, seconds }: Item) => ({ key: id, timeMs: seconds * 1000 })
const items = (count: number): Item[] =>
  Array.from({ length: count }, (_, index) => ({ id: `i${index}`, seconds: 10_000 - index }))

const stale = () => graphError({ code: 2642, message: 'Invalid cursors values' }, { httpStatus: 400 })
const tooLarge = () => graphError({ code: 1, error_subcode: 99 }, { httpStatus: 500 })

/** A list as Facebook keeps it, newest first; a cursor is the place after an item. `spoil` may throw. */
function listOf(all: readonly Item[], spoil: (ask: ListingAsk, nth: number) => void = () => undefined) {
  const asks: ListingAsk[] = []
  const fetch = async (ask: ListingAsk): Promise<Listing<Item>> => {
    asks.push(ask)
    spoil(ask, asks.length)
    const from = ask.after === null ? 0 : Number(ask.after)
    const page = all.slice(from, from + ask.limit)
    const next = from + ask.limit < all.length ? String(from + ask.limit) : null
    return { items: page, next, requestedAtMs: asks.length, droppedFields: [] }
  }
  return { asks, fetch }
}

/** Reads to the end; the state goes through JSON at every page, as in a checkpoint. */
async function readAll(
  fetch: (ask: ListingAsk) => Promise<Listing<Item>>,
  wanted: { limit: number; messagesLimit?: number } = { limit: 10 },
) {
  const pages: (readonly Item[])[] = []
  let state: ListingState | null = startListing()
  while (state !== null) {
    const page: { items: readonly Item[]; next: ListingState | null } = await readListingPage(
      JSON.parse(JSON.stringify(state)),
      { ...wanted, placeOf },
      fetch,
    )
    pages.push(page.items)
    state = page.next
  }
  return { pages, ids: pages.flat().map(({ id }) => id) }
}

describe('a listing', () => {
  test('goes on page by page and ends where there is no next one', async () => {
    const all = items(25)
    const { asks, fetch } = listOf(all)
    const { pages, ids } = await readAll(fetch)
    expect(ids).toEqual(all.map(({ id }) => id))
    expect(pages.map(({ length }) => length)).toEqual([10, 10, 5])
    expect(asks.map(({ after }) => after)).toEqual([null, '10', '20'])
  })

  test('goes on over short and empty pages that have a next one', async () => {
    const answers: Listing<Item>[] = [
      [items(3), 'a'],
      [[], 'b'],
      [[], 'c'],
      [items(5).slice(3), 'd'],
      [[], null],
    ].map(([page, next], index) => ({
      items: page as Item[],
      next: next as string | null,
      requestedAtMs: index,
      droppedFields: [],
    }))
    const { ids, pages } = await readAll(async () => answers.shift() as Listing<Item>)
    expect(ids).toEqual(['i0', 'i1', 'i2', 'i3', 'i4'])
    expect(pages).toHaveLength(5)
  })

  test('gives up after too many empty pages in a row, and says so', async () => {
    let calls = 0
    const fetch = async () => ({ items: [], next: `${++calls}`, requestedAtMs: 0, droppedFields: [] })
    await expect(readAll(fetch)).rejects.toMatchObject({
      code: 'FACEBOOK_UNAVAILABLE',
      message: 'Facebook gave more than 20 empty pages in a row',
    })
    expect(calls).toBe(21)
  })

  test('counts empty pages anew after one that holds something', async () => {
    let calls = 0
    const fetch = async () => ({
      items: ++calls % 20 === 0 ? [{ id: `${calls}`, seconds: 1_000 - calls }] : [],
      next: calls < 100 ? `${calls}` : null,
      requestedAtMs: 0,
      droppedFields: [],
    })
    expect((await readAll(fetch)).ids).toEqual(['20', '40', '60', '80', '100'])
  })

  test('does not run in a circle where a page names itself as the next one', async () => {
    const fetch = async () => ({ items: items(1), next: 'same', requestedAtMs: 0, droppedFields: [] })
    await expect(readAll(fetch)).rejects.toMatchObject({ code: 'FACEBOOK_UNAVAILABLE' })
  })

  test('may want another size for each page', async () => {
    const { asks, fetch } = listOf(items(100))
    const first = await readListingPage(startListing(), { limit: 5, placeOf }, fetch)
    await readListingPage(first.next as ListingState, { limit: 50, placeOf }, fetch)
    expect(asks.map(({ limit }) => limit)).toEqual([5, 50])
  })

  test('may begin behind a cursor', async () => {
    const { fetch } = listOf(items(12))
    const page = await readListingPage(startListing({ after: '10' }), { limit: 10, placeOf }, fetch)
    expect(page.items.map(({ id }) => id)).toEqual(['i10', 'i11'])
    expect(page.next).toBeNull()
  })

  test('throws what it cannot mend', async () => {
    const error = new AppError('FACEBOOK_TOKEN_INVALID', 'dead')
    const { asks, fetch } = listOf(items(5), () => {
      throw error
    })
    await expect(readAll(fetch)).rejects.toBe(error)
    expect(asks).toHaveLength(1)
  })
})

describe('a cursor that went stale', () => {
  test('begins the listing anew, and nothing is delivered twice', async () => {
    const all = items(45)
    let gone = true
    const { asks, fetch } = listOf(all, ({ after }) => {
      if (after !== '20' || !gone) return
      gone = false
      throw stale()
    })
    const { ids } = await readAll(fetch)
    expect(ids).toEqual(all.map(({ id }) => id))
    expect(asks.map(({ after }) => after)).toEqual([null, '10', '20', null, '10', '20', '30', '40'])
  })

  test('delivers what is new on top, and what moved there, as it is now', async () => {
    const all = items(30)
    let broken = false
    const { fetch } = listOf(all, ({ after }) => {
      if (after !== '20' || broken) return
      broken = true
      const [moved] = all.splice(12, 1)
      all.unshift({ id: moved?.id ?? '', seconds: 20_000 })
      all.unshift({ id: 'new', seconds: 20_001 })
      throw stale()
    })
    const { ids } = await readAll(fetch)
    expect(ids.slice(20, 22)).toEqual(['new', 'i12'])
    expect(ids.filter((id) => id === 'i12')).toHaveLength(2)
    expect(ids).toHaveLength(32)
    expect(new Set(ids).size).toBe(31)
  })

  test('tells items of the same second apart by their keys', async () => {
    const all = Array.from({ length: 40 }, (_, index) => ({ id: `i${index}`, seconds: 500 - Math.floor(index / 15) }))
    let gone = true
    const { fetch } = listOf(all, ({ after }) => {
      if (after !== '20' || !gone) return
      gone = false
      throw stale()
    })
    expect((await readAll(fetch)).ids).toEqual(all.map(({ id }) => id))
  })

  test('after items that came out of order delivers all again rather than lose one', async () => {
    const all = items(30)
    const [early] = all.splice(25, 1)
    all.splice(3, 0, early as Item)
    let gone = true
    const { fetch } = listOf(all, ({ after }) => {
      if (after !== '20' || !gone) return
      gone = false
      throw stale()
    })
    const { ids } = await readAll(fetch)
    expect(new Set(ids)).toEqual(new Set(all.map(({ id }) => id)))
    expect(ids).toHaveLength(50)
  })

  test('is recognised in a plain invalid parameter, too, but only where a cursor was sent', async () => {
    const invalid = () => graphError({ code: 100 }, { httpStatus: 400 })
    let gone = true
    const some = listOf(items(15), ({ after }) => {
      if (after === null || !gone) return
      gone = false
      throw invalid()
    })
    expect((await readAll(some.fetch)).ids).toHaveLength(15)
    const none = listOf(items(15), () => {
      throw invalid()
    })
    await expect(readAll(none.fetch)).rejects.toMatchObject({ facebook: { code: 100 } })
    expect(none.asks).toHaveLength(1)
  })

  test.each([
    ['gone', { code: 100, error_subcode: 33 }],
    ['not permitted', { code: 200 }],
  ])('is not what an object that is %s answers', async (_name, body) => {
    const { asks, fetch } = listOf(items(15), ({ after }) => {
      if (after !== null) throw graphError(body, { httpStatus: 400 })
    })
    await expect(readAll(fetch)).rejects.toMatchObject({ facebook: { code: body.code } })
    expect(asks).toHaveLength(2)
  })

  test('again and again ends the listing with an error that says so', async () => {
    const { asks, fetch } = listOf(items(15), ({ after }) => {
      if (after !== null) throw stale()
    })
    await expect(readAll(fetch)).rejects.toMatchObject({
      code: 'FACEBOOK_REJECTED',
      message: 'Facebook refused the cursors of a listing 4 times',
      facebook: { code: 2642 },
    })
    expect(asks).toHaveLength(8)
  })
})

describe('"reduce the amount of data"', () => {
  test('halves what is asked for until it is answered: the list first, then the nested messages', async () => {
    const { asks, fetch } = listOf(items(3), ({ limit, messagesLimit }) => {
      if (limit * messagesLimit > 40) throw tooLarge()
    })
    await readAll(fetch, { limit: 100, messagesLimit: 25 })
    expect(asks.map(({ limit, messagesLimit }) => [limit, messagesLimit])).toEqual([
      [100, 25],
      [50, 25],
      [25, 25],
      [12, 25],
      [6, 25],
      [5, 25],
      [5, 12],
      [5, 6],
    ])
    expect(asks.every(({ shrinkable }) => shrinkable)).toBe(true)
  })

  test('of the smallest amount is thrown: it is for another reason', async () => {
    const { asks, fetch } = listOf(items(3), () => {
      throw tooLarge()
    })
    await expect(readAll(fetch, { limit: 20, messagesLimit: 10 })).rejects.toMatchObject({
      code: 'FACEBOOK_ANSWER_TOO_LARGE',
    })
    expect(asks.at(-1)).toMatchObject({ limit: 5, messagesLimit: 5, shrinkable: false })
    expect(asks).toHaveLength(4)
  })

  test('is forgotten slowly: a quarter more after five good pages, never more than wanted', async () => {
    let largest = 25
    const { asks, fetch } = listOf(items(2_000), ({ limit }) => {
      if (limit > largest) throw tooLarge()
      largest = 1_000
    })
    await readAll(fetch, { limit: 100 })
    const limits = asks.map(({ limit }) => limit)
    expect(limits.slice(0, 3)).toEqual([100, 50, 25])
    const steps = limits.slice(2).filter((limit, index, all) => limit !== all[index - 1])
    expect(steps).toEqual([25, 32, 40, 50, 63, 79, 99, 100])
    for (const step of steps.slice(0, -1)) expect(limits.slice(2).filter((limit) => limit === step)).toHaveLength(5)
  })

  test('learned in one listing serves the next', async () => {
    const one = listOf(items(200), ({ limit }) => {
      if (limit > 50) throw tooLarge()
    })
    const first = await readListingPage(startListing(), { limit: 100, placeOf }, one.fetch)
    const other = listOf(items(200))
    const start = startListing({ sizes: first.next?.sizes })
    await readListingPage(start, { limit: 100, placeOf }, other.fetch)
    expect(other.asks[0]?.limit).toBe(50)
  })
})

test('whatever goes wrong at whichever call: every item is delivered, once', async () => {
  const trouble = fc.constantFrom('none', 'none', 'none', 'stale', 'large', 'empty', 'short')
  await fc.assert(
    fc.asyncProperty(fc.integer({ min: 0, max: 120 }), fc.infiniteStream(trouble), async (count, troubles) => {
      // Several to a second, as the times of conversations are.
      const all = Array.from({ length: count }, (_, n) => ({ id: `i${n}`, seconds: 5_000 - Math.floor(n / 3) }))
      let staleLeft = 3
      let calls = 0
      const fetch = async (ask: ListingAsk): Promise<Listing<Item>> => {
        const what = ++calls > 500 ? 'none' : troubles.next().value
        if (what === 'large' && ask.shrinkable) throw tooLarge()
        if (what === 'stale' && ask.after !== null && staleLeft-- > 0) throw stale()
        const from = ask.after === null ? 0 : Number(ask.after.split('/')[0])
        const size = what === 'empty' ? 0 : what === 'short' ? Math.ceil(ask.limit / 3) : ask.limit
        const next = from + size < all.length ? `${from + size}/${calls}` : null
        return { items: all.slice(from, from + size), next, requestedAtMs: 0, droppedFields: [] }
      }
      expect((await readAll(fetch, { limit: 20 })).ids).toEqual(all.map(({ id }) => id))
    }),
    { numRuns: 300 },
  )
})
