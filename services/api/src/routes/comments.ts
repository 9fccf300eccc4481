import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { PrivateReplyBody } from '@pagesync/shared/model/command-arguments.ts'
import type { CommentRow } from '@pagesync/shared/store/repositories/rows.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { createListing } from '../listing.ts'
import { presentSend } from '../present-push.ts'
import { pushSchema } from '../push-schema.ts'
import { CommentParams, errors, IdParams, list, listQuery } from '../route-shapes.ts'
import { Comment, presentComment } from '../views/comment.ts'

const Position = Type.Object({ _id: Type.String(), id: Type.Integer(), created_ms: Type.Integer() })
const readListing = createListing('comments', Position, ({ _id, id, created_ms }: CommentRow) => ({
  _id,
  id,
  created_ms,
}))

/** Facebook takes a private answer to a comment for so long. */
const PRIVATE_REPLY_MS = 7 * 24 * 3_600_000

export const registerComments: RegisterRoutes = (api, { ownership, reader, run, pages, clock }) => {
  api.get(
    '/pages/:id/comments',
    {
      config: { access: 'read' },
      schema: {
        tags: ['comments'],
        summary: "List the comments under the page's posts",
        params: IdParams,
        querystring: listQuery('newest', {}),
        response: { 200: list('comments', Comment), ...errors('read', ['PAGE_NOT_FOUND']) },
      },
    },
    async (request) => {
      const page = await ownership.page(callerOf(request), request.params.id)
      const { sort = 'newest' } = request.query
      const { rows, nextCursor } = await readListing(
        { ...request.query, sort },
        { fetch: (limit, after) => reader.comments(page.id, sort, limit, after) },
      )
      return { success: true as const, comments: rows.map(presentComment), next_cursor: nextCursor }
    },
  )

  api.post(
    '/comments/:commentId/private-reply',
    {
      config: { access: 'push' },
      schema: {
        ...pushSchema('comment.private_reply', 'comment', 'Answer a comment with a message to whoever wrote it'),
        params: CommentParams,
        body: PrivateReplyBody,
      },
    },
    async (request, reply) => {
      const { comment, page } = await ownership.comment(callerOf(request), request.params.commentId)
      return run(request, reply, {
        page,
        type: 'comment.private_reply',
        arguments: { ...request.body, comment_id: comment.comment_id },
        refusal: (nowMs) => replyRefusal(comment, nowMs),
        present: (row) => presentSend(row, page, { pages, reader, nowMs: clock.now() }),
      })
    },
  )
}

function replyRefusal({ created_ms }: CommentRow, nowMs: number): AppError | null {
  if (nowMs - created_ms < PRIVATE_REPLY_MS) return null
  const message = 'The comment is older than 7 days: Facebook takes no private answer any more'
  return new AppError('MESSAGE_WINDOW_CLOSED', message, { status: 409 })
}
