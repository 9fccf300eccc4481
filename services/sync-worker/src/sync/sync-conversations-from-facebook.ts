import type { Operation } from '../commands/operation.ts'
import { conversationNumbers } from './conversation-numbers.ts'
import { type WalkState, walkConversations } from './walk-conversations.ts'

/** All conversations of the page, without their messages. */
export const syncConversationsFromFacebook: Operation = async (context) => {
  const walk = await walkConversations(context, {
    messages: false,
    phase: 'conversations',
    expected: null,
    start: context.command.checkpoint as WalkState | null,
    checkpoint: (state) => state,
  })
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
