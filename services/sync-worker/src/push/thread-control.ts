import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { ThreadControlArguments } from '@pagesync/shared/model/command-arguments.ts'
import type { Operation, OperationContext } from '../commands/operation.ts'
import { commandsConversation } from '../sync/find-conversation.ts'
import { isRefusal } from './mirror-label.ts'
import { untilExpired } from './until-expired.ts'

/** Facebook's own inbox ("Page Inbox"), for "hand it to a person" (Messenger Platform, "Conversation Routing"). */
const PAGE_INBOX_APP_ID = '263902037430900'
const DONE = { take: 'taken', pass: 'passed on', release: 'released' } as const

/** Takes control of a thread from another app, passes it on, or lets go of it. Who has it then is read back. */
export const controlThread: Operation = async (context) => {
  const { action, target_app_id, metadata } = context.command.arguments as ThreadControlArguments
  const { psid } = await commandsConversation(context)
  if (psid === null)
    throw new AppError('NOT_SUPPORTED_BY_FACEBOOK', 'Only a conversation with exactly one person has a controlling app')
  const targetAppId = action === 'pass' ? (target_app_id ?? PAGE_INBOX_APP_ID) : undefined
  const control = {
    action,
    psid,
    ...(targetAppId ? { targetAppId } : {}),
    ...(metadata === undefined ? {} : { metadata }),
  }
  const wanted = action === 'release' ? null : (targetAppId ?? context.pushSettings.appId)
  const refusal = await untilExpired(context, (guard) => context.writes.threadControl(control, guard)).then(
    () => null,
    (error: unknown) => error,
  )
  if (refusal !== null && !isRefusal(refusal)) throw refusal
  const owner = await ownerOf(psid, context)
  const isAsWanted = owner !== undefined && owner === wanted && (action === 'release' || wanted !== null)
  // What a call whose answer was lost has passed on already cannot be passed on again.
  if (refusal !== null && !isAsWanted) throw refusal
  return {
    result: {
      message: `Thread control ${DONE[action]}`,
      outcome: isAsWanted ? 'applied_remote' : 'applied_remote_unverified',
      owner_app_id: owner ?? null,
    },
  }
}

/** Undefined where Facebook does not let us see it. */
async function ownerOf(psid: string, { writes }: OperationContext): Promise<string | null | undefined> {
  try {
    return await writes.threadOwner(psid)
  } catch (error) {
    if (!isRefusal(error)) throw error
    return undefined
  }
}
