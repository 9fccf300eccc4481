import type { NewCommand } from '@pagesync/shared/model/command-row.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type { AnswerMessages } from '../automations/answer-messages.ts'
import { type WatchDeps, watchUnanswered } from '../automations/watch-unanswered.ts'
import { type SubmitDeps, submitOwn } from '../commands/submit-own.ts'
import { takeLabelOffAgain } from '../push/take-label-off-again.ts'
import type { AppliedRows } from './apply-events.ts'
import type { EventEffect } from './event-effect.ts'
import { notePolicy } from './note-policy.ts'
import { type NoteEchoesDeps, noteSendEchoes } from './note-send-echoes.ts'

export type FollowUp = (effects: readonly EventEffect[], rows: AppliedRows) => Promise<void>

export interface FollowUpDeps extends NoteEchoesDeps, SubmitDeps {
  readonly answer: AnswerMessages
  readonly watch: WatchDeps
  readonly pages: Pick<Pages, 'update'>
  /** There is something to do for this page. */
  readonly wake: (pageId: number) => void
}

/** What a batch of events means for commands: echoes settle sends, and some events ask for something. */
export function createFollowUp(deps: FollowUpDeps): FollowUp {
  return async (effects, rows) => {
    const [waiting, commands] = await Promise.all([
      noteSendEchoes(effects, deps),
      Promise.all(commandsOf(effects, rows).map((command) => submitOwn(command, deps))),
      deps.answer(effects, rows),
      watchUnanswered(effects, rows, deps.watch),
      notePolicy(effects, deps),
    ])
    for (const pageId of new Set([...waiting, ...commands.map(({ page_id }) => page_id)])) deps.wake(pageId)
  }
}

/**
 * Commands that follow from events. Derived from the event and the row as it stands, ids too: a batch that comes again
 * asks for the same.
 */
function commandsOf(effects: readonly EventEffect[], { conversations }: AppliedRows): NewCommand[] {
  return effects.flatMap(({ event, page, conversationKey }) => {
    const row = conversationKey === null ? undefined : conversations.get(conversationKey)?.after
    const isCustomer = event.type === 'facebook.message.received' || event.type === 'facebook.postback'
    if (!row || !isCustomer) return []
    const reopened = { commandId: `reopen.${event.id}`, toldBy: event.id, trigger: 'webhook' } as const
    return takeLabelOffAgain(row, page, reopened) ?? []
  })
}
