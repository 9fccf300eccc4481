import type { Change } from '@pagesync/shared/model/change.ts'
import type { Collection } from '@pagesync/shared/store/collection.ts'
import type { AutomaticReplies, NewReply } from '@pagesync/shared/store/repositories/automatic-replies.ts'
import { type AutomaticReplyRow, countedAs, replyKey } from '@pagesync/shared/store/repositories/automation-rows.ts'
import { isPageBlocked } from '@pagesync/shared/store/repositories/decision-context.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type { ConversationRow, PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { RuleCounts } from '@pagesync/shared/store/repositories/rule-counts.ts'
import { triggeredChange } from './reply-of-command.ts'
import { alertsToCome, type Waiting, waitingSince } from './waiting-since.ts'
import type { WatchDeps } from './watch-unanswered.ts'

export interface TellDeps extends WatchDeps {
  readonly conversations: Pick<Collection<ConversationRow>, 'getMany'>
  readonly pages: Pick<Pages, 'get'>
  readonly replies: AutomaticReplies
  readonly ruleCounts: RuleCounts
  readonly announce: (changes: readonly Change[]) => Promise<void>
}

const AT_ONCE = 200
/** Whoever takes an alert up and dies leaves it to another after this: told again, it is the same change. */
const CLAIM_MS = 60_000

/** Tells of conversations that wait for too long. Of several workers one takes each up. Answers how many it told of. */
export async function tellUnanswered(deps: TellDeps, nowMs: number): Promise<number> {
  const due = await deps.states.find({ index: 'byAlertDue', range: { lte: nowMs }, limit: AT_ONCE })
  if (due.length === 0) return 0
  const claimed = due.map((row) => ({ ...row, alert_due_ms: nowMs + CLAIM_MS }))
  const { lost } = await deps.states.replaceMany(claimed)
  const mine = claimed.filter(({ _id }) => !lost.includes(_id)).map((row) => ({ ...row, rev: row.rev + 1 }))
  const conversations = new Map(
    (await deps.conversations.getMany(mine.map(({ _id }) => _id))).map((row) => [row._id, row]),
  )
  const rules = await deps.rules.of([...new Set(mine.map(({ page_id }) => page_id))])
  let told = 0
  for (const state of mine) {
    const conversation = conversations.get(state._id)
    const page = conversation && (await deps.pages.get(state.tenant_id, state.page_id))
    const compiled = rules.get(state.page_id)
    const since = conversation ? waitingSince(state.waiting, conversation) : null
    let waiting: Waiting = { since_ms: since, alerted: state.waiting?.alerted ?? {} }
    let next: number | null = null
    for (const alert of page && conversation && compiled
      ? alertsToCome(compiled, conversation, waiting, isPageBlocked(page))
      : []) {
      if (alert.dueMs > nowMs) {
        next ??= alert.dueMs
        continue
      }
      await tell(alert, { page: page as PageRow, conversation: conversation as ConversationRow, nowMs }, deps)
      waiting = { ...waiting, alerted: { ...waiting.alerted, [alert.automation_id]: alert.waitingSinceMs } }
      told++
    }
    // Lost: an event changed it meanwhile; the claim runs out and it is looked at again.
    await deps.states.replaceMany([{ ...state, waiting, alert_due_ms: next }])
  }
  return told
}

async function tell(
  alert: ReturnType<typeof alertsToCome>[number],
  about: { readonly page: PageRow; readonly conversation: ConversationRow; readonly nowMs: number },
  { replies, ruleCounts, announce }: TellDeps,
): Promise<void> {
  const { page, conversation, nowMs } = about
  const { automation_id, hours, waitingSinceMs } = alert
  const key = replyKey(page.id, `alert/${automation_id}/${conversation.id}/${waitingSinceMs}`)
  const stored = await replies.record([alertLine(key, automation_id, conversation, nowMs)])
  const line = stored.get(key) as AutomaticReplyRow
  await ruleCounts.recountAutomation(line)
  const more = { alert: 'unanswered', hours, waiting_since: new Date(waitingSinceMs).toISOString() }
  const { facebook_page_id: facebookPageId } = page
  await announce([triggeredChange(line, { facebookPageId, conversationId: conversation.id, eventId: null, more })])
}

function alertLine(key: string, automationId: number, conversation: ConversationRow, nowMs: number): NewReply {
  return {
    _id: key,
    tenant_id: conversation.tenant_id,
    page_id: conversation.page_id,
    conversation_key: conversation._id,
    automation_id: automationId,
    automation_type: 'unanswered_alert',
    part: null,
    part_id: null,
    command_id: null,
    answered_id: conversation.last_message_mid,
    at_ms: nowMs,
    log_partition: null,
    log_offset: null,
    counted_as: countedAs('automation', automationId),
  }
}
