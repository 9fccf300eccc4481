import { reason } from './answerer.ts'
import type { CommentToMessageConfig } from './comment-to-message.ts'
import type { CompiledRules } from './compile-rules.ts'
import type { Reason, ReasonCode } from './decision.ts'
import { fillTemplate } from './fill-template.ts'
import { foldText } from './fold-text.ts'
import { isMatch, judgeText } from './judged-text.ts'
import { ARRIVAL_AGE_MAX_MS, gateOfSilence, type SilenceContext } from './message-gates.ts'
import { withoutNulls } from './rule-problems.ts'

/** A comment on a post of the page. Times are milliseconds since 1970. */
export interface IncomingComment {
  /** Facebook's, of the post; null is not known. */
  readonly postId: string | null
  /** Facebook's, of who wrote it; null is not known. */
  readonly fromId: string | null
  readonly text: string | null
  /** Of the feed event: only `add` is answered. */
  readonly verb: string
  readonly createdMs: number
  readonly arrivedMs: number
}

/** Beside it, what stands between the page and whoever wrote it: many comments of one person are one conversation. */
export interface CommentContext extends SilenceContext {
  readonly page: { readonly name: string /** Facebook's */; readonly facebookId: string }
  /** Who wrote it. */
  readonly contact: { readonly name: string | null; readonly first_name?: string | null }
  /** A private reply to this comment was made or asked for already, by whomever. */
  readonly isAnswered: boolean
  readonly isBlocked: boolean
}

/** For `comment.private_reply`. */
export interface CommentReply {
  readonly automation_id: number
  readonly text: string
  readonly delay_seconds: number
}

export interface CommentDecision {
  readonly action: CommentReply | null
  /** One for each automation of the page. */
  readonly reasons: readonly Reason[]
}

type Said = readonly [code: ReasonCode, text: string]

/** Which `comment_to_message` rule answers the comment privately: at most one, and only once for each comment. */
export function decideComment(
  rules: CompiledRules,
  comment: IncomingComment,
  context: CommentContext,
): CommentDecision {
  const gate = closedGate(comment, context)
  let action: CommentReply | null = null
  const reasons = rules.automations.map(({ rule, problem }) => {
    const say = ([code, text]: Said): Reason => reason(rule.id, null, code, text)
    if (rule.type !== 'comment_to_message') return say(['other_trigger', `${rule.type} answers no comments`])
    if (!rule.is_active) return say(['inactive', 'the automation is turned off'])
    if (problem !== null) return say(['unusable', problem])
    if (gate) return say(gate)
    const config = withoutNulls(rule.config) as CommentToMessageConfig
    const why = whyNot(comment, config)
    if (why) return say(why)
    if (action) return say(['outranked', `it would, but automation ${action.automation_id} goes before it`])
    action = replyOf(rule.id, config, context)
    return say(['answers', 'it is the first that can answer'])
  })
  return { action, reasons }
}

function closedGate(comment: IncomingComment, context: CommentContext): Said | null {
  if (comment.verb !== 'add') return ['edited', `the event is ${comment.verb}, not a new comment`]
  if (comment.fromId === context.page.facebookId) return ['echo', 'the page wrote it']
  // Nobody to mute, to pause for or to count replies of; and it may be the page itself.
  if (comment.fromId === null) return ['author_unknown', 'Facebook does not say who wrote it']
  if (comment.arrivedMs - comment.createdMs > ARRIVAL_AGE_MAX_MS) return ['too_old', 'it was too old when it arrived']
  if (context.isBlocked) return ['blocked', 'the person is blocked']
  if (context.isAnswered) return ['already_answered', 'a comment is answered once']
  const silence = gateOfSilence(context)
  return silence && [silence.code, silence.text]
}

function whyNot(comment: IncomingComment, config: CommentToMessageConfig): Said | null {
  const posts = config.post_ids ?? []
  if (posts.length > 0 && !posts.some((id) => isSamePost(id, comment.postId)))
    return ['other_post', 'it is not for this post']
  const keywords = config.keywords ?? []
  if (keywords.length === 0) return null
  if (comment.text === null) return ['no_text', 'the comment has no text']
  return holdsOneOf(comment.text, keywords) ? null : ['no_match', 'none of its keywords is in the comment']
}

/** Facebook writes a post's id with or without the page's before it. */
function isSamePost(wanted: string, given: string | null): boolean {
  return given !== null && (wanted === given || given.endsWith(`_${wanted}`) || wanted.endsWith(`_${given}`))
}

function holdsOneOf(text: string, keywords: readonly string[]): boolean {
  const judged = judgeText(text)
  return keywords.map(foldText).some((keyword) => {
    for (let at = judged.folded.indexOf(keyword); at !== -1; at = judged.folded.indexOf(keyword, at + 1))
      if (isMatch('contains', judged, at, at + keyword.length)) return true
    return false
  })
}

function replyOf(id: number, config: CommentToMessageConfig, { page, contact }: CommentContext): CommentReply {
  const names = { name: contact.name, firstName: contact.first_name ?? null, pageName: page.name }
  return { automation_id: id, text: fillTemplate(config.message, names), delay_seconds: config.delay_seconds ?? 0 }
}
