import type { AutomaticReplies } from '@pagesync/shared/store/repositories/automatic-replies.ts'
import { countedAs, replyKey } from '@pagesync/shared/store/repositories/automation-rows.ts'
import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { RuleCounts } from '@pagesync/shared/store/repositories/rule-counts.ts'

export type NoteFaqSend = (command: CommandRow, atMs: number) => Promise<void>

/** Keeps that a person sent the answer of an FAQ: as a use of it, that can be rated. Repeatable, by the command's id. */
export function createNoteFaqSend(deps: {
  readonly replies: Pick<AutomaticReplies, 'record'>
  readonly ruleCounts: Pick<RuleCounts, 'recountFaq'>
}): NoteFaqSend {
  return async (command, atMs) => {
    const { part, part_id: faqId, automation_id: automationId } = command.arguments
    if (part !== 'faq' || typeof faqId !== 'number' || automationId !== undefined) return
    const key = replyKey(command.page_id, `command/${command.command_id}`)
    const stored = await deps.replies.record([
      {
        _id: key,
        tenant_id: command.tenant_id,
        page_id: command.page_id,
        conversation_key: command.conversation_key,
        automation_id: null,
        automation_type: 'faq',
        part: 'faq',
        part_id: faqId,
        command_id: command.command_id,
        answered_id: null,
        at_ms: atMs,
        log_partition: null,
        log_offset: null,
        counted_as: countedAs('faq', faqId),
      },
    ])
    const line = stored.get(key)
    if (line) await deps.ruleCounts.recountFaq(line)
  }
}
