import { canonicalMid } from '@pagesync/shared/model/message-id.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import {
  type CommandRow,
  type ConversationRow,
  messageKey,
  type PageRow,
} from '@pagesync/shared/store/repositories/rows.ts'
import type { SyncedReader } from '@pagesync/shared/store/repositories/synced.ts'
import { findParticipantNames } from './participant-names.ts'
import { presentConversation } from './views/conversation.ts'
import { type Message, presentMessage } from './views/message.ts'
import { presentPage } from './views/page.ts'

type Members = Readonly<Record<string, unknown>>

export interface PresentPushDeps {
  readonly pages: Pick<Pages, 'get'>
  readonly reader: Pick<SyncedReader, 'conversationsByKey' | 'contactsByKey' | 'messagesByKey'>
  readonly nowMs: number
}

/** A succeeded page update: its result, and the page as it stands now. */
export async function presentPagePush(row: CommandRow, page: PageRow, { pages }: PresentPushDeps): Promise<Members> {
  const now = (await pages.get(row.tenant_id, row.page_id)) ?? page
  return { ...row.result, page: presentPage(now) }
}

/** A succeeded push of a conversation: its result, and the conversation as it stands now. */
export async function presentConversationPush(
  row: CommandRow,
  conversation: ConversationRow,
  { reader, nowMs }: PresentPushDeps,
): Promise<Members> {
  const [now = conversation] = await reader.conversationsByKey([conversation._id])
  const names = await findParticipantNames(reader, [now])
  return { ...row.result, conversation: presentConversation(now, nowMs, names.get(now._id)) }
}

/** A succeeded send: its result, with the message as it stands now instead of words about it. */
export async function presentSend(row: CommandRow, page: PageRow, deps: PresentPushDeps): Promise<Members> {
  return { ...row.result, message: await sentMessage(row, page, deps) }
}

async function sentMessage(
  { result }: CommandRow,
  page: PageRow,
  { reader }: PresentPushDeps,
): Promise<Message | null> {
  const mid = result?.facebook_message_id
  if (typeof mid !== 'string') return null
  const [message] = await reader.messagesByKey([messageKey(page.id, canonicalMid(mid))])
  const [conversation] = message ? await reader.conversationsByKey([message.conversation_key]) : []
  // Facebook has it, and `facebook_message_id` says so: but somebody erased the person here in between.
  if (!message || !conversation) return null
  const names = await findParticipantNames(reader, [conversation])
  const participantName = conversation.participant_name ?? names.get(conversation._id) ?? null
  return presentMessage(message, { conversation, participantName, pageName: page.name })
}
