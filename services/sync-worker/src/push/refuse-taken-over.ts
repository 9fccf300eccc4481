import { isPaused } from '@pagesync/shared/automations/message-gates.ts'
import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { type ConversationRow, pageSettings } from '@pagesync/shared/store/repositories/rows.ts'
import type { OperationContext } from '../commands/operation.ts'

/**
 * An automation decides for a conversation in which nobody answered for a while; what it asked for may come much later.
 *
 * @throws AppError PERSON_TOOK_OVER
 */
export function refuseTakenOver(
  conversation: Pick<ConversationRow, 'last_person_reply_ms' | 'muted_until_ms'>,
  { command, page, clock }: Pick<OperationContext, 'command' | 'page' | 'clock'>,
): void {
  const now = clock.now()
  const { last_person_reply_ms: repliedMs = null, muted_until_ms: mutedUntilMs } = conversation
  // Facebook's time may be before ours of the decision, though we heard of it later: the pause itself holds, too.
  const answered =
    (repliedMs ?? 0) >= command.accepted_ms || isPaused(repliedMs, pageSettings(page).automation_pause_minutes, now)
  if (answered || (mutedUntilMs ?? 0) > now)
    throw new AppError('PERSON_TOOK_OVER', 'A person answered first, or muted the conversation')
}
