import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { PrivateReplyArguments } from '@pagesync/shared/model/command-arguments.ts'
import { canonicalMid } from '@pagesync/shared/model/message-id.ts'
import { sendKey } from '@pagesync/shared/model/send-reference.ts'
import { mergeRows } from '@pagesync/shared/store/merge-rows.ts'
import { type CommentRow, commentKey, messageKey } from '@pagesync/shared/store/repositories/rows.ts'
import type { Operation, OperationContext } from '../commands/operation.ts'
import { deliverParts } from './deliver-parts.ts'
import { recordSentMessage } from './record-sent-message.ts'
import { refuseCalledOff } from './refuse-called-off.ts'

/** "Activity already replied to". */
const ALREADY_REPLIED = 10900

/** Answers a comment under one of the page's posts with a message to whoever wrote it. Facebook allows one for each comment. */
export const sendPrivateReply: Operation = async (context) => {
  const { comment_id: commentId, message: text } = context.command.arguments as PrivateReplyArguments
  const key = commentKey(context.page.id, commentId)
  const sent = await deliverParts(
    {
      parts: [{ message: { text }, text, attachmentTypes: [], attachments: [] }],
      recipient: { comment_id: commentId },
      options: {},
      mayCall: () => mayCall(context),
      record: async (part) => {
        const psid = part.psid ?? (await psidOfEcho(part.reference, context))
        if (part.mid !== null && psid !== null) await recordSentMessage(part, part.mid, psid, context)
        await markReplied(key, part.atMs, context)
      },
      isThereAlready: ({ facebook }) => facebook?.code === ALREADY_REPLIED,
    },
    context,
  )
  if ('unconfirmed' in sent) return sent
  const [mid = null] = sent.mids
  return {
    result: {
      message: 'Private reply sent',
      outcome: mid === null ? 'applied_remote_unverified' : 'applied_remote',
      facebook_message_id: mid,
    },
  }
}

/** @throws AppError PAGE_REAUTH_REQUIRED; COMMAND_EXPIRED; see `refuseCalledOff` */
async function mayCall(context: OperationContext): Promise<void> {
  const { command, clock, connected } = context
  if (!connected) throw new AppError('PAGE_REAUTH_REQUIRED', 'The page must be connected again first')
  if (command.expires_ms <= clock.now())
    throw new AppError('COMMAND_EXPIRED', 'The command expired before it could be sent')
  await refuseCalledOff(context)
}

/** The echo's message row names its conversation; it is there before the echo is noted. */
async function psidOfEcho(
  reference: string,
  { echoes, command, synced, page }: OperationContext,
): Promise<string | null> {
  const echo = await echoes.get(sendKey(command.tenant_id, reference))
  if (!echo) return null
  const [row] = await synced.messages.getMany([messageKey(page.id, canonicalMid(echo.mid))])
  return row ? row.conversation_key.slice(`${page.id}:`.length) : null
}

async function markReplied(key: string, atMs: number, { synced, command, signal }: OperationContext): Promise<void> {
  await mergeRows<CommentRow, number>({
    collection: synced.comments,
    incoming: new Map([[key, [atMs]]]),
    expect: 'existing',
    signal,
    fold: (row) =>
      row && row.replied_by === null ? { ...row, replied_by: command.command_id, replied_ms: atMs } : row,
  })
}
