import { messagePlace, readListingPage } from '@pagesync/shared/graph/read-listing-page.ts'
import type { OperationContext } from '../commands/operation.ts'
import { isFinalForPart } from './is-final-for-part.ts'
import { newestMs, reachesKnown } from './message-times.ts'
import { type Deeper, ERRORS_MAX, type WalkState } from './walk-state.ts'
import { markComplete, writePulledMessages } from './write-pulled.ts'

const MESSAGES_PER_PAGE = 100

/** The next page of messages of the first conversation that has more than came with its listing. */
export async function pullDeeper(state: WalkState, context: OperationContext): Promise<WalkState> {
  const [first, ...others] = state.deeper
  if (!first) return state
  try {
    const { messages, rest } = await pullPage(first, context)
    return {
      ...state,
      deeper: rest ? [rest, ...others] : others,
      counts: { ...state.counts, messages: state.counts.messages + messages },
      listed: state.listed.map((each) =>
        each.key === first.key ? { ...each, messages: each.messages + messages } : each,
      ),
    }
  } catch (error) {
    if (!isFinalForPart(error)) throw error
    const failed = { thread_id: first.thread_id, key: first.key, code: error.code, message: error.message }
    return { ...state, deeper: others, errors: [...state.errors, failed].slice(0, ERRORS_MAX) }
  }
}

async function pullPage(
  deeper: Deeper,
  context: OperationContext,
): Promise<{ readonly messages: number; readonly rest: Deeper | null }> {
  const rules = { limit: MESSAGES_PER_PAGE, placeOf: messagePlace }
  const list = await readListingPage(deeper.listing, rules, (ask) => context.graph.messages(deeper.thread_id, ask))
  const rows = await writePulledMessages(deeper.key, list.items, list.requestedAtMs, context, { areNewest: false })
  const newest = deeper.newest_ms ?? newestMs(list.items)
  if (list.next !== null && !reachesKnown(list.items, deeper.known_up_to_ms))
    return { messages: rows.size, rest: { ...deeper, listing: list.next, newest_ms: newest } }
  if (newest !== null) await markComplete(deeper.key, newest, context)
  return { messages: rows.size, rest: null }
}
