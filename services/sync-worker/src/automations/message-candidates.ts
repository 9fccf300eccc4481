import type { CompiledRules } from '@pagesync/shared/automations/compile-rules.ts'
import { decide } from '@pagesync/shared/automations/decide.ts'
import type { Decision } from '@pagesync/shared/automations/decision.ts'
import { answeredMessage } from '@pagesync/shared/automations/reply-ids.ts'
import { isCountedBy } from '@pagesync/shared/model/merge-conversation.ts'
import type { KnownReply } from '@pagesync/shared/store/repositories/automation-rows.ts'
import { decisionContextOf } from '@pagesync/shared/store/repositories/decision-context.ts'
import type { ContactRow, ConversationRow, MessageRow, PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { AppliedRows } from '../events/apply-events.ts'
import type { EventEffect } from '../events/event-effect.ts'

/** A person's message that a decision is due about. */
export interface MessageCandidate {
  readonly page: PageRow
  readonly message: MessageRow
  readonly conversation: ConversationRow
  readonly eventId: string
  readonly channel: 'messaging' | 'standby'
  readonly quickReplyPayload: string | null
  readonly answered: string
  /** Its batch was written before, so it may have been decided about before. */
  readonly isRepeated: boolean
}

/**
 * The messages of a batch that are told for the first time, by their place in the topic: a webhook that Facebook
 * repeats, a replay and a pull are told of what stands there already, and no decision follows from them.
 */
export function messageCandidates(
  effects: readonly EventEffect[],
  { messages, conversations }: Pick<AppliedRows, 'messages' | 'conversations'>,
): MessageCandidate[] {
  return effects.flatMap(({ event, page, position, message: told }) => {
    // A pressed button is the person's word, too: its title.
    if ((event.type !== 'facebook.message.received' && event.type !== 'facebook.postback') || !told) return []
    const message = messages.get(told.identity._id)?.after
    const conversation = message && conversations.get(message.conversation_key)
    if (!message || !conversation) return []
    if (message.log_partition !== position.partition || message.log_offset !== position.offset) return []
    const { before, after } = conversation
    return [
      {
        page,
        message,
        conversation: after,
        eventId: event.id,
        channel: event.channel === 'standby' ? 'standby' : 'messaging',
        quickReplyPayload:
          event.type === 'facebook.message.received' ? (event.raw.message.quick_reply?.payload ?? null) : null,
        answered: answeredMessage(message.mid),
        isRepeated: before !== null && isCountedBy(before, position),
      },
    ]
  })
}

export interface KnownOfConversation {
  readonly contact: ContactRow | undefined
  readonly replies: readonly KnownReply[]
}

/** The pure decision, asked with what the rows say. */
export function decideAbout(
  candidate: MessageCandidate,
  rules: CompiledRules,
  known: KnownOfConversation,
  nowMs: number,
): Decision {
  const { page, message, conversation, channel, quickReplyPayload, answered } = candidate
  return decide(
    rules,
    {
      // A send of ours that comes as a webhook would not be the person's word.
      origin: message.origin === 'sync' ? 'webhook' : message.origin,
      direction: message.direction,
      channel,
      isDeleted: message.deleted_ms !== undefined,
      isEdited: message.edited_ms !== undefined,
      createdMs: message.created_ms,
      arrivedMs: nowMs,
      text: message.text,
      quickReplyPayload,
    },
    decisionContextOf({
      page,
      conversation,
      contact: known.contact,
      replies: known.replies.filter((reply) => reply.answered !== answered),
      isNew: isFirstOf(conversation, message),
      nowMs,
    }),
  )
}

/** The person's first message, as far as we know: derived from the row, so a repeated batch finds the same. */
function isFirstOf({ first_customer, message_count_pull_stamp }: ConversationRow, message: MessageRow): boolean {
  // Where Facebook told how many messages there are, the first that we know of need not be the first there was.
  return first_customer?.mid === message.mid && message_count_pull_stamp === 0
}
