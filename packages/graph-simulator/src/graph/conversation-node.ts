import type { SimulatedPage } from '../world.ts'
import { requireScope } from './access.ts'
import { CONVERSATION_NODE } from './conversation-fields.ts'
import { GraphError } from './graph-error.ts'
import { type GraphContext, text } from './graph-request.ts'
import { MESSAGE_NODE } from './message-fields.ts'
import { detailedMessages, messagesEdge } from './messages-edge.ts'
import { messageOfId } from './people.ts'
import { selectFields } from './select-fields.ts'

const wantedOf = ({ world, request }: GraphContext) => {
  const fields = text(request, 'fields')
  return fields === undefined ? undefined : world.parseFields(fields)
}

/** `GET /{conversation-id}` */
export function readConversation(context: GraphContext, page: SimulatedPage, conversation: number) {
  requireScope(context, 'pages_messaging')
  const view = page.store.view(conversation)!
  return selectFields(CONVERSATION_NODE, { page, view }, wantedOf(context), context)
}

/** `GET /{conversation-id}/messages` */
export function readMessages(context: GraphContext, page: SimulatedPage, conversation: number) {
  requireScope(context, 'pages_messaging')
  const { request, world } = context
  const query = {
    limit: text(request, 'limit'),
    after: text(request, 'after'),
    before: text(request, 'before'),
    fieldsText: text(request, 'fields'),
    fields: wantedOf(context),
  }
  return messagesEdge(context, page, conversation, query, world.switches.maxMessagesPerPage)
}

/** Facebook's answer for a message that is gone, or behind the newest 20 where that rule holds. */
const deletedMessage = () =>
  new GraphError(9000001, '(#9000001) This Message has been deleted by the user or the business.')

/** `GET /{message-id}` */
export function readMessage(context: GraphContext, page: SimulatedPage, id: string) {
  requireScope(context, 'pages_messaging')
  const { conversation, message, serial } = messageOfId(page, id)!
  if (message.deleted) throw deletedMessage()
  if (detailedMessages(context, page, conversation)?.has(serial) === false) throw deletedMessage()
  return selectFields(MESSAGE_NODE, { page, conversation, message }, wantedOf(context), { graph: context, bare: false })
}
