import { mergeConversation } from '@pagesync/shared/model/merge-conversation.ts'
import { type Draft, mergeRows } from '@pagesync/shared/store/merge-rows.ts'
import type { ConversationRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { OperationContext } from '../commands/operation.ts'
import { changesOfPull } from './changes-of-pull.ts'

const PAGE = 500

/**
 * After a walk over everything: marks the conversations that Facebook did not list. They stay, since Facebook hides
 * requests after 30 quiet days. Repeatable: a marked one is not marked again, a listed one has lost its mark.
 *
 * @param walkBeganMs conversations pulled since then were listed
 */
export async function noteUnlisted(walkBeganMs: number, context: OperationContext): Promise<number> {
  const { synced, page, command, signal, clock } = context
  let noted = 0
  let after: ConversationRow | undefined
  do {
    const position: { after?: { id: number; _id: string } } = after ? { after: { id: after.id, _id: after._id } } : {}
    const rows: ConversationRow[] = await synced.conversations.find({
      index: 'byPageId',
      equals: { page_id: page.id },
      limit: PAGE,
      ...position,
    })
    const unlisted = rows.filter(
      (row) => row.thread_ids.length > 0 && (row.last_synced_ms ?? 0) < walkBeganMs && row.not_listed_since_ms === null,
    )
    const merged = await mergeRows<ConversationRow, null>({
      collection: synced.conversations,
      incoming: new Map(unlisted.map((row) => [row._id, [null]])),
      expect: 'existing',
      signal,
      // Read anew: one that a pull listed in the meantime is listed.
      fold: (row) =>
        row && (row.last_synced_ms ?? 0) < walkBeganMs
          ? {
              ...(mergeConversation(row, { kind: 'not-listed', at_ms: walkBeganMs }) as Draft<ConversationRow>),
              written_by: command.command_id,
            }
          : row,
    })
    await context.announce(
      changesOfPull(
        { conversations: merged, messages: new Map(), contacts: new Map() },
        page,
        command.command_id,
        clock.now(),
      ),
    )
    noted += merged.size
    after = rows.length === PAGE ? rows.at(-1) : undefined
  } while (after)
  return noted
}
