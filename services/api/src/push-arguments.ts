import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { CommandType } from '@pagesync/shared/model/command.ts'
import { argumentProblems } from '@pagesync/shared/model/command-arguments.ts'
import type { Caller } from './caller.ts'

type Arguments = Readonly<Record<string, unknown>>

/** What the caller wrote as the command's arguments; a message under HUMAN_AGENT says that a person writes it. */
export function pushArguments(caller: Caller, given: unknown): Arguments {
  const args = (given ?? {}) as Arguments
  if (args.tag !== 'HUMAN_AGENT') return args
  if (!caller.scopes.includes('push:human'))
    throw new AppError('FORBIDDEN', 'HUMAN_AGENT is for messages that a person wrote: the key has not push:human')
  return { ...args, human: true }
}

/** What is wrong with arguments that fit their schema; the same that the worker asks of commands from the topic. */
export function argumentsRefusal(
  type: CommandType,
  args: Arguments,
  context: { readonly nowMs: number; readonly caller: Caller; readonly hasConversation: boolean },
): AppError | null {
  const { nowMs, caller, hasConversation } = context
  const problems = argumentProblems(type, args, { nowMs, requestedBy: caller.requester, hasConversation })
  const [first] = problems
  return first ? new AppError('VALIDATION_FAILED', `${first.path}: ${first.message}`, { problems }) : null
}
