import type { DecisionContext } from '../../automations/incoming.ts'
import { replyWindowEndMs } from '../../model/reply-window.ts'
import type { KnownReply } from './automation-rows.ts'
import { type ContactRow, type ConversationRow, type PageRow, pageSettings } from './rows.ts'

export interface DecisionRows {
  readonly page: PageRow
  readonly conversation: ConversationRow
  /** Undefined where it was not needed, or is not there. */
  readonly contact: ContactRow | undefined
  /** Without the reply to the message at hand. */
  readonly replies: readonly KnownReply[]
  readonly isNew: boolean
  readonly nowMs: number
}

/** What a decision rests on, read off the rows. */
export function decisionContextOf(rows: DecisionRows): DecisionContext {
  const { page, conversation, contact, replies, isNew, nowMs } = rows
  const { timezone, automation_pause_minutes } = pageSettings(page)
  const { last_customer_ms: lastCustomerMs } = conversation
  return {
    nowMs,
    page: { name: page.name ?? '', timeZone: timezone },
    conversation: {
      isNew,
      mutedUntilMs: conversation.muted_until_ms,
      isBlocked: isPageBlocked(page),
      windowClosesMs: lastCustomerMs === null ? null : replyWindowEndMs(lastCustomerMs, false),
      lastPersonReplyMs: conversation.last_person_reply_ms ?? null,
      automaticReplies: replies.map(({ automation_id, part_id, at_ms }) => ({ automation_id, part_id, atMs: at_ms })),
    },
    contact: {
      name: contact?.name ?? conversation.participant_name,
      email: contact?.email ?? null,
      phone: contact?.phone ?? null,
    },
    pauseMinutes: automation_pause_minutes,
  }
}

/** Facebook blocked the page for its policies, and has not taken that back. */
export const isPageBlocked = ({ policy }: Pick<PageRow, 'policy'>): boolean => policy?.action === 'block'
