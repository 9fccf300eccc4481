import { isPaused } from '@pagesync/shared/automations/message-gates.ts'
import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { PrivateReplyArguments, SendArguments } from '@pagesync/shared/model/command-arguments.ts'
import { canonicalMid } from '@pagesync/shared/model/message-id.ts'
import type { RuleRow } from '@pagesync/shared/store/repositories/automation-rows.ts'
import { isPageBlocked } from '@pagesync/shared/store/repositories/decision-context.ts'
import { type ConversationRow, commentKey, messageKey, pageSettings } from '@pagesync/shared/store/repositories/rows.ts'
import type { OperationContext } from '../commands/operation.ts'

/**
 * What an automation asked for may come a day after it was decided: what the decision rested on is looked at again. What
 * others ask for is theirs to call off.
 *
 * @throws AppError POLICY_BLOCKED; AUTOMATION_CALLED_OFF; PERSON_TOOK_OVER
 */
export async function refuseCalledOff(context: OperationContext): Promise<void> {
  const { command, page, synced } = context
  if (command.requested_by.kind !== 'automation') return
  if (isPageBlocked(page)) throw new AppError('POLICY_BLOCKED', 'Facebook blocked the page meanwhile')
  const key = command.conversation_key
  const [[conversation], isOn, isThere] = await Promise.all([
    key === null ? [] : synced.conversations.getMany([key]),
    isRuleOn(context),
    isAnsweredThere(context),
  ])
  if (!isOn)
    throw new AppError('AUTOMATION_CALLED_OFF', 'The automation, or what of it answers, was turned off or deleted')
  if (!isThere) throw new AppError('AUTOMATION_CALLED_OFF', 'What it answers was deleted')
  if (conversation && isTakenOver(conversation, context))
    throw new AppError('PERSON_TOOK_OVER', 'A person answered first, or muted the conversation')
}

type Answering = Partial<
  Pick<SendArguments, 'automation_id' | 'answered_mid' | 'part' | 'part_id'> & PrivateReplyArguments
>

const PARTS = { keyword: 'keywords', instant_reply: 'instantReplies', faq: 'faqs' } as const

/** The automation, and the keyword, FAQ or instant reply that was chosen; what it says by now does not matter. */
async function isRuleOn({ command, page, automations }: OperationContext): Promise<boolean> {
  const { automation_id: id, part, part_id: partId } = command.arguments as Answering
  const [ofPage, parts] = await Promise.all([
    id === undefined ? [] : automations.automations.getOfPage(page.id, [id]),
    part === undefined || partId === undefined ? [] : automations[PARTS[part]].getOfPage(page.id, [partId]),
  ])
  const isOn = (wanted: number | undefined, [row]: readonly RuleRow[]): boolean =>
    wanted === undefined || row?.is_active === true
  return isOn(id, ofPage) && isOn(partId, parts)
}

async function isAnsweredThere({ command, page, synced }: OperationContext): Promise<boolean> {
  const { answered_mid: mid, comment_id: commentId } = command.arguments as Answering
  if (commentId !== undefined) {
    const [comment] = await synced.comments.getMany([commentKey(page.id, commentId)])
    return comment?.deleted_ms === null
  }
  if (mid === undefined) return true
  const [message] = await synced.messages.getMany([messageKey(page.id, canonicalMid(mid))])
  return message !== undefined && message.deleted_ms === undefined
}

function isTakenOver(conversation: ConversationRow, { command, page, clock }: OperationContext): boolean {
  const now = clock.now()
  const { muted_until_ms: mutedUntilMs } = conversation
  const repliedMs = conversation.last_person_reply_ms ?? null
  if ((mutedUntilMs ?? 0) > now || (repliedMs ?? 0) >= command.accepted_ms) return true
  // Facebook's time may be before ours of the decision, though we heard of it later: the pause itself holds, too.
  return isPaused(repliedMs, pageSettings(page).automation_pause_minutes, now)
}
