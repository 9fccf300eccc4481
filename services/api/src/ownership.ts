import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { ERROR_TABLE, type ErrorCode } from '@pagesync/shared/errors/error-table.ts'
import type { Accounts } from '@pagesync/shared/store/repositories/accounts.ts'
import type { AutomaticReplies } from '@pagesync/shared/store/repositories/automatic-replies.ts'
import type {
  AutomaticReplyRow,
  AutomationRow,
  FaqRow,
  InstantReplyRow,
  KeywordRow,
} from '@pagesync/shared/store/repositories/automation-rows.ts'
import type { Automations } from '@pagesync/shared/store/repositories/automations.ts'
import type { AccountRow } from '@pagesync/shared/store/repositories/connection-rows.ts'
import type { DeadLetterBox } from '@pagesync/shared/store/repositories/dead-letter-box.ts'
import type { DeadLetterRow } from '@pagesync/shared/store/repositories/dead-letters.ts'
import type { Ledger } from '@pagesync/shared/store/repositories/ledger.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import type {
  CommandRow,
  CommentRow,
  ContactRow,
  ConversationRow,
  PageRow,
} from '@pagesync/shared/store/repositories/rows.ts'
import type { SyncedReader } from '@pagesync/shared/store/repositories/synced.ts'
import { type Caller, mayUsePage } from './caller.ts'

/**
 * The only way from an id to a row. What belongs to another tenant, or to a page that the key is not for, is not
 * there: the same 404 as for an id that was never given.
 */
export interface Ownership {
  page(caller: Caller, id: number): Promise<PageRow>
  account(caller: Caller, id: number): Promise<AccountRow>
  /** With its page, since a conversation is never of use without it. */
  conversation(caller: Caller, id: number): Promise<{ readonly conversation: ConversationRow; readonly page: PageRow }>
  contact(caller: Caller, id: number): Promise<ContactRow>
  /** With its page. */
  comment(caller: Caller, id: number): Promise<{ readonly comment: CommentRow; readonly page: PageRow }>
  automation(caller: Caller, id: number): Promise<AutomationRow>
  instantReply(caller: Caller, id: number): Promise<InstantReplyRow>
  keyword(caller: Caller, id: number): Promise<KeywordRow>
  faq(caller: Caller, id: number): Promise<FaqRow>
  /** A reply that gave the answer of an FAQ. */
  faqLog(caller: Caller, id: number): Promise<AutomaticReplyRow>
  command(caller: Caller, id: string): Promise<CommandRow>
  /** Null: the operator, who sees everybody's and those of nobody. */
  deadLetter(caller: Caller | null, id: string): Promise<DeadLetterRow>
}

export interface OwnershipDeps {
  readonly pages: Pick<Pages, 'get'>
  readonly accounts: Pick<Accounts, 'get'>
  readonly reader: Pick<SyncedReader, 'conversation' | 'contact' | 'comment'>
  readonly ledger: Pick<Ledger, 'get'>
  readonly rules: Pick<Automations, 'automations' | 'instantReplies' | 'keywords' | 'faqs'>
  readonly replies: Pick<AutomaticReplies, 'get'>
  readonly deadLetters: Pick<DeadLetterBox, 'get'>
}

export function createOwnership(deps: OwnershipDeps): Ownership {
  const { pages, accounts, reader, ledger, deadLetters, rules, replies } = deps
  const findPage = async (caller: Caller, id: number): Promise<PageRow | undefined> =>
    mayUsePage(caller, id) ? pages.get(caller.tenantId, id) : undefined

  return {
    async page(caller, id) {
      const page = await findPage(caller, id)
      if (!page) throw new AppError('PAGE_NOT_FOUND', `There is no page ${id}`)
      return page
    },
    async account(caller, id) {
      const account = await accounts.get(caller.tenantId, id)
      if (!account) throw new AppError('ACCOUNT_NOT_FOUND', `There is no account ${id}`)
      return account
    },
    async conversation(caller, id) {
      const conversation = await reader.conversation(caller.tenantId, id)
      const page = conversation && (await findPage(caller, conversation.page_id))
      if (!conversation || !page) throw new AppError('CONVERSATION_NOT_FOUND', `There is no conversation ${id}`)
      return { conversation, page }
    },
    async contact(caller, id) {
      const contact = await reader.contact(caller.tenantId, id)
      if (!contact || !mayUsePage(caller, contact.page_id))
        throw new AppError('CONTACT_NOT_FOUND', `There is no contact ${id}`)
      return contact
    },
    async comment(caller, id) {
      const comment = await reader.comment(caller.tenantId, id)
      const page = comment && (await findPage(caller, comment.page_id))
      if (!comment || !page) throw new AppError('COMMENT_NOT_FOUND', `There is no comment ${id}`)
      return { comment, page }
    },
    automation: async (caller, id) =>
      usable(caller, await rules.automations.get(caller.tenantId, id), 'AUTOMATION_NOT_FOUND', id),
    instantReply: async (caller, id) =>
      usable(caller, await rules.instantReplies.get(caller.tenantId, id), 'INSTANT_REPLY_NOT_FOUND', id),
    keyword: async (caller, id) =>
      usable(caller, await rules.keywords.get(caller.tenantId, id), 'KEYWORD_NOT_FOUND', id),
    faq: async (caller, id) => usable(caller, await rules.faqs.get(caller.tenantId, id), 'FAQ_NOT_FOUND', id),
    async faqLog(caller, id) {
      const reply = await replies.get(caller.tenantId, id)
      return usable(caller, reply?.part === 'faq' ? reply : undefined, 'FAQ_LOG_NOT_FOUND', id)
    },
    async command(caller, id) {
      const command = await ledger.get(caller.tenantId, id)
      if (!command || !mayUsePage(caller, command.page_id))
        throw new AppError('COMMAND_NOT_FOUND', `There is no command ${id}`)
      return command
    },
    async deadLetter(caller, id) {
      const letter = await deadLetters.get(id)
      if (!letter || (caller !== null && letter.tenant_id !== caller.tenantId))
        throw new AppError('DEAD_LETTER_NOT_FOUND', `There is no dead letter ${id}`)
      return letter
    },
  }
}

function usable<T extends { readonly page_id: number }>(
  caller: Caller,
  row: T | undefined,
  code: ErrorCode,
  id: number,
): T {
  if (row && mayUsePage(caller, row.page_id)) return row
  throw new AppError(code, `${ERROR_TABLE[code].title}: ${id}`)
}
