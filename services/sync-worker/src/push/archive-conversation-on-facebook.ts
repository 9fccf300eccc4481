import type { Operation } from '../commands/operation.ts'
import { commandsConversation } from '../sync/find-conversation.ts'
import { askedAt, stepConversation } from './conversation-state.ts'
import { mirrorLabel } from './mirror-label.ts'

/** Archives a conversation here, and shows that at Facebook as a label where the page wants it and Facebook allows it. */
export const archiveConversationOnFacebook: Operation = async (context) => {
  const conversation = await commandsConversation(context)
  const row = await stepConversation(
    conversation._id,
    [{ kind: 'status', status: 'archived', stamp: askedAt(context.command) }],
    context,
  )
  const message = 'Conversation archived'
  // Whatever came after the request wins, such as the person's next message.
  if (row.status !== 'archived') return { result: { message, outcome: 'applied_local_only', reason: 'superseded' } }
  return { result: { message, ...(await mirrorLabel(row, 'archived', true, context)) } }
}

/** Opens an archived conversation again; the label comes off. */
export const unarchiveConversationOnFacebook: Operation = async (context) => {
  const conversation = await commandsConversation(context)
  const { because } = context.command.arguments
  const row =
    // The person's message has opened it already: only the label is left to take off.
    because === 'customer_wrote'
      ? conversation
      : await stepConversation(
          conversation._id,
          [{ kind: 'status', status: 'open', stamp: askedAt(context.command) }],
          context,
        )
  const message = 'Conversation unarchived'
  if (row.status === 'archived') return { result: { message, outcome: 'applied_local_only', reason: 'superseded' } }
  return { result: { message, ...(await mirrorLabel(row, 'archived', false, context)) } }
}
