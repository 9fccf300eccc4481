import type { CommentRow } from '@pagesync/shared/store/repositories/rows.ts'
import { type Static, Type } from '@sinclair/typebox'
import { FacebookId, Id, nullable, rfc3339, rfc3339OrNull, Time } from './shapes.ts'

export const Comment = Type.Object(
  {
    id: Id,
    page_id: Id,
    facebook_comment_id: FacebookId,
    facebook_post_id: nullable(FacebookId),
    facebook_parent_id: nullable(Type.String({ description: 'The comment that it answers, or the post' })),
    from: Type.Object({ facebook_id: nullable(FacebookId), name: nullable(Type.String()) }),
    message: nullable(Type.String({ description: 'Null without text, and once deleted' })),
    hidden: Type.Boolean(),
    created_time: Time,
    edited_at: nullable(Time),
    deleted_at: nullable(Time),
    replied_at: nullable(Type.String({ format: 'date-time', description: 'Answered privately: Facebook allows one' })),
    reply_command_id: nullable(Type.String()),
  },
  { $id: 'Comment', description: "A comment under one of the page's posts" },
)
export type Comment = Static<typeof Comment>

export function presentComment(row: CommentRow): Comment {
  return {
    id: row.id,
    page_id: row.page_id,
    facebook_comment_id: row.comment_id,
    facebook_post_id: row.post_id,
    facebook_parent_id: row.parent_id,
    from: { facebook_id: row.from_id, name: row.from_name },
    message: row.deleted_ms === null ? row.message : null,
    hidden: row.hidden,
    created_time: rfc3339(row.created_ms),
    edited_at: rfc3339OrNull(row.edited_ms),
    deleted_at: rfc3339OrNull(row.deleted_ms),
    replied_at: rfc3339OrNull(row.replied_ms),
    reply_command_id: row.replied_by,
  }
}
