import { isForgotten } from '@pagesync/shared/store/repositories/automatic-replies.ts'
import type { AutomaticReplyRow } from '@pagesync/shared/store/repositories/automation-rows.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { conversationIdsOfKeys } from '../conversation-ids.ts'
import { createListing } from '../listing.ts'
import { errors, list, listQuery, PageParams } from '../route-shapes.ts'
import { AutomaticReply, presentAutomaticReply } from '../views/automation.ts'

const Position = Type.Object({ _id: Type.String(), id: Type.Integer(), at_ms: Type.Integer() })
const readListing = createListing('automatic_replies', Position, ({ _id, id, at_ms }: AutomaticReplyRow) => ({
  _id,
  id,
  at_ms,
}))

export const registerAutomaticReplies: RegisterRoutes = (api, { ownership, replies, reader }) => {
  api.get(
    '/pages/:pageId/automatic-replies',
    {
      config: { access: 'read' },
      schema: {
        tags: ['automations'],
        summary: "List what the page's automations did",
        description: 'Kept as long as the ledger (`ledger_days` of the settings); counters keep what they counted.',
        params: PageParams,
        querystring: listQuery('newest', {}),
        response: { 200: list('automatic_replies', AutomaticReply), ...errors('read', ['PAGE_NOT_FOUND']) },
      },
    },
    async (request) => {
      const page = await ownership.page(callerOf(request), request.params.pageId)
      const { sort = 'newest' } = request.query
      const { rows, nextCursor } = await readListing(
        { ...request.query, sort },
        { fetch: (limit, after) => replies.ofPage(page.id, sort, limit, after), keep: (row) => !isForgotten(row) },
      )
      const ids = await conversationIdsOfKeys(
        reader,
        rows.map(({ conversation_key }) => conversation_key),
      )
      return {
        success: true as const,
        automatic_replies: rows.map((row) => presentAutomaticReply(row, ids.get(row.conversation_key) ?? null)),
        next_cursor: nextCursor,
      }
    },
  )
}
