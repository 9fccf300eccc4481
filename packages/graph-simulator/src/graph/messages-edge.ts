import type { SimulatedPage } from '../world.ts'
import { decodeCursor, encodeCursor, invalidCursor } from './cursor.ts'
import type { WantedField } from './field-selection.ts'
import { tooMuchData } from './graph-error.ts'
import { type GraphContext, limitOf, refusePagingBack } from './graph-request.ts'
import { MESSAGE_NODE } from './message-fields.ts'
import { pageUrl } from './paging.ts'
import { selectFields } from './select-fields.ts'

const DEFAULT_LIMIT = 25

export interface EdgeQuery {
  readonly limit?: string
  readonly after?: string
  readonly before?: string
  /** As text, to be repeated in `paging.next`. */
  readonly fieldsText?: string
  readonly fields?: readonly WantedField[]
}

/** One page of a conversation's messages, newest first: an answer of its own, or nested in another one. */
export function messagesEdge(
  context: GraphContext,
  page: SimulatedPage,
  conversation: number,
  query: EdgeQuery,
  maximum: number,
) {
  const { switches } = context.world
  refusePagingBack(query.before)
  const asked = limitOf(query.limit, DEFAULT_LIMIT)
  if (asked > maximum && switches.oversizedLimit === 'refuse') throw tooMuchData(99)
  const limit = Math.min(asked, maximum)
  const after = query.after === undefined ? undefined : serialOf(query.after, conversation, context.world.cursorAge)
  const hideDeleted = switches.deletedMessages === 'hidden'
  const found = page.store.readMessages(conversation, { after, limit: limit + 1, hideDeleted })
  if (found === undefined) throw invalidCursor()
  const shown = found.slice(0, limit)
  context.tally.messages += shown.length
  if (context.tally.messages > switches.maxMessagesPerAnswer) throw tooMuchData()

  const bareFrom = detailedMessages(context, page, conversation)
  const data = shown.map((message) =>
    selectFields(MESSAGE_NODE, { page, conversation, message }, query.fields, {
      graph: context,
      bare: bareFrom?.has(message.serial) === false,
    }),
  )
  if (shown.length === 0) return { data }
  const cursors = {
    before: encodeCursor(context.world.cursorAge, conversation, shown[0]!.serial),
    after: encodeCursor(context.world.cursorAge, conversation, shown.at(-1)!.serial),
  }
  const more = found.length > limit || (switches.trailingNext && shown.length === limit)
  if (!more) return { data, paging: { cursors } }
  const path = `t_${page.store.ids.threads.encode(conversation)}/messages`
  const next = pageUrl(context, path, { fields: query.fieldsText, limit: String(limit), after: cursors.after })
  return { data, paging: { cursors, next } }
}

/** Serials of the messages that still have details; undefined when all have. */
export function detailedMessages(
  { world }: GraphContext,
  page: SimulatedPage,
  conversation: number,
): Set<number> | undefined {
  const { detailLimit } = world.switches
  if (detailLimit === 0) return undefined
  const newest = page.store.readMessages(conversation, { limit: detailLimit, hideDeleted: false }) ?? []
  return new Set(newest.map((message) => message.serial))
}

function serialOf(cursor: string, conversation: number, age: number): number {
  const [place, serial] = decodeCursor(cursor, age, 2)
  if (place !== conversation) throw invalidCursor()
  return serial!
}
