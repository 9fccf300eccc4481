import type { Operation } from '../commands/operation.ts'
import { conversationNumbers } from './conversation-numbers.ts'
import { noteUnlisted } from './note-unlisted.ts'
import { syncScope } from './sync-scope.ts'
import { walkConversations } from './walk-conversations.ts'
import type { WalkState } from './walk-state.ts'

/**
 * The conversations of the page without their messages: what is new since the last full sync, or, with `mode: full`,
 * all of them. The latter is the cheap way to learn what moves no `updated_time`: reads, folders, who may be answered.
 */
export const syncConversationsFromFacebook: Operation = async (context) => {
  const scope = syncScope(context.command.arguments)
  const walk = await walkConversations(context, {
    messages: false,
    phase: 'conversations',
    scope,
    synced: await context.pages.syncState(context.page.id),
    expected: null,
    start: context.command.checkpoint as WalkState | null,
    checkpoint: (state) => state,
  })
  if (scope.mode === 'full' && scope.sinceMs === null) await noteUnlisted(walk.began_ms, context)
  const { conversations, conversations_created: created, conversations_updated: updated } = walk.counts
  const rows = await conversationNumbers(
    walk.listed.map(({ key }) => key),
    context,
  )
  return {
    result: {
      synced_count: conversations,
      created_count: created,
      updated_count: updated,
      unchanged_count: Math.max(0, conversations - created - updated),
      conversations: walk.listed.flatMap(({ key, conversation_created }) => {
        const row = rows.get(key)
        if (!row) return []
        const updatedTime = row.thread_updated_ms === null ? null : new Date(row.thread_updated_ms).toISOString()
        return [
          {
            id: row.id,
            facebook_conversation_id: row.thread_ids[0] ?? null,
            participant_name: row.participant_name,
            updated_time: updatedTime,
            created: conversation_created,
          },
        ]
      }),
    },
  }
}
