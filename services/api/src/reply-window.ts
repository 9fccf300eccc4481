import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { ConversationRow } from '@pagesync/shared/store/repositories/rows.ts'
import { replyWindow } from './views/conversation.ts'

type Known = Pick<ConversationRow, 'last_customer_ms'>

/**
 * The refusal of a message that Facebook is known to refuse. A conversation of which we know no word of the person is
 * left to Facebook: its history may not be here yet.
 */
export function windowRefusal(conversation: Known, isHuman: boolean, nowMs: number): AppError | null {
  if (conversation.last_customer_ms === null) return null
  const { kind } = replyWindow(conversation.last_customer_ms, nowMs)
  if (kind === 'standard' || (kind === 'human_agent' && isHuman)) return null
  const message =
    kind === 'human_agent'
      ? 'The person wrote more than 24 hours ago: only a person may answer, with the tag HUMAN_AGENT'
      : 'The person wrote more than 7 days ago: Facebook takes no answer until they write again'
  return new AppError('MESSAGE_WINDOW_CLOSED', message, { status: 409 })
}
