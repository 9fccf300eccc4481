import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { pullStamp } from '@pagesync/shared/model/stamp.ts'
import type { ConversationRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { Operation, OperationContext } from '../commands/operation.ts'
import { labelMeaning } from '../events/label-meaning.ts'
import { stepConversation } from '../push/conversation-state.ts'
import { commandsConversation } from './find-conversation.ts'
import { type PulledConversation, writePulled } from './write-pulled.ts'

/**
 * What Facebook says of one conversation now, its labels included: reads and moves between folders leave no other
 * trace, and a label may have been put on while no webhook came.
 */
export const syncConversationStatusFromFacebook: Operation = async (context) => {
  const conversation = await commandsConversation(context)
  const { thread, requestedAtMs, droppedFields } = await readThread(conversation, context)
  const rows = await writePulled(
    [{ thread, folder: undefined, messages: [], messagesEnd: 'not-asked', requestedAtMs, droppedFields }],
    context,
  )
  const pulled = rows.conversations.get(conversation._id)?.after ?? conversation
  const row = await pullLabels(pulled, context)
  return {
    result: {
      unread_count: row.unread_count,
      message_count: row.message_count,
      can_reply: row.can_reply,
      folder: row.folder,
      status: row.status,
      labels: row.labels,
      synced_at: new Date(requestedAtMs).toISOString(),
    },
  }
}

/** Labels are shown only to pages that accepted Facebook's terms for them: a refusal leaves what is known. */
async function pullLabels(row: ConversationRow, context: OperationContext): Promise<ConversationRow> {
  if (row.psid === null) return row
  const stamp = pullStamp(context.clock.now())
  let listed: readonly string[]
  try {
    listed = await context.writes.labelsOf(row.psid)
  } catch (error) {
    if (error instanceof AppError && LABELS_REFUSED.has(error.code)) return row
    throw error
  }
  const names = new Set([...row.labels, ...listed])
  const steps = [...names].map((name) => ({
    kind: 'label' as const,
    name,
    on: listed.includes(name),
    means: labelMeaning(name, context.page),
    stamp,
    pulled: true as const,
  }))
  return steps.length === 0 ? row : stepConversation(row._id, steps, context)
}

const LABELS_REFUSED: ReadonlySet<string> = new Set([
  'PERMISSION_MISSING',
  'FACEBOOK_REJECTED',
  'FACEBOOK_OBJECT_GONE',
  'RECIPIENT_UNAVAILABLE',
])

export async function readThread(
  conversation: ConversationRow,
  { graph }: OperationContext,
): Promise<Pick<PulledConversation, 'thread' | 'requestedAtMs' | 'droppedFields'>> {
  const [threadId] = conversation.thread_ids
  if (threadId !== undefined) {
    const { conversation: thread, requestedAtMs, droppedFields } = await graph.conversation(threadId)
    return { thread, requestedAtMs, droppedFields }
  }
  if (conversation.psid !== null) {
    const { items, requestedAtMs, droppedFields } = await graph.conversations({
      userId: conversation.psid,
      limit: 1,
      messagesLimit: 0,
    })
    const [thread] = items
    if (thread) return { thread, requestedAtMs, droppedFields }
  }
  throw new AppError('FACEBOOK_OBJECT_GONE', 'Facebook lists no conversation with this person')
}
