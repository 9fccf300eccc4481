import type { ReasonCode } from './decision.ts'
import { parseFaqFeedback } from './faq-feedback.ts'
import type { DecisionContext, IncomingMessage } from './incoming.ts'

const MINUTE_MS = 60_000
/** A message that took longer to arrive is history: its writer expects no instant answer. */
export const ARRIVAL_AGE_MAX_MS = 10 * MINUTE_MS
export const PAUSE_MINUTES = 30
/** No more than `LOOP_REPLIES_MAX` automatic replies to one conversation within this time: two bots must not talk for ever. */
export const LOOP_WINDOW_MS = 10 * MINUTE_MS
export const LOOP_REPLIES_MAX = 5

export interface Gate {
  readonly code: ReasonCode
  readonly text: string
  /** Not even what follows beside a reply (a contact filled, a button's press counted) may happen. */
  readonly stopsEffects: boolean
}

/** Why no rule may answer this message, or null. */
export function closedGate(message: IncomingMessage, context: DecisionContext): Gate | null {
  return gateOfMessage(message) ?? gateOfConversation(message, context)
}

function gateOfMessage(message: IncomingMessage): Gate | null {
  const stop = (code: ReasonCode, text: string): Gate => ({ code, text, stopsEffects: true })
  if (message.origin === 'echo' || message.direction === 'out') return stop('echo', 'the page wrote it')
  if (message.origin !== 'webhook') return stop('not_live', `it came by ${message.origin}, not by a webhook`)
  if (message.channel !== 'messaging') return stop('standby', 'another app owns the conversation')
  if (message.isDeleted) return stop('deleted', 'it was deleted')
  if (message.isEdited) return stop('edited', 'it was edited')
  if (message.arrivedMs - message.createdMs > ARRIVAL_AGE_MAX_MS)
    return stop('too_old', `it was older than ${ARRIVAL_AGE_MAX_MS / MINUTE_MS} minutes when it arrived`)
  return null
}

function gateOfConversation(message: IncomingMessage, context: DecisionContext): Gate | null {
  const silent = (code: ReasonCode, text: string): Gate => ({ code, text, stopsEffects: false })
  const { conversation, nowMs } = context
  if (conversation.isBlocked) return { code: 'blocked', text: 'the person is blocked', stopsEffects: true }
  if (parseFaqFeedback(message.quickReplyPayload)) return silent('feedback', 'it says whether an FAQ helped')
  if (conversation.windowClosesMs === null || conversation.windowClosesMs <= nowMs)
    return silent('window_closed', 'the page may not answer any more')
  return gateOfSilence(context)
}

/** What a gate of a conversation rests on, whatever is to be answered. */
export type SilenceContext = Pick<DecisionContext, 'nowMs' | 'pauseMinutes'> & {
  readonly conversation: Pick<
    DecisionContext['conversation'],
    'mutedUntilMs' | 'lastPersonReplyMs' | 'automaticReplies'
  >
}

/** Why automations are silent towards this person, be it a message or a comment; or null. */
export function gateOfSilence(context: SilenceContext): Gate | null {
  const silent = (code: ReasonCode, text: string): Gate => ({ code, text, stopsEffects: false })
  const { conversation, nowMs } = context
  if (conversation.mutedUntilMs !== null && conversation.mutedUntilMs > nowMs)
    return silent('muted', 'the conversation is muted')
  const pauseMinutes = context.pauseMinutes ?? PAUSE_MINUTES
  if (isPaused(conversation.lastPersonReplyMs, pauseMinutes, nowMs))
    return silent('paused', `a person answered less than ${pauseMinutes} minutes ago`)
  return isLooping(context) ? silent('loop_breaker', loopText) : null
}

/** A person answered so recently that automations are silent. Asked when a reply is decided, and again before it is sent. */
export function isPaused(lastPersonReplyMs: number | null, pauseMinutes: number, nowMs: number): boolean {
  return lastPersonReplyMs !== null && lastPersonReplyMs + pauseMinutes * MINUTE_MS > nowMs
}

const loopText = `${LOOP_REPLIES_MAX} automatic replies in ${LOOP_WINDOW_MS / MINUTE_MS} minutes`

/** Replies that are to come (delayed, or of a clock that is ahead) count, too. */
function isLooping({ nowMs, conversation }: SilenceContext): boolean {
  let recent = 0
  for (const reply of conversation.automaticReplies) if (reply.atMs > nowMs - LOOP_WINDOW_MS) recent++
  return recent >= LOOP_REPLIES_MAX
}
