import type { DecisionContext, IncomingMessage } from '@pagesync/shared/automations/incoming.ts'
import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { replyWindowEndMs } from '@pagesync/shared/model/reply-window.ts'
import { decisionContextOf } from '@pagesync/shared/store/repositories/decision-context.ts'
import { type ConversationRow, type PageRow, pageSettings } from '@pagesync/shared/store/repositories/rows.ts'
import { withoutUnsent } from '@pagesync/shared/store/repositories/unsent-replies.ts'
import type { ApiContext } from './api-context.ts'
import type { Caller } from './caller.ts'

export interface DryRun {
  readonly text: string
  readonly at?: string
  readonly conversation_id?: number
  readonly is_new_conversation?: boolean
  readonly quick_reply_payload?: string
}

/** The message and all that the decision rests on, as they would be if a customer wrote it at that time. */
export async function dryRunContext(
  caller: Caller,
  page: PageRow,
  asked: DryRun,
  { ownership, reader, conversationReplies, ledger, clock }: ApiContext,
): Promise<{ readonly message: IncomingMessage; readonly decisionContext: DecisionContext }> {
  const atMs = asked.at === undefined ? clock.now() : timeOf(asked.at)
  const message: IncomingMessage = {
    origin: 'webhook',
    direction: 'in',
    channel: 'messaging',
    isDeleted: false,
    isEdited: false,
    createdMs: atMs,
    arrivedMs: atMs,
    text: asked.text,
    quickReplyPayload: asked.quick_reply_payload ?? null,
  }
  const isNew = asked.is_new_conversation ?? false
  if (asked.conversation_id === undefined) return { message, decisionContext: somebodyWrote(page, atMs, isNew) }
  const { conversation } = await ownership.conversation(caller, asked.conversation_id)
  const key = conversation._id
  const [contacts, known] = await Promise.all([reader.contactsByKey([key]), conversationReplies.of([key])])
  const replies = known.get(key) ?? []
  const sent = await withoutUnsent([{ page, conversationKey: key, replies }], ledger)
  const decisionContext = decisionContextOf({
    page,
    // The message itself opens the window.
    conversation: {
      ...conversation,
      last_customer_ms: Math.max(conversation.last_customer_ms ?? 0, atMs),
    } satisfies ConversationRow,
    contact: contacts[0],
    replies: sent.get(key) ?? replies,
    isNew,
    nowMs: atMs,
  })
  return { message, decisionContext }
}

/** A conversation in which nothing stands against a reply. */
function somebodyWrote(page: PageRow, atMs: number, isNew: boolean): DecisionContext {
  const { timezone, automation_pause_minutes } = pageSettings(page)
  return {
    nowMs: atMs,
    page: { name: page.name ?? '', timeZone: timezone },
    conversation: {
      isNew,
      mutedUntilMs: null,
      isBlocked: false,
      windowClosesMs: replyWindowEndMs(atMs, false),
      lastPersonReplyMs: null,
      automaticReplies: [],
    },
    contact: { name: null, email: null, phone: null },
    pauseMinutes: automation_pause_minutes,
  }
}

/** @throws AppError VALIDATION_FAILED for what is written as a time and is none, such as the 31st of February */
function timeOf(text: string): number {
  const ms = Date.parse(text)
  if (Number.isFinite(ms)) return ms
  throw new AppError('VALIDATION_FAILED', '/at: is no time', { problems: [{ path: '/at', message: 'is no time' }] })
}
