/**
 * How much of a list is asked for at once, learned from Facebook's "reduce the amount of data". JSON; null: as much
 * as is wanted.
 */
export interface ListingSizes {
  readonly limit_cap: number | null
  /** Of the messages nested in each conversation. */
  readonly messages_cap: number | null
  /** Pages since the last change. */
  readonly good_pages: number
}

/** What is wanted at once. */
export interface WantedSizes {
  readonly limit: number
  /** 0 where none are nested. */
  readonly messagesLimit: number
}

export const UNCAPPED: ListingSizes = { limit_cap: null, messages_cap: null, good_pages: 0 }

/** Smaller is not asked for: five conversations with five messages each are refused for another reason. */
const SIZE_MIN = 5
const GOOD_PAGES = 5
const GROWTH = 1.25

export function sizesToAsk(sizes: ListingSizes, wanted: WantedSizes): WantedSizes {
  return {
    limit: Math.min(wanted.limit, sizes.limit_cap ?? wanted.limit),
    messagesLimit: Math.min(wanted.messagesLimit, sizes.messages_cap ?? wanted.messagesLimit),
  }
}

export function canShrink(asked: WantedSizes): boolean {
  return asked.limit > SIZE_MIN || asked.messagesLimit > SIZE_MIN
}

/** Half of what was refused: of the list first, of the nested messages once the list is as short as it gets. */
export function shrink(sizes: ListingSizes, asked: WantedSizes): ListingSizes {
  const half = (size: number): number => Math.max(SIZE_MIN, Math.floor(size / 2))
  if (asked.limit > SIZE_MIN) return { ...sizes, limit_cap: half(asked.limit), good_pages: 0 }
  return { ...sizes, messages_cap: half(asked.messagesLimit), good_pages: 0 }
}

/** A page was answered: after five in a row a quarter more, messages first, until nothing is held back. */
export function grow(sizes: ListingSizes, wanted: WantedSizes): ListingSizes {
  if (sizes.limit_cap === null && sizes.messages_cap === null) return UNCAPPED
  const good_pages = sizes.good_pages + 1
  if (good_pages < GOOD_PAGES) return { ...sizes, good_pages }
  const more = (cap: number, most: number): number | null => {
    const larger = Math.ceil(cap * GROWTH)
    return larger >= most ? null : larger
  }
  if (sizes.messages_cap !== null)
    return { ...sizes, messages_cap: more(sizes.messages_cap, wanted.messagesLimit), good_pages: 0 }
  return { ...sizes, limit_cap: more(sizes.limit_cap ?? wanted.limit, wanted.limit), good_pages: 0 }
}
