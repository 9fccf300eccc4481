import type { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { CommandType } from '@pagesync/shared/model/command.ts'
import type { Ledger } from '@pagesync/shared/store/repositories/ledger.ts'
import type { CommandRow, ConversationRow, PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import { answerCommand } from './answer-command.ts'
import { callerOf } from './caller.ts'
import { idempotencyKeyOf } from './idempotency-key.ts'
import { readPrefer } from './prefer.ts'
import type { SubmitCommand } from './submit-command.ts'
import type { CommandWaiters } from './wait-for-command.ts'

export interface CommandTarget {
  readonly page: PageRow
  readonly conversation?: ConversationRow
  readonly type: CommandType
  readonly arguments?: Readonly<Record<string, unknown>>
  /** Why this cannot be asked for now. A key that stands for a command already gets that command all the same. */
  readonly refusal?: (nowMs: number) => AppError | null
  readonly expiresMs?: number
  /** What a succeeded command answers beside `success`, where that is more than its result. */
  readonly present?: (row: CommandRow) => Promise<Readonly<Record<string, unknown>>>
}

/** Does what every request that makes a command does: submits it, waits as the caller prefers, answers. */
export type RunCommand = (request: FastifyRequest, reply: FastifyReply, target: CommandTarget) => Promise<FastifyReply>

export interface RunCommandDeps {
  readonly submit: SubmitCommand
  readonly waiters: CommandWaiters
  readonly ledger: Pick<Ledger, 'getByKey'>
  readonly defaultWaitMs: number
  readonly commandsPath: string
}

export function createRunCommand(deps: RunCommandDeps): RunCommand {
  const { submit, waiters, ledger, defaultWaitMs, commandsPath } = deps

  const outcomeOf = async (row: CommandRow, waitMs: number, reply: FastifyReply): Promise<CommandRow> => {
    const ended = await waiters.wait(row._id, { timeoutMs: waitMs, signal: goneSignal(reply) })
    if (ended || waitMs === 0) return ended ?? row
    // What is told of a command that goes on is how it stands now; that it was accepted holds in any case.
    return (await ledger.getByKey(row._id).catch(() => undefined)) ?? row
  }

  return async function runCommand(request, reply, target) {
    const { page, conversation, type, arguments: args = {}, refusal, expiresMs, present } = target
    const preference = readPrefer(headerText(request.headers.prefer), defaultWaitMs)
    const accepted = await submit({
      page,
      ...(conversation ? { conversation } : {}),
      type,
      arguments: args,
      requester: callerOf(request).requester,
      trigger: 'api',
      limited: true,
      idempotencyKey: idempotencyKeyOf(request),
      ...(refusal ? { refusal } : {}),
      ...(expiresMs === undefined ? {} : { expiresMs }),
      traceparent: headerText(request.headers.traceparent),
    })
    const row = await outcomeOf(accepted, preference.waitMs, reply)
    return answerCommand(request, reply, {
      row,
      members: row.state === 'succeeded' && present ? await present(row) : row.result,
      conversationId: conversation?.id ?? null,
      preference,
      location: `${commandsPath}/${row.command_id}`,
    })
  }
}

/** Fires when the connection is gone before the answer was written. */
function goneSignal(reply: FastifyReply): AbortSignal {
  const gone = new AbortController()
  reply.raw.once('close', () => gone.abort())
  return gone.signal
}

function headerText(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(', ') : header
}
