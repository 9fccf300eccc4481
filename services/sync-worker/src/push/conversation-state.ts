import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { type ConversationStep, changedFields, mergeConversation } from '@pagesync/shared/model/merge-conversation.ts'
import { type Stamp, webhookStamp } from '@pagesync/shared/model/stamp.ts'
import { type Draft, mergeRows } from '@pagesync/shared/store/merge-rows.ts'
import type { CommandRow, ConversationRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { OperationContext } from '../commands/operation.ts'
import { changesOfPull } from '../sync/changes-of-pull.ts'

/** When somebody asked for it: whatever is newer than that, such as the person's next message, wins. */
export const askedAt = (command: CommandRow): Stamp => webhookStamp(command.accepted_ms)

/** Takes steps on the command's conversation and announces what became different. Repeating it is harmless. */
export async function stepConversation(
  key: string,
  steps: readonly ConversationStep[],
  context: OperationContext,
): Promise<ConversationRow> {
  const { synced, signal, command, page, clock } = context
  const merged = await mergeRows<ConversationRow, ConversationStep>({
    collection: synced.conversations,
    incoming: new Map([[key, steps]]),
    expect: 'existing',
    signal,
    fold: (row, all) => {
      if (row === null) return null
      const next = all.reduce<ConversationRow>(
        (draft, step) => mergeConversation(draft, step) as ConversationRow,
        row as ConversationRow,
      )
      const seen = Object.keys(changedFields(row, next)).length > 0
      return (seen ? { ...next, written_by: command.command_id } : next) as Draft<ConversationRow>
    },
  })
  const row = merged.get(key)
  if (!row) throw new AppError('CONVERSATION_NOT_FOUND', 'The conversation is not there any more')
  const changes = changesOfPull(
    { conversations: merged, messages: new Map(), contacts: new Map() },
    page,
    command.command_id,
    clock.now(),
  )
  await context.announce(changes.map((change) => ({ ...change, origin: 'live' as const })))
  return row.after
}
