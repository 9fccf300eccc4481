import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { ConversationRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { Operation, OperationContext } from '../commands/operation.ts'
import { commandsConversation } from './find-conversation.ts'
import { type PulledConversation, writePulled } from './write-pulled.ts'

/** What Facebook says of one conversation now: reads and moves between folders leave no other trace. */
export const syncConversationStatusFromFacebook: Operation = async (context) => {
  const conversation = await commandsConversation(context)
  const { thread, requestedAtMs, droppedFields } = await readThread(conversation, context)
  const rows = await writePulled(
    [{ thread, folder: undefined, messages: [], messagesEnd: 'not-asked', requestedAtMs, droppedFields }],
    context,
  )
  const row = rows.conversations.get(conversation._id)?.after ?? conversation
  return {
    result: {
      unread_count: row.unread_count,
      message_count: row.message_count,
      can_reply: row.can_reply,
      folder: row.folder,
      status: row.status,
      synced_at: new Date(requestedAtMs).toISOString(),
    },
  }
}

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
