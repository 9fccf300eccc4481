import type { CompiledRules } from './compile-rules.ts'
import type { Reason } from './decision.ts'

/** A comment on a post of the page. Times are milliseconds since 1970. */
export interface IncomingComment {
  /** Facebook's. */
  readonly commentId: string
  readonly postId: string | null
  /** Null is not known. */
  readonly fromId: string | null
  readonly text: string | null
  /** Of the feed event: only `add` is answered. */
  readonly verb: string
  readonly createdMs: number
  readonly arrivedMs: number
}

export interface CommentContext {
  readonly nowMs: number
  readonly page: { readonly name: string /** Facebook's */; readonly facebookId: string }
  readonly contact: { readonly name: string | null; readonly first_name?: string | null }
  /** A private reply to this comment was made or asked for already. */
  readonly isAnswered: boolean
  readonly isBlocked: boolean
}

export interface CommentDecision {
  /** For `comment.private_reply`. */
  readonly action: { readonly automation_id: number; readonly text: string; readonly delay_seconds: number } | null
  readonly reasons: readonly Reason[]
}

/** Which `comment_to_message` rule answers the comment privately: at most one, and only once for each comment. */
export function decideComment(
  _rules: CompiledRules,
  _comment: IncomingComment,
  _context: CommentContext,
): CommentDecision {
  return { action: null, reasons: [] }
}
