import type { NewCommand } from '@pagesync/shared/model/command-row.ts'
import { type ConversationRow, type PageRow, pageSettings } from '@pagesync/shared/store/repositories/rows.ts'

export interface Reopened {
  readonly commandId: string
  /** The event, or the pull's command, that told of the person's message. */
  readonly toldBy: string
  readonly trigger: NewCommand['trigger']
}

/** The person wrote, so the conversation is open again; undefined where no label at Facebook says otherwise. */
export function takeLabelOffAgain(
  row: ConversationRow,
  page: PageRow,
  { commandId, toldBy, trigger }: Reopened,
): NewCommand | undefined {
  const { mirror_labels, archived_label } = pageSettings(page)
  if (!mirror_labels || row.status === 'archived' || !row.labels.includes(archived_label)) return undefined
  return {
    commandId: commandId.slice(0, 64),
    tenantId: page.tenant_id,
    pageId: page.id,
    facebookPageId: page.facebook_page_id,
    conversationKey: row._id,
    type: 'conversation.unarchive',
    arguments: { because: 'customer_wrote' },
    requestedBy: { kind: 'system', id: toldBy.slice(0, 128) },
    trigger,
  }
}
