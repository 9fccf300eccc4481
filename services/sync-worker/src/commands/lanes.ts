import { ACCEPTED_GRACE_MS } from '@pagesync/shared/model/command-row.ts'
import { type CommandRow, conversationKey, type Lane } from '@pagesync/shared/store/repositories/rows.ts'

/** Pushes of one page that run at the same time. */
const PUSHES_MAX = 8
/** So many commands that are due later are looked at for sends that hold others back. */
export const HELD_MAX = 1_000

export interface Lanes {
  isRunning(row: CommandRow): boolean
  hasRoomFor(row: CommandRow): boolean
  /** Answers what is to be called at its end. */
  enter(row: CommandRow): () => void
}

export const LANES: readonly Lane[] = ['push', 'pull', 'sync', 'name']

/**
 * Which commands of a page run side by side: of pulls and of syncs one at a time; of pushes several, but one at a time
 * for each conversation, and for the page itself. Names are asked for in the place of a sync, which brings them as well.
 */
export function createLanes(): Lanes {
  const running = new Set<string>()
  const taken = new Set<string>()
  let pushes = 0
  return {
    isRunning: ({ _id }) => running.has(_id),
    hasRoomFor: (row) =>
      !running.has(row._id) && !taken.has(placeOf(row)) && (row.lane !== 'push' || pushes < PUSHES_MAX),
    enter(row) {
      const place = placeOf(row)
      running.add(row._id)
      taken.add(place)
      if (row.lane === 'push') pushes++
      return () => {
        running.delete(row._id)
        taken.delete(place)
        if (row.lane === 'push') pushes--
      }
    },
  }
}

function placeOf(row: CommandRow): string {
  if (row.lane === 'push') return `push ${conversationOf(row) ?? ''}`
  return row.lane === 'name' ? 'sync' : row.lane
}

/** A send may name the person alone. */
export function conversationOf({ conversation_key, page_id, arguments: { recipient_id } }: CommandRow): string | null {
  if (conversation_key !== null) return conversation_key
  return typeof recipient_id === 'string' ? conversationKey(page_id, recipient_id) : null
}

export const isSend = (row: CommandRow): boolean => row.type === 'message.send'

/** For each conversation when the earliest of its sends was accepted that must go out first. */
export type HeldConversations = ReadonlyMap<string, number>
export const NONE: HeldConversations = new Map()

/**
 * Sends of one conversation go out in the order of acceptance: one that waits to be tried again holds the later ones.
 * An unconfirmed one holds none, nor does one that was asked for a later time.
 */
export function heldConversations(dueLater: readonly CommandRow[]): HeldConversations {
  const held = new Map<string, number>()
  for (const row of dueLater) {
    const key = conversationOf(row)
    if (key === null || !isSend(row) || !holds(row)) continue
    held.set(key, Math.min(held.get(key) ?? row.accepted_ms, row.accepted_ms))
  }
  return held
}

function holds({ state, due_ms, accepted_ms, attempts }: CommandRow): boolean {
  if (state === 'unconfirmed') return false
  if (state === 'running' || state === 'waiting') return true
  return attempts > 0 || (due_ms ?? 0) <= accepted_ms + ACCEPTED_GRACE_MS
}

export function isHeld(row: CommandRow, held: HeldConversations): boolean {
  const key = isSend(row) ? conversationOf(row) : null
  const earliest = key === null ? undefined : held.get(key)
  return earliest !== undefined && earliest < row.accepted_ms
}

/** Sends in the order of acceptance, however often one was tried; all else as it is due, names last. */
export function inOrder(due: readonly CommandRow[]): CommandRow[] {
  const time = (row: CommandRow): number => (isSend(row) ? row.accepted_ms : (row.due_ms ?? 0))
  const isName = (row: CommandRow): number => Number(row.lane === 'name')
  return due.toSorted((a, b) => isName(a) - isName(b) || time(a) - time(b))
}
