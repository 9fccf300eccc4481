import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { SendArguments } from '@pagesync/shared/model/command-arguments.ts'
import { TEXT_LENGTH_MAX } from '@pagesync/shared/model/command-arguments.ts'
import { replyWindowEndMs } from '@pagesync/shared/model/reply-window.ts'
import { type ConversationRow, conversationKey } from '@pagesync/shared/store/repositories/rows.ts'
import { personErased } from '@pagesync/shared/store/repositories/tombstones.ts'
import type { Operation, OperationContext } from '../commands/operation.ts'
import { deliverParts } from './deliver-parts.ts'
import { nameReader } from './name-reader.ts'
import { recordSentMessage } from './record-sent-message.ts'
import { refuseCalledOff } from './refuse-called-off.ts'
import { NOTHING_SENT, type SendPart, type SendState } from './send-state.ts'
import { splitText } from './split-text.ts'

/** Sends a message to a person: a text (in parts, if asked for), or an attachment by its address. */
export const sendMessage: Operation = async (context) => {
  const args = context.command.arguments as SendArguments
  const { psid, conversation } = await findRecipient(args, context)
  const text = await namingText(args, psid, context)
  const sent = await deliverParts(
    {
      ...(text === undefined ? {} : { begin: { ...NOTHING_SENT, text } }),
      parts: partsOf(text === undefined ? args : { ...args, message: text }),
      recipient: { id: psid },
      options: {
        messagingType: args.messaging_type ?? (args.tag === undefined ? 'RESPONSE' : 'MESSAGE_TAG'),
        ...(args.tag === undefined ? {} : { tag: args.tag }),
        ...(args.reply_to === undefined ? {} : { replyTo: args.reply_to }),
      },
      mayCall: () => mayCall(args, conversation, context),
      record: async (part) => {
        if (part.mid !== null) await recordSentMessage(part, part.mid, psid, context)
      },
      isThereAlready: () => false,
    },
    context,
  )
  if ('unconfirmed' in sent) return sent
  await context.noteFaqSend(context.command, context.clock.now())
  return {
    result: {
      message: 'Message sent',
      outcome: 'applied_remote',
      facebook_message_id: sent.mids.at(-1) ?? null,
      facebook_message_ids: sent.mids,
    },
  }
}

/** Of a reply that is to name who reads it: what was begun stays as it was. Undefined for all others. */
async function namingText(
  { message, template }: SendArguments,
  psid: string,
  context: OperationContext,
): Promise<string | undefined> {
  if (template === undefined) return undefined
  const begun = (context.command.checkpoint as SendState | null)?.text
  return begun ?? (await nameReader(template, psid, context)) ?? message
}

async function findRecipient(
  { recipient_id }: SendArguments,
  { command, page, synced, keepOut }: OperationContext,
): Promise<{ readonly psid: string; readonly conversation: ConversationRow | undefined }> {
  const key = command.conversation_key ?? (recipient_id === undefined ? null : conversationKey(page.id, recipient_id))
  const [conversation] = key === null ? [] : await synced.conversations.getMany([key])
  const psid = conversation?.psid ?? (command.conversation_key === null ? recipient_id : undefined)
  if (psid === undefined)
    throw new AppError('RECIPIENT_UNAVAILABLE', 'The conversation has not exactly one person to send to', {
      status: 409,
    })
  if (await keepOut.isErased(page, psid)) throw personErased()
  return { psid, conversation }
}

/** @throws AppError COMMAND_EXPIRED; MESSAGE_WINDOW_CLOSED where that is known without asking Facebook; see `refuseCalledOff` */
async function mayCall(
  { tag }: SendArguments,
  conversation: ConversationRow | undefined,
  context: OperationContext,
): Promise<void> {
  const { command, clock, connected } = context
  const now = clock.now()
  if (!connected) throw new AppError('PAGE_REAUTH_REQUIRED', 'The page must be connected again first')
  const lastCustomerMs = conversation?.last_customer_ms ?? null
  if (lastCustomerMs !== null && now >= replyWindowEndMs(lastCustomerMs, tag === 'HUMAN_AGENT'))
    throw new AppError('MESSAGE_WINDOW_CLOSED', "The reply window has closed since the person's last message", {
      status: 409,
    })
  if (command.expires_ms <= now) throw new AppError('COMMAND_EXPIRED', 'The command expired before it could be sent')
  await refuseCalledOff(context)
}

function partsOf({ message, attachment, quick_replies, split }: SendArguments): SendPart[] {
  const extras = quick_replies === undefined ? {} : { quick_replies }
  if (attachment !== undefined) {
    const { type, url } = attachment
    const payload = { attachment: { type, payload: { url, is_reusable: false } }, ...extras }
    return [{ message: payload, text: null, attachmentTypes: [type], attachments: [{ type, url }] }]
  }
  const texts = split === true ? splitText(message ?? '', TEXT_LENGTH_MAX) : [message ?? '']
  return texts.map((text, i) => ({
    // What can be tapped belongs under the last words.
    message: { text, ...(i === texts.length - 1 ? extras : {}) },
    text,
    attachmentTypes: [],
    attachments: [],
  }))
}
