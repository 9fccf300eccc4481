import { type ConversationState, compareKeys, type ListingKey } from './conversation-state.ts'
import type { Folder, GeneratedConversations } from './generated-conversation.ts'

export interface ListingQuery {
  readonly folder: Folder
  /** Start behind this place; from the newest when undefined. */
  readonly after?: ListingKey
  readonly limit: number
  /** Leaves out what this says no to. */
  readonly accept?: (conversation: number, updatedAt: number) => boolean
}

export interface ListedConversation extends ListingKey {
  readonly number: number
}

/**
 * The order of a page's conversations. Untouched ones follow from their number; touched ones stand in an array by
 * time. Most changes are new messages, so they go to its end and leave a hole behind, which is closed now and then.
 */
export function createConversationListing(generated: GeneratedConversations) {
  const states = new Map<number, ConversationState>()
  const positions = new Map<number, number>()
  let touched: (ConversationState | undefined)[] = []
  let holes = 0
  let lastTie = 0

  const compact = () => {
    touched = touched.filter((state) => state !== undefined)
    holes = 0
    touched.forEach((state, position) => {
      positions.set(state!.number, position)
    })
  }

  const takeOut = (state: ConversationState) => {
    const position = positions.get(state.number)
    if (position === undefined) return
    touched[position] = undefined
    positions.delete(state.number)
    holes++
  }

  const putIn = (state: ConversationState) => {
    if (holes > 64 && holes > touched.length / 2) compact()
    const last = touched.at(-1)
    if (touched.length === 0 || (last !== undefined && compareKeys(last, state) < 0)) {
      positions.set(state.number, touched.length)
      touched.push(state)
      return
    }
    compact()
    const position = touchedBelow(state)
    touched.splice(position, 0, state)
    for (let i = position; i < touched.length; i++) positions.set(touched[i]!.number, i)
  }

  /** How many touched places lie strictly below `key`; holes take the word of their neighbour. */
  const touchedBelow = (key: ListingKey): number => {
    let low = 0
    let high = touched.length
    while (low < high) {
      const middle = (low + high) >>> 1
      let probe = middle
      while (probe < high && touched[probe] === undefined) probe++
      if (probe === high) high = middle
      else if (compareKeys(touched[probe]!, key) < 0) low = probe + 1
      else high = middle
    }
    return low
  }

  const list = ({ folder, after, limit, accept }: ListingQuery): ListedConversation[] => {
    const found: ListedConversation[] = []
    let next = generated.holdsFolder(folder) ? firstGenerated(after) : generated.count
    let below = after === undefined ? touched.length : touchedBelow(after)
    while (found.length < limit) {
      while (next < generated.count && (states.has(next) || generated.folder(next) !== folder)) next++
      while (below > 0 && !isListed(touched[below - 1], folder)) below--
      const old =
        next < generated.count ? { number: next, updatedAt: generated.updatedAt(next), tie: -next } : undefined
      const moved = below > 0 ? touched[below - 1] : undefined
      if (old === undefined && moved === undefined) break
      const takeMoved = moved !== undefined && (old === undefined || compareKeys(moved, old) > 0)
      const taken = takeMoved ? moved : old!
      if (takeMoved) below--
      else next++
      if (accept === undefined || accept(taken.number, taken.updatedAt)) {
        found.push({ number: taken.number, updatedAt: taken.updatedAt, tie: taken.tie })
      }
    }
    return found
  }

  const isListed = (state: ConversationState | undefined, folder: Folder) =>
    state !== undefined && !state.removed && state.folder === folder

  const firstGenerated = (after: ListingKey | undefined): number => {
    if (after === undefined) return 0
    let first = generated.firstNotAfter(after.updatedAt)
    // A generated conversation ties with minus its number; a touched one comes before all generated of its time.
    while (first < generated.count && compareKeys({ updatedAt: generated.updatedAt(first), tie: -first }, after) >= 0)
      first++
    return first
  }

  return {
    list,
    state: (conversation: number) => states.get(conversation),
    /** Brings a conversation under the listing's care; its key is taken from it. */
    adopt(state: ConversationState) {
      states.set(state.number, state)
      putIn(state)
    },
    /** Puts a conversation in front of all others of its time. */
    moveTo(state: ConversationState, updatedAt: number) {
      takeOut(state)
      state.updatedAt = updatedAt
      state.tie = ++lastTie
      putIn(state)
    },
    states: () => states.values(),
    touchedCount: () => states.size,
  }
}
