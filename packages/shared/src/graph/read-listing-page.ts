import { AppError } from '../errors/app-error.ts'
import { addDelivered, type DeliveredItems, type ItemPlace, wasDelivered } from './delivered-items.ts'
import { type GraphConversation, type GraphMessage, graphTimeMs } from './graph-shapes.ts'
import { canShrink, grow, type ListingSizes, shrink, sizesToAsk, UNCAPPED, type WantedSizes } from './listing-sizes.ts'

/** Where a listing is. JSON: it stands in the caller's checkpoint. */
export interface ListingState {
  /** Cursor of the next page; null for the first. */
  readonly after: string | null
  readonly sizes: ListingSizes
  /** In a row. */
  readonly empty_pages: number
  readonly restarts: number
  readonly delivered: DeliveredItems | null
}

/** What is asked of Facebook for one page. */
export interface ListingAsk extends WantedSizes {
  readonly after: string | null
  /** "Too much" can be answered by asking for less. */
  readonly shrinkable: boolean
}

/** One page as Facebook answered it. */
export interface Listing<T> {
  readonly items: readonly T[]
  /** Cursor of the next page, null at the end. */
  readonly next: string | null
  readonly requestedAtMs: number
  /** Fields that Facebook refuses to this page and that were left out. */
  readonly droppedFields: readonly string[]
}

export interface ListingPage<T> extends Omit<Listing<T>, 'next'> {
  /** Where the listing goes on; null at its end. */
  readonly next: ListingState | null
}

export interface ListingRules<T> {
  /** What is wanted at once; may differ from page to page. */
  readonly limit: number
  readonly messagesLimit?: number
  readonly placeOf: (item: T) => ItemPlace
}

/** Facebook gives empty pages that go on; not so many one after the other. */
const EMPTY_PAGES_MAX = 20
const RESTARTS_MAX = 3

/** @param start where the listing begins, and the sizes that another listing of the page has learned */
export function startListing(start: { after?: string | null; sizes?: ListingSizes } = {}): ListingState {
  const { after = null, sizes = UNCAPPED } = start
  return { after, sizes, empty_pages: 0, restarts: 0, delivered: null }
}

/**
 * Reads one page of a listing. A short or an empty page is as good as any: only a missing `next` ends a listing
 * (Graph API "Paginated results"). Where Facebook asks for less, less is asked, and slowly more again. A cursor that
 * went stale (its item is gone) begins the listing anew, and what was delivered before is left out.
 *
 * @param state kept with the results: whoever goes on from it repeats at most one page
 * @param fetch one call, such as `(ask) => graph.conversations({ folder, ...ask })`
 * @throws AppError what `fetch` throws; FACEBOOK_UNAVAILABLE where the listing does not get on, FACEBOOK_REJECTED
 * where its cursors go stale again and again
 */
export async function readListingPage<T>(
  state: ListingState,
  rules: ListingRules<T>,
  fetch: (ask: ListingAsk) => Promise<Listing<T>>,
): Promise<ListingPage<T>> {
  const wanted = { limit: rules.limit, messagesLimit: rules.messagesLimit ?? 0 }
  for (let current = state; ; ) {
    const sizes = sizesToAsk(current.sizes, wanted)
    const ask = { ...sizes, after: current.after, shrinkable: canShrink(sizes) }
    let listing: Listing<T>
    try {
      listing = await fetch(ask)
    } catch (error) {
      current = afterFailure(current, ask, error)
      continue
    }
    return afterPage(current, listing, rules, wanted)
  }
}

/** @throws what cannot be mended by asking otherwise */
function afterFailure(state: ListingState, ask: ListingAsk, error: unknown): ListingState {
  if (!(error instanceof AppError)) throw error
  if (error.code === 'FACEBOOK_ANSWER_TOO_LARGE' && ask.shrinkable) return { ...state, sizes: shrink(state.sizes, ask) }
  if (!mayBeStaleCursor(error, ask)) throw error
  if (state.restarts < RESTARTS_MAX) return { ...state, after: null, empty_pages: 0, restarts: state.restarts + 1 }
  throw new AppError('FACEBOOK_REJECTED', `Facebook refused the cursors of a listing ${RESTARTS_MAX + 1} times`, {
    ...(error.facebook ? { facebook: error.facebook } : {}),
    cause: error,
  })
}

/**
 * 2642 "Invalid cursors values"; or a plain 100 (invalid parameter) to a call that differs from the one before by its
 * cursor alone, since nobody documents the codes of a stale one. Refused fields have been sorted out before.
 */
function mayBeStaleCursor(error: AppError, { after }: ListingAsk): boolean {
  const code = error.facebook?.code
  return after !== null && error.code === 'FACEBOOK_REJECTED' && (code === 2642 || code === 100)
}

function afterPage<T>(
  state: ListingState,
  listing: Listing<T>,
  { placeOf }: ListingRules<T>,
  wanted: WantedSizes,
): ListingPage<T> {
  const isEmpty = listing.items.length === 0
  if (listing.next !== null && listing.next === state.after && !isEmpty)
    throw new AppError('FACEBOOK_UNAVAILABLE', 'Facebook names a page of a listing as its own next one')
  const empty_pages = isEmpty ? state.empty_pages + 1 : 0
  if (listing.next !== null && empty_pages > EMPTY_PAGES_MAX)
    throw new AppError('FACEBOOK_UNAVAILABLE', `Facebook gave more than ${EMPTY_PAGES_MAX} empty pages in a row`)
  const isAnew = state.restarts > 0
  const items = isAnew ? listing.items.filter((item) => !wasDelivered(state.delivered, placeOf(item))) : listing.items
  const next = {
    ...state,
    after: listing.next,
    sizes: isEmpty ? state.sizes : grow(state.sizes, wanted),
    empty_pages,
    delivered: addDelivered(state.delivered, items.map(placeOf)),
  }
  return { ...listing, items, next: listing.next === null ? null : next }
}

export const conversationPlace = ({ id, updated_time }: GraphConversation): ItemPlace => ({
  key: id,
  timeMs: graphTimeMs(updated_time),
})

export const messagePlace = ({ id, created_time }: GraphMessage): ItemPlace => ({
  key: id,
  timeMs: graphTimeMs(created_time),
})
