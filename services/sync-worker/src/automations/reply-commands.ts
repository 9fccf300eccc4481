import type { AutomationType } from '@pagesync/shared/automations/automation.ts'
import type { CommentReply } from '@pagesync/shared/automations/decide-comment.ts'
import type { ReplyAction } from '@pagesync/shared/automations/decision.ts'
import { replyCommandId } from '@pagesync/shared/automations/reply-ids.ts'
import type { NewCommand } from '@pagesync/shared/model/command-row.ts'
import type { ReplyPart } from '@pagesync/shared/store/repositories/automation-rows.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { CommentCandidate } from './comment-candidates.ts'
import type { MessageCandidate } from './message-candidates.ts'

/** An answer that comes later than this after it should have is no answer any more. */
const EXPIRES_AFTER_MS = 600_000

const PARTS: Partial<Record<AutomationType, ReplyPart>> = {
  custom_keyword: 'keyword',
  faq: 'faq',
  instant_reply: 'instant_reply',
}

/** The send that a decision asks for. Its id is of the message alone; which rule answers is among its arguments. */
export function replyCommand(candidate: MessageCandidate, action: ReplyAction, nowMs: number): NewCommand {
  const { page, conversation, message, answered } = candidate
  const part = PARTS[action.kind]
  return {
    ...common(page, answered, action, nowMs),
    conversationKey: conversation._id,
    type: 'message.send',
    arguments: {
      message: action.text,
      ...(action.template === undefined ? {} : { template: action.template }),
      ...(action.quick_replies.length > 0 ? { quick_replies: action.quick_replies } : {}),
      messaging_type: 'RESPONSE',
      automation_id: action.automation_id,
      automation_type: action.kind,
      answered_mid: message.mid,
      ...(part && action.part_id !== null ? { part, part_id: action.part_id } : {}),
    },
  }
}

export function commentReplyCommand(candidate: CommentCandidate, action: CommentReply, nowMs: number): NewCommand {
  const { page, comment, answered, conversationKey } = candidate
  return {
    ...common(page, answered, action, nowMs),
    conversationKey,
    type: 'comment.private_reply',
    arguments: { comment_id: comment.comment_id, message: action.text, automation_id: action.automation_id },
  }
}

function common(
  page: PageRow,
  answered: string,
  { automation_id, delay_seconds }: Pick<ReplyAction, 'automation_id' | 'delay_seconds'>,
  nowMs: number,
) {
  const notBeforeMs = nowMs + delay_seconds * 1_000
  return {
    commandId: replyCommandId(page.id, answered),
    tenantId: page.tenant_id,
    pageId: page.id,
    facebookPageId: page.facebook_page_id,
    requestedBy: { kind: 'automation', id: String(automation_id) },
    trigger: 'webhook',
    notBeforeMs,
    expiresMs: notBeforeMs + EXPIRES_AFTER_MS,
  } as const
}
