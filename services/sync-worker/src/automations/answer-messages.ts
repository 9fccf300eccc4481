import type { CompiledRules } from '@pagesync/shared/automations/compile-rules.ts'
import type { DecisionEffect } from '@pagesync/shared/automations/decision.ts'
import type { NewCommand } from '@pagesync/shared/model/command-row.ts'
import type { KnownReply } from '@pagesync/shared/store/repositories/automation-rows.ts'
import { withReplies } from '@pagesync/shared/store/repositories/conversation-replies.ts'
import {
  type CommandRow,
  type ContactRow,
  type ConversationRow,
  commandKey,
} from '@pagesync/shared/store/repositories/rows.ts'
import type { AppliedRows } from '../events/apply-events.ts'
import type { EventEffect } from '../events/event-effect.ts'
import type { AutomationDeps } from './automation-deps.ts'
import { commentCandidates, decideAboutComment } from './comment-candidates.ts'
import { keepBook, type Reply } from './keep-book.ts'
import { decideAbout, type MessageCandidate, messageCandidates } from './message-candidates.ts'
import { commentReplyCommand, replyCommand } from './reply-commands.ts'
import { replyCommandId } from './reply-ids.ts'
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

async function planMessages(candidates: readonly MessageCandidate[], rulesOf: RulesOf, deps: AutomationDeps) {
  const planned: Planned[] = []
  const effects: { readonly candidate: MessageCandidate; readonly effect: DecisionEffect }[] = []
  if (candidates.length === 0) return { planned, effects }
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
  const known = new Map<string, readonly KnownReply[]>(replies)
  const nowMs = deps.clock.now()
  for (const candidate of candidates) {
    const { conversation, page, answered, message, eventId } = candidate
    const before = known.get(conversation._id) ?? []
    const contact = contactOf.get(conversation._id)
    const decision = decideAbout(candidate, rulesOf(candidate) as CompiledRules, { contact, replies: before }, nowMs)
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
    known.set(conversation._id, withReplies(before, [knownOf(command.arguments, answered, nowMs)]))
  }
  return { planned, effects }
}

/** So that the next message of the same batch finds this reply. */
function knownOf(args: NewCommand['arguments'], answered: string, atMs: number): KnownReply {
  const { automation_id, part_id } = args as { readonly automation_id: number; readonly part_id?: number }
  return { answered, automation_id, part_id: part_id ?? null, at_ms: atMs }
}

async function planComments(
  candidates: ReturnType<typeof commentCandidates>,
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
  const known = new Map<string, readonly KnownReply[]>(replies)
  const nowMs = deps.clock.now()
  return candidates.flatMap((candidate) => {
    const { page, comment, answered, eventId } = candidate
    const key = candidate.conversationKey ?? ''
    const conversation = conversationOf.get(key)
    const before = known.get(key) ?? []
    const stands = standing.get(commandKey(page.tenant_id, replyCommandId(page.id, answered)))
    const action = stands
      ? null
      : decideAboutComment(candidate, rulesOf(candidate) as CompiledRules, { conversation, replies: before }, nowMs)
    const command = stands ?? (action && commentReplyCommand(candidate, action, nowMs))
    if (!command) return []
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
}

const CHUNK = 1_000

/** The commands of earlier decisions about the same messages: they stand, whatever the rules say by now. */
async function standingCommands(
  candidates: readonly {
    readonly page: { readonly id: number; readonly tenant_id: string }
    readonly answered: string
  }[],
  { ledger }: AutomationDeps,
): Promise<ReadonlyMap<string, CommandRow>> {
  const keys = candidates.map(({ page, answered }) => commandKey(page.tenant_id, replyCommandId(page.id, answered)))
  const rows: CommandRow[] = []
  for (let i = 0; i < keys.length; i += CHUNK)
    rows.push(...(await ledger.getByKeys([...new Set(keys.slice(i, i + CHUNK))])))
  return new Map(rows.map((row) => [row._id, row]))
}

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
