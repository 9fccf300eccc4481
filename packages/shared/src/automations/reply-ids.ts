import { hash } from 'node:crypto'
import { canonicalMid } from '../model/message-id.ts'

/**
 * What was answered, within its page: the natural key of the one automatic reply to it. It comes from the page and the
 * message (or the comment) alone, never from the rule: whoever decides again, by whatever rules, finds the first reply.
 */
export const answeredMessage = (mid: string): string => canonicalMid(mid)
export const answeredComment = (commentId: string): string => `comment/${commentId}`

/** The id of the reply's command. */
export function replyCommandId(pageId: number, answered: string): string {
  return `auto_${hash('sha256', `${pageId}\n${answered}`, 'base64url')}`
}
