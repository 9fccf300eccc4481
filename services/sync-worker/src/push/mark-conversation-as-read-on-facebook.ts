import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { Operation, OperationContext } from '../commands/operation.ts'
import { commandsConversation } from '../sync/find-conversation.ts'
import { readThread } from '../sync/sync-conversation-status-from-facebook.ts'
import { writePulled } from '../sync/write-pulled.ts'
import { isRefusal } from './mirror-label.ts'
import { untilExpired } from './until-expired.ts'

/**
 * Tells the person that the page has seen the conversation. Whether that lowers Facebook's own unread count is not
 * documented: it is read back, and the count here is what Facebook says then.
 */
export const markConversationAsReadOnFacebook: Operation = async (context) => {
  const conversation = await commandsConversation(context)
  if (conversation.psid === null)
    throw new AppError('NOT_SUPPORTED_BY_FACEBOOK', 'Only a conversation with exactly one person can be marked as read')
  const { psid } = conversation
  await untilExpired(context, (guard) => context.writes.markSeen(psid, guard))
  const isVerified = await readBack(context)
  const { unread_count } = await commandsConversation(context)
  return {
    result: {
      message: 'Conversation marked as read',
      outcome: isVerified && unread_count === 0 ? 'applied_remote' : 'applied_remote_unverified',
      unread_count,
    },
  }
}

/** False where Facebook does not let us see it. */
async function readBack(context: OperationContext): Promise<boolean> {
  try {
    const { thread, requestedAtMs, droppedFields } = await readThread(await commandsConversation(context), context)
    await writePulled(
      [{ thread, folder: undefined, messages: [], messagesEnd: 'not-asked', requestedAtMs, droppedFields }],
      context,
    )
    return !droppedFields.includes('unread_count')
  } catch (error) {
    if (!isRefusal(error)) throw error
    return false
  }
}
