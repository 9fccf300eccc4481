import type { CompiledRules } from '@pagesync/shared/automations/compile-rules.ts'
import { type CommentReply, decideComment } from '@pagesync/shared/automations/decide-comment.ts'
import { answeredComment } from '@pagesync/shared/automations/reply-ids.ts'
import type { KnownReply } from '@pagesync/shared/store/repositories/automation-rows.ts'
import { isPageBlocked } from '@pagesync/shared/store/repositories/decision-context.ts'
import {
  type CommentRow,
  type ConversationRow,
  commentKey,
  conversationKey,
  type PageRow,
  pageSettings,
} from '@pagesync/shared/store/repositories/rows.ts'
import type { AppliedRows } from '../events/apply-events.ts'
import type { EventEffect } from '../events/event-effect.ts'

/** A new comment under one of the page's posts that a decision is due about. */
export interface CommentCandidate {
  readonly page: PageRow
  readonly comment: CommentRow
  readonly eventId: string
  readonly verb: string
  readonly answered: string
  /** Of whoever wrote it, who need never have written a message; null where Facebook does not say who. */
  readonly conversationKey: string | null
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
    return [
      {
        page,
        comment,
        eventId: event.id,
        verb: String(verb),
        answered: answeredComment(comment.comment_id),
        conversationKey: comment.from_id === null ? null : conversationKey(page.id, comment.from_id),
      },
    ]
  })
}

export interface KnownOfAuthor {
  /** Undefined where there is none yet. */
  readonly conversation: ConversationRow | undefined
  readonly replies: readonly KnownReply[]
}

/** The pure decision, asked with what the rows say. */
export function decideAboutComment(
  { page, comment, verb, answered }: CommentCandidate,
  rules: CompiledRules,
  { conversation, replies }: KnownOfAuthor,
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
      nowMs,
      pauseMinutes: pageSettings(page).automation_pause_minutes,
      conversation: {
        mutedUntilMs: conversation?.muted_until_ms ?? null,
        lastPersonReplyMs: conversation?.last_person_reply_ms ?? null,
        automaticReplies: replies
          .filter((reply) => reply.answered !== answered)
          .map(({ automation_id, part_id, at_ms }) => ({ automation_id, part_id, atMs: at_ms })),
      },
    },
  )
  return action
}
