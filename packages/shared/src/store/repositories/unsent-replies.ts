import { replyCommandId } from '../../automations/reply-ids.ts'
import type { KnownReply } from './automation-rows.ts'
import { mayHaveReachedSomebody } from './cancel-and-retry.ts'
import type { Ledger } from './ledger.ts'
import { type CommandRow, commandKey, type PageRow } from './rows.ts'

/** What is known of conversations of one or several pages. */
export interface KnownReplies {
  readonly page: Pick<PageRow, 'id' | 'tenant_id'>
  readonly conversationKey: string
  readonly replies: readonly KnownReply[]
}

const UNSENT: ReadonlySet<string> = new Set(['failed', 'expired', 'cancelled'])

/** It ended, and nobody got it. Retried, it is no longer so. */
export const wasNeverSent = (command: CommandRow): boolean =>
  UNSENT.has(command.state) && !mayHaveReachedSomebody(command)

/**
 * The replies without those that nobody got: they use up no cool-down and count towards no limit. Asked of the ledger each
 * time, so that it holds whoever ended the command, and how. What the ledger keeps no more is taken for sent.
 *
 * Answers only the conversations that have such replies.
 */
export async function withoutUnsent(
  known: readonly KnownReplies[],
  ledger: Pick<Ledger, 'getByKeys'>,
): Promise<Map<string, readonly KnownReply[]>> {
  const keyOf = ({ page }: KnownReplies, { answered }: KnownReply): string =>
    commandKey(page.tenant_id, replyCommandId(page.id, answered))
  const keys = known.flatMap((each) => each.replies.map((reply) => keyOf(each, reply)))
  const unsent = new Set((await ledger.getByKeys(keys)).filter(wasNeverSent).map(({ _id }) => _id))
  const sent = new Map<string, readonly KnownReply[]>()
  for (const each of known) {
    const rest = each.replies.filter((reply) => !unsent.has(keyOf(each, reply)))
    if (rest.length < each.replies.length) sent.set(each.conversationKey, rest)
  }
  return sent
}
