import { mergeCounted } from '@pagesync/shared/counting/merge-counted.ts'
import { askedByPerson } from '@pagesync/shared/model/asked-by-person.ts'
import type { ConversationStep } from '@pagesync/shared/model/merge-conversation.ts'
import {
  type ConversationDraft,
  mergeConversation,
  newConversation,
} from '@pagesync/shared/model/merge-conversation.ts'
import { type MessageDetail, mergeMessage } from '@pagesync/shared/model/merge-message.ts'
import { canonicalMid } from '@pagesync/shared/model/message-id.ts'
import { pullStamp } from '@pagesync/shared/model/stamp.ts'
import type { Draft } from '@pagesync/shared/store/merge-rows.ts'
import {
  type ConversationRow,
  conversationKey,
  type MessageRow,
  messageKey,
} from '@pagesync/shared/store/repositories/rows.ts'
import type { OperationContext } from '../commands/operation.ts'
import { snippetOf } from '../events/snippet.ts'
import { changesOfPull } from '../sync/changes-of-pull.ts'
import type { SentPart } from './deliver-parts.ts'

/**
 * Writes a message that was sent, merged by Facebook's id with its echo in either order, and what it means for its
 * conversation. Repeating it changes and announces the same. What was on its way to somebody who was erased meanwhile
 * is not kept.
 */
export async function recordSentMessage(
  { part, reference, atMs }: SentPart,
  mid: string,
  psid: string,
  context: OperationContext,
): Promise<void> {
  const { page, command, clock, keepOut } = context
  if (await keepOut.isErased(page, psid)) return
  const key = conversationKey(page.id, psid)
  const automationId = command.arguments.automation_id
  const detail: MessageDetail = {
    kind: 'detail',
    stamp: pullStamp(atMs),
    origin: 'send',
    direction: 'out',
    from_id: page.facebook_page_id,
    text: part.text,
    created_ms: atMs,
    metadata: reference,
    ...(part.attachments.length > 0 ? { attachments: part.attachments } : {}),
    ...(typeof automationId === 'number' ? { automation_id: automationId } : {}),
  }
  const messages = await mergeSent(mid, key, detail, context)
  const row = messages.get(messageKey(page.id, canonicalMid(mid)))?.after
  if (!row) return
  const conversations = await mergeConversationOf(row, psid, detail.stamp, context)
  const changes = changesOfPull({ messages, conversations, contacts: new Map() }, page, command.command_id, clock.now())
  await context.announce(changes.map((change) => ({ ...change, origin: 'live' as const })))
}

function mergeSent(mid: string, key: string, detail: MessageDetail, context: OperationContext) {
  const { synced, counting, page, command, signal } = context
  const id = messageKey(page.id, canonicalMid(mid))
  const identity = { _id: id, tenant_id: page.tenant_id, page_id: page.id, conversation_key: key, mid }
  return mergeCounted<MessageRow, MessageDetail>(counting, 'message', {
    collection: synced.messages,
    incoming: new Map([[id, [detail]]]),
    expect: 'new',
    signal,
    fold: (row) => {
      const after = mergeMessage(row, detail, identity) as Draft<MessageRow>
      // Only who makes the row tells of its creation: the echo did, where it was first.
      return row === null ? { ...after, written_by: command.command_id } : after
    },
  })
}

function mergeConversationOf(message: MessageRow, psid: string, stamp: number, context: OperationContext) {
  const { synced, counting, page, command, clock, signal } = context
  const step: ConversationStep = {
    kind: 'message',
    stamp,
    mid: message.mid,
    direction: 'out',
    snippet: snippetOf(message),
    created_ms: message.created_ms,
    automatic: message.automation_id !== undefined,
    by_person: askedByPerson(command),
    // Counted by its echo, or by the next pull.
    first_told: null,
  }
  return mergeCounted<ConversationRow, ConversationStep>(counting, 'conversation', {
    collection: synced.conversations,
    incoming: new Map([[message.conversation_key, [step]]]),
    expect: 'existing',
    signal,
    fold: (row, _steps, key) => {
      const known: ConversationDraft =
        row ?? newConversation({ _id: key, tenant_id: page.tenant_id, page_id: page.id, psid }, null, clock.now())
      const after = mergeConversation(known, step)
      return (after === row ? row : { ...after, written_by: command.command_id }) as Draft<ConversationRow>
    },
  })
}
