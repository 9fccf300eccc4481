import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { type GraphMessage, graphTimeMs } from '@pagesync/shared/graph/graph-shapes.ts'
import { canonicalMid } from '@pagesync/shared/model/message-id.ts'
import { pullStamp } from '@pagesync/shared/model/stamp.ts'
import { conversationKey, messageKey } from '@pagesync/shared/store/repositories/rows.ts'
import type { OperationContext } from '../commands/operation.ts'
import { messageKnowledge } from '../sync/pulled-knowledge.ts'
import type { SendPart } from './send-state.ts'
import type { OpenCall } from './settle-calling.ts'

/** Why nothing could be said. */
type Undecided = 'unreadable' | 'several_candidates'

/** What tells a message from another: without one of them nothing can be said. */
const COMPARED = ['from', 'message', 'created_time', 'attachments']
const MESSAGES_READ = 100
/** Facebook's times have whole seconds, and its clock is not ours. */
const CLOCK_LEEWAY_MS = 5_000

/**
 * Looks at Facebook for the message of a call whose answer was lost: exactly one message of the page, created since
 * the call, with the same content, that belongs to no other send and to nobody who wrote it elsewhere. This rests on
 * Facebook showing its own writes when it is read.
 */
export async function findSentMessage(
  { part, reference, calling, delivery }: OpenCall,
  context: OperationContext,
): Promise<{ readonly mid: string; readonly atMs: number } | 'absent' | Undecided> {
  // Who wrote the comment is no person whose conversation could be named; Facebook itself allows one answer only.
  if ('comment_id' in delivery.recipient) return 'absent'
  const sinceMs = Math.floor(calling.first_called_ms / 1_000) * 1_000 - CLOCK_LEEWAY_MS
  const read = await readSince(delivery.recipient.id, sinceMs, context)
  if (read === null) return 'unreadable'
  const same = read.filter((message) => isSame(message, part, sinceMs, context))
  const keyOf = (message: GraphMessage): string => messageKey(context.page.id, canonicalMid(message.id))
  const stored = new Map((await context.synced.messages.getMany(same.map(keyOf))).map((row) => [row._id, row]))
  // A stored one that Facebook told of by an echo without our reference was written elsewhere.
  const free = same.filter((message) => {
    const row = stored.get(keyOf(message))
    return row === undefined || row.metadata === reference || (row.metadata === undefined && row.event_id === undefined)
  })
  const candidates = free.filter((message) => stored.get(keyOf(message))?.metadata === reference)
  const [found, ...others] = candidates.length > 0 ? candidates : free
  if (!found) return 'absent'
  if (others.length > 0) return 'several_candidates'
  return { mid: found.id, atMs: graphTimeMs(found.created_time) ?? calling.called_ms }
}

/** The conversation's newest messages, down to that time; null where they cannot be read so far. */
async function readSince(psid: string, sinceMs: number, context: OperationContext): Promise<GraphMessage[] | null> {
  const { graph, synced, page, connected, signal, logger } = context
  if (!connected) return null
  try {
    const [row] = await synced.conversations.getMany([conversationKey(page.id, psid)])
    const threadId =
      row?.thread_ids[0] ?? (await graph.conversations({ userId: psid, limit: 1, messagesLimit: 0 })).items[0]?.id
    // No thread: nothing was ever said to this person.
    if (threadId === undefined) return []
    const { items, next, droppedFields } = await graph.messages(threadId, { limit: MESSAGES_READ })
    if (COMPARED.some((field) => droppedFields.includes(field))) return null
    const oldestMs = items.reduce((ms, message) => Math.min(ms, graphTimeMs(message.created_time) ?? 0), Infinity)
    return next === null || oldestMs < sinceMs ? [...items] : null
  } catch (error) {
    if (signal.aborted || !(error instanceof AppError)) throw error
    logger.warn({ err: error, code: error.code }, 'conversation could not be read to settle a send')
    return null
  }
}

function isSame(message: GraphMessage, part: SendPart, sinceMs: number, { page }: OperationContext): boolean {
  if (message.from?.id !== page.facebook_page_id || (graphTimeMs(message.created_time) ?? 0) < sinceMs) return false
  const read = messageKnowledge(message, page.facebook_page_id, pullStamp(0))
  if (read.kind !== 'detail') return false
  const types = (read.attachments ?? []).map(({ type }) => type)
  return read.text === part.text && types.join() === part.attachmentTypes.join()
}
