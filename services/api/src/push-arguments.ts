import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { CommandType } from '@pagesync/shared/model/command.ts'
import { type ArgumentsContext, argumentProblems } from '@pagesync/shared/model/command-arguments.ts'
import type { Caller } from './caller.ts'

type Arguments = Readonly<Record<string, unknown>>

/**
 * What the caller wrote as the arguments of a send. A key with `push:human` says that people write through it: then
 * HUMAN_AGENT may be used, and automations are silent in the conversation for a while.
 */
export function pushArguments(caller: Caller, given: unknown): Arguments {
  const args = (given ?? {}) as Arguments
  if (speaksForPeople(caller)) return { ...args, human: true }
  refuseHumanAgent(caller, args)
  return args
}

const speaksForPeople = ({ requester, scopes }: Caller): boolean =>
  requester.kind === 'person' || scopes.includes('push:human')

/** @throws AppError FORBIDDEN for the tag HUMAN_AGENT of whoever may not use it */
export function refuseHumanAgent(caller: Caller, args: Arguments): void {
  if (args.tag !== 'HUMAN_AGENT' || speaksForPeople(caller)) return
  throw new AppError('FORBIDDEN', 'HUMAN_AGENT is for messages that a person wrote: the key has not push:human')
}

/** What is wrong with arguments that fit their schema; the same that the worker asks of commands from the topic. */
export function argumentsRefusal(
  type: CommandType,
  args: Arguments,
  { caller, ...context }: Omit<ArgumentsContext, 'requestedBy'> & { readonly caller: Caller },
): AppError | null {
  const problems = argumentProblems(type, args, { ...context, requestedBy: caller.requester })
  const [first] = problems
  return first ? new AppError('VALIDATION_FAILED', `${first.path}: ${first.message}`, { problems }) : null
}
