import { AppError, type FieldProblem } from '@pagesync/shared/errors/app-error.ts'
import type { CommandType } from '@pagesync/shared/model/command.ts'
import { argumentProblems, type SendArguments } from '@pagesync/shared/model/command-arguments.ts'
import { isPublicUrl } from '@pagesync/shared/security/public-url.ts'
import type { Caller } from './caller.ts'

type Arguments = Readonly<Record<string, unknown>>

/**
 * What the caller wrote as the arguments of a send. A key with `push:human` says that people write through it: then
 * HUMAN_AGENT may be used, and automations are silent in the conversation for a while.
 */
export function pushArguments(caller: Caller, given: unknown): Arguments {
  const args = (given ?? {}) as Arguments
  if (caller.requester.kind === 'person' || caller.scopes.includes('push:human')) return { ...args, human: true }
  if (args.tag !== 'HUMAN_AGENT') return args
  throw new AppError('FORBIDDEN', 'HUMAN_AGENT is for messages that a person wrote: the key has not push:human')
}

/** What is wrong with arguments that fit their schema; the same that the worker asks of commands from the topic. */
export function argumentsRefusal(
  type: CommandType,
  args: Arguments,
  context: {
    readonly nowMs: number
    readonly caller: Caller
    readonly hasConversation: boolean
    readonly allowPrivateUrls: boolean
  },
): AppError | null {
  const { nowMs, caller, hasConversation, allowPrivateUrls } = context
  const problems = [
    ...argumentProblems(type, args, { nowMs, requestedBy: caller.requester, hasConversation }),
    ...(allowPrivateUrls ? [] : urlProblems(args)),
  ]
  const [first] = problems
  return first ? new AppError('VALIDATION_FAILED', `${first.path}: ${first.message}`, { problems }) : null
}

/** Facebook fetches what a message shows: from addresses that are everybody's, never from within somebody's network. */
function urlProblems({ attachment, quick_replies }: Partial<SendArguments>): FieldProblem[] {
  const urls: (readonly [path: string, url: string | undefined])[] = [
    ['/attachment/url', attachment?.url],
    ...(quick_replies ?? []).map(({ image_url }, i) => [`/quick_replies/${i}/image_url`, image_url] as const),
  ]
  return urls
    .filter(([, url]) => url !== undefined && !isPublicUrl(url))
    .map(([path]) => ({ path, message: 'must be a public https address' }))
}
