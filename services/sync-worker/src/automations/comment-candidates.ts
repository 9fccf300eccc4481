import type { CompiledRules } from '@pagesync/shared/automations/compile-rules.ts'
import { type CommentReply, decideComment } from '@pagesync/shared/automations/decide-comment.ts'
import { isPageBlocked } from '@pagesync/shared/store/repositories/decision-context.ts'
import { type CommentRow, commentKey, type PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { AppliedRows } from '../events/apply-events.ts'
import type { EventEffect } from '../events/event-effect.ts'
import { answeredComment } from './reply-ids.ts'

/** A new comment under one of the page's posts that a decision is due about. */
export interface CommentCandidate {
  readonly page: PageRow
  readonly comment: CommentRow
  readonly eventId: string
  readonly verb: string
  readonly answered: string
}

/** The comments of a batch that are told for the first time, by their place in the topic. */
export function commentCandidates(
  effects: readonly EventEffect[],
  { comments }: Pick<AppliedRows, 'comments'>,
): CommentCandidate[] {
  if (comments.size === 0) return []
  return effects.flatMap(({ event, page, position }) => {
    if (event.type !== 'facebook.feed.changed') return []
    const { item, comment_id: id, verb } = event.raw.value as Readonly<Record<string, unknown>>
    const comment = item === 'comment' ? comments.get(commentKey(page.id, String(id)))?.after : undefined
    if (!comment || comment.log_partition !== position.partition || comment.log_offset !== position.offset) return []
    return [{ page, comment, eventId: event.id, verb: String(verb), answered: answeredComment(comment.comment_id) }]
  })
}

/** The pure decision, asked with what the rows say. */
export function decideAboutComment(
  { page, comment, verb }: CommentCandidate,
  rules: CompiledRules,
  nowMs: number,
): CommentReply | null {
  const { action } = decideComment(
    rules,
    {
      postId: comment.post_id,
      fromId: comment.from_id,
      text: comment.message,
      verb: comment.deleted_ms === null ? verb : 'remove',
      createdMs: comment.created_ms,
      arrivedMs: nowMs,
    },
    {
      page: { name: page.name ?? '', facebookId: page.facebook_page_id },
      contact: { name: comment.from_name },
      isAnswered: comment.replied_by !== null,
      isBlocked: isPageBlocked(page),
    },
  )
  return action
}
