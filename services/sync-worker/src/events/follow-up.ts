import type { NewCommand } from '@pagesync/shared/model/command-row.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import { pageSettings } from '@pagesync/shared/store/repositories/rows.ts'
import type { AnswerMessages } from '../automations/answer-messages.ts'
import { type WatchDeps, watchUnanswered } from '../automations/watch-unanswered.ts'
import { type SubmitDeps, submitOwn } from '../commands/submit-own.ts'
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
    const settings = pageSettings(page)
    const row = conversationKey === null ? undefined : conversations.get(conversationKey)?.after
    const isCustomer = event.type === 'facebook.message.received' || event.type === 'facebook.postback'
    if (!row || !isCustomer || !settings.mirror_labels) return []
    // The person wrote, so the conversation is open again; the label still says otherwise.
    if (row.status === 'archived' || !row.labels.includes(settings.archived_label)) return []
    return [
      {
        commandId: `reopen.${event.id}`.slice(0, 64),
        tenantId: page.tenant_id,
        pageId: page.id,
        facebookPageId: page.facebook_page_id,
        conversationKey: row._id,
        type: 'conversation.unarchive',
        arguments: { because: 'customer_wrote' },
        requestedBy: { kind: 'system', id: event.id.slice(0, 128) },
        trigger: 'webhook',
      } satisfies NewCommand,
    ]
  })
}
