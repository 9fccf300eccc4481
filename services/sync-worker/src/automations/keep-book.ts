import { commandChange } from '@pagesync/shared/model/command-change.ts'
import { type AutomaticReplyRow, replyKey } from '@pagesync/shared/store/repositories/automation-rows.ts'
import type { Accepted } from '@pagesync/shared/store/repositories/ledger.ts'
import type { AutomationDeps } from './automation-deps.ts'
import { type Answered, replyOfCommand, type Triggered, triggeredChange } from './reply-of-command.ts'

/** A reply whose command stands in the ledger. */
export interface Reply extends Answered, Triggered {
  readonly command: Accepted
}

/** Writes the log, from it what counts and what the next decisions rest on, and tells of it. Repeatable. */
export async function keepBook(replies: readonly Reply[], deps: AutomationDeps): Promise<void> {
  if (replies.length === 0) return
  const { replies: log, conversationReplies, clock, announce } = deps
  const stored = await log.record(replies.map((reply) => replyOfCommand(reply.command.row, reply)))
  const lines = replies.flatMap((reply) => {
    const line = stored.get(replyKey(reply.command.row.page_id, reply.answered))
    return line ? [{ reply, line }] : []
  })
  const rows: AutomaticReplyRow[] = lines.map(({ line }) => line)
  const now = clock.now()
  await Promise.all([
    countTriggers(rows, deps),
    conversationReplies.add(rows),
    announce([
      ...lines.map(({ reply, line }) => triggeredChange(line, reply)),
      ...replies.flatMap(({ command }) => (command.created ? [commandChange(command.row, now)] : [])),
    ]),
  ])
}

/** In the hour of the decision, whatever becomes of the reply; the total is that of the rules' own counters. */
async function countTriggers(
  rows: readonly AutomaticReplyRow[],
  { ruleCounts, counting }: AutomationDeps,
): Promise<void> {
  const news = await ruleCounts.add(rows)
  for (const { page_id: id, tenant_id } of new Map(rows.map((row) => [row.page_id, row])).values())
    counting.count({ id, tenant_id }, 'automation_triggers', news.get(id) ?? 0)
}
