import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { ConversationRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { OperationContext } from '../commands/operation.ts'

/** @throws AppError CONVERSATION_NOT_FOUND */
export async function commandsConversation({ synced, command }: OperationContext): Promise<ConversationRow> {
  const [row] = command.conversation_key === null ? [] : await synced.conversations.getMany([command.conversation_key])
  if (!row) throw new AppError('CONVERSATION_NOT_FOUND', 'The conversation is not there any more')
  return row
}

/**
 * Facebook's thread ids of a conversation. One that we know from webhooks alone has none yet: webhooks name the
 * person only, so Facebook is asked for the thread with them.
 */
export async function threadIdsOf(
  conversation: ConversationRow,
  { graph }: OperationContext,
): Promise<readonly string[]> {
  if (conversation.thread_ids.length > 0 || conversation.psid === null) return conversation.thread_ids
  const { items } = await graph.conversations({ userId: conversation.psid, limit: 10, messagesLimit: 0 })
  return items.map(({ id }) => id)
}
