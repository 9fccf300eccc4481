import type { CompiledRules } from '@pagesync/shared/automations/compile-rules.ts'
import type { Decision, DecisionEffect } from '@pagesync/shared/automations/decision.ts'
import { LOOP_REPLIES_MAX, LOOP_WINDOW_MS } from '@pagesync/shared/automations/message-gates.ts'
import { replyCommandId } from '@pagesync/shared/automations/reply-ids.ts'
import type { NewCommand } from '@pagesync/shared/model/command-row.ts'
import type { KnownReply } from '@pagesync/shared/store/repositories/automation-rows.ts'
import { withReplies } from '@pagesync/shared/store/repositories/conversation-replies.ts'
import {
  type CommandRow,
  type ContactRow,
  type ConversationRow,
  commandKey,
} from '@pagesync/shared/store/repositories/rows.ts'
import { type KnownReplies, wasNeverSent, withoutUnsent } from '@pagesync/shared/store/repositories/unsent-replies.ts'
import type { AppliedRows } from '../events/apply-events.ts'
import type { EventEffect } from '../events/event-effect.ts'
import type { AutomationDeps } from './automation-deps.ts'
import { type CommentCandidate, commentCandidates, decideAboutComment } from './comment-candidates.ts'
import { keepBook, type Reply } from './keep-book.ts'
import { decideAbout, type MessageCandidate, messageCandidates } from './message-candidates.ts'
import { commentReplyCommand, replyCommand } from './reply-commands.ts'
import { settleEffects } from './settle-effects.ts'

export type AnswerMessages = (effects: readonly EventEffect[], rows: AppliedRows) => Promise<void>

/** A command that a decision asked for, or that an earlier decision about the same message left; and what it answers. */
interface Planned {
  readonly command: NewCommand | CommandRow
  readonly reply: Omit<Reply, 'command'>
}

/**
 * Lets a page's rules answer what a batch brought. Repeatable: the reply's id comes from the page and the message, so
 * the first decision stands, and a batch that comes again keeps the same book. First the commands go into the ledger
 * and workers are woken; what is kept of it is written while the replies are on their way.
 */
export function createAnswerMessages(deps: AutomationDeps): AnswerMessages {
  return async (effects, rows) => {
    const messages = messageCandidates(effects, rows)
    const comments = commentCandidates(effects, rows)
    const pageIds = new Set([...messages, ...comments].map(({ page }) => page.id))
    if (pageIds.size === 0) return
    const all = await deps.rules.of([...pageIds])
    const rulesOf = ({ page }: { readonly page: { readonly id: number } }): CompiledRules | null => {
      const rules = all.get(page.id)
      return rules && rules.automations.length > 0 ? rules : null
    }
    const [about, aboutComments] = await Promise.all([
      planMessages(
        messages.filter((each) => rulesOf(each) !== null),
        rulesOf,
        deps,
      ),
      planComments(
        comments.filter((each) => rulesOf(each) !== null),
        rulesOf,
        deps,
      ),
    ])
    const replies = await submit([...about.planned, ...aboutComments], deps)
    await Promise.all([keepBook(replies, deps), settleEffects(about.effects, deps)])
  }
}

type RulesOf = (candidate: { readonly page: { readonly id: number } }) => CompiledRules | null
type Known = ReadonlyMap<string, readonly KnownReply[]>

/** What is decided about a batch; and the conversations in which earlier replies had a say in that. */
interface Decided {
  readonly planned: Planned[]
  readonly heldBack: ReadonlyMap<string, KnownReplies['page']>
}

async function planMessages(candidates: readonly MessageCandidate[], rulesOf: RulesOf, deps: AutomationDeps) {
  if (candidates.length === 0) return { planned: [], effects: [] }
  const keys = [...new Set(candidates.map(({ conversation }) => conversation._id))]
  const [replies, contacts, standing] = await Promise.all([
    deps.conversationReplies.of(keys),
    deps.synced.contacts.getMany(keys),
    standingCommands(
      candidates.filter(({ isRepeated }) => isRepeated),
      deps,
    ),
  ])
  const contactOf = new Map<string, ContactRow>(contacts.map((row) => [row._id, row]))
  const nowMs = deps.clock.now()
  return decideBySent(replies, deps, (known) =>
    decideMessages({ candidates, known, contactOf, standing, rulesOf, nowMs }),
  )
}

/** Decided anew where an earlier reply that nobody got had a say. */
async function decideBySent<T extends Decided>(
  replies: Known,
  { ledger }: AutomationDeps,
  decideAll: (known: Map<string, readonly KnownReply[]>) => T,
): Promise<T> {
  const decided = decideAll(new Map(replies))
  const heldBack = [...decided.heldBack].map(([conversationKey, page]) => ({
    page,
    conversationKey,
    replies: replies.get(conversationKey) ?? [],
  }))
  const sent = await withoutUnsent(heldBack, ledger)
  return sent.size === 0 ? decided : decideAll(new Map([...replies, ...sent]))
}

interface MessagesToDecide {
  readonly candidates: readonly MessageCandidate[]
  /** Taken over: what is decided on the way is added. */
  readonly known: Map<string, readonly KnownReply[]>
  readonly contactOf: ReadonlyMap<string, ContactRow>
  readonly standing: ReadonlyMap<string, CommandRow>
  readonly rulesOf: RulesOf
  readonly nowMs: number
}

function decideMessages({ candidates, known, contactOf, standing, rulesOf, nowMs }: MessagesToDecide) {
  const planned: Planned[] = []
  const effects: { readonly candidate: MessageCandidate; readonly effect: DecisionEffect }[] = []
  const heldBack = new Map<string, KnownReplies['page']>()
  for (const candidate of candidates) {
    const { conversation, page, answered, message, eventId } = candidate
    const key = conversation._id
    const before = known.get(key) ?? []
    const decideWith = (replies: readonly KnownReply[]): Decision =>
      decideAbout(candidate, rulesOf(candidate) as CompiledRules, { contact: contactOf.get(key), replies }, nowMs)
    const decision = decideWith(before)
    if (!heldBack.has(key) && mayDependOn(before, nowMs, outcomeOf(decision), () => outcomeOf(decideWith([]))))
      heldBack.set(key, page)
    for (const effect of decision.effects) effects.push({ candidate, effect })
    const stands = standing.get(commandKey(page.tenant_id, replyCommandId(page.id, answered)))
    if (!stands && !decision.action) continue
    const command = stands ?? replyCommand(candidate, decision.action as NonNullable<typeof decision.action>, nowMs)
    planned.push({
      command,
      reply: {
        answered,
        facebookId: message.mid,
        partition: message.log_partition ?? null,
        offset: message.log_offset ?? null,
        facebookPageId: page.facebook_page_id,
        conversationId: conversation.id,
        eventId,
      },
    })
    if (!stands || !wasNeverSent(stands))
      known.set(key, withReplies(before, [knownOf(command.arguments, answered, nowMs)]))
  }
  return { planned, effects, heldBack }
}

/** Without the reasons: they are worked out only when they are read. */
const outcomeOf = ({ action, effects }: Decision) => [action, effects]

/** Whether the decision could be another one, had some of these replies never been. */
function mayDependOn(
  replies: readonly KnownReply[],
  nowMs: number,
  decided: unknown,
  withoutAny: () => unknown,
): boolean {
  if (replies.length === 0) return false
  const recent = replies.filter(({ at_ms }) => at_ms > nowMs - LOOP_WINDOW_MS)
  return recent.length >= LOOP_REPLIES_MAX || JSON.stringify(decided) !== JSON.stringify(withoutAny())
}

/** So that the next message of the same batch finds this reply. */
function knownOf(args: NewCommand['arguments'], answered: string, atMs: number): KnownReply {
  const { automation_id, part_id } = args as { readonly automation_id: number; readonly part_id?: number }
  return { answered, automation_id, part_id: part_id ?? null, at_ms: atMs }
}

async function planComments(
  candidates: readonly CommentCandidate[],
  rulesOf: RulesOf,
  deps: AutomationDeps,
): Promise<Planned[]> {
  if (candidates.length === 0) return []
  const keys = [...new Set(candidates.flatMap((each) => each.conversationKey ?? []))]
  const [replies, conversations, standing] = await Promise.all([
    deps.conversationReplies.of(keys),
    deps.synced.conversations.getMany(keys),
    standingCommands(candidates, deps),
  ])
  const conversationOf = new Map<string, ConversationRow>(conversations.map((row) => [row._id, row]))
  const nowMs = deps.clock.now()
  const { planned } = await decideBySent(replies, deps, (known) =>
    decideComments({ candidates, known, conversationOf, standing, rulesOf, nowMs }),
  )
  return planned
}

interface CommentsToDecide extends Omit<MessagesToDecide, 'candidates' | 'contactOf'> {
  readonly candidates: readonly CommentCandidate[]
  readonly conversationOf: ReadonlyMap<string, ConversationRow>
}

function decideComments(given: CommentsToDecide): Decided {
  const { candidates, known, conversationOf, standing, rulesOf, nowMs } = given
  const heldBack = new Map<string, KnownReplies['page']>()
  const planned = candidates.flatMap((candidate) => {
    const { page, comment, answered, eventId } = candidate
    const key = candidate.conversationKey ?? ''
    const conversation = conversationOf.get(key)
    const before = known.get(key) ?? []
    const decideWith = (replies: readonly KnownReply[]) =>
      decideAboutComment(candidate, rulesOf(candidate) as CompiledRules, { conversation, replies }, nowMs)
    const stands = standing.get(commandKey(page.tenant_id, replyCommandId(page.id, answered)))
    const action = stands ? null : decideWith(before)
    if (!stands && !heldBack.has(key) && mayDependOn(before, nowMs, action, () => decideWith([])))
      heldBack.set(key, page)
    const command = stands ?? (action && commentReplyCommand(candidate, action, nowMs))
    if (!command) return []
    if (!stands || !wasNeverSent(stands))
      known.set(key, withReplies(before, [knownOf(command.arguments, answered, nowMs)]))
    const reply = {
      answered,
      facebookId: comment.comment_id,
      partition: comment.log_partition ?? null,
      offset: comment.log_offset ?? null,
      facebookPageId: page.facebook_page_id,
      conversationId: conversation?.id ?? null,
      eventId,
    }
    return [{ command, reply }]
  })
  return { planned, heldBack }
}

/** The commands of earlier decisions about the same messages: they stand, whatever the rules say by now. */
async function standingCommands(
  candidates: readonly {
    readonly page: { readonly id: number; readonly tenant_id: string }
    readonly answered: string
  }[],
  { ledger }: AutomationDeps,
): Promise<ReadonlyMap<string, CommandRow>> {
  const keys = candidates.map(({ page, answered }) => commandKey(page.tenant_id, replyCommandId(page.id, answered)))
  const rows = await ledger.getByKeys([...new Set(keys)])
  return new Map(rows.map((row) => [row._id, row]))
}

const CHUNK = 1_000

async function submit(planned: readonly Planned[], deps: AutomationDeps): Promise<Reply[]> {
  if (planned.length === 0) return []
  const news = new Map<string, NewCommand>()
  for (const { command } of planned)
    if ('commandId' in command) news.set(commandKey(command.tenantId, command.commandId), command)
  const act = { nowMs: deps.clock.now(), worker: deps.workerId }
  const stored = new Map<string, Reply['command']>()
  const commands = [...news.values()]
  for (let i = 0; i < commands.length; i += CHUNK)
    for (const { row, created } of await deps.ledger.acceptQueued(commands.slice(i, i + CHUNK), act))
      stored.set(row._id, { row, created })
  const replies = planned.map(({ command, reply }) => ({
    ...reply,
    command:
      'commandId' in command
        ? (stored.get(commandKey(command.tenantId, command.commandId)) as Reply['command'])
        : { row: command, created: false },
  }))
  for (const pageId of new Set(replies.map(({ command }) => command.row.page_id))) deps.wake(pageId)
  return replies
}
