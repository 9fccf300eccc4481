import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { ERROR_TABLE, type ErrorCode } from '@pagesync/shared/errors/error-table.ts'
import { sendProblem } from '@pagesync/shared/http/create-server.ts'
import { isFinal } from '@pagesync/shared/model/command.ts'
import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { FastifyReply, FastifyRequest } from 'fastify'
import type { WaitPreference } from './prefer.ts'
import { presentCommand } from './views/command.ts'

export interface CommandAnswer {
  readonly row: CommandRow
  /** Beside `success`, once there is a result. */
  readonly members: Readonly<Record<string, unknown>> | null
  readonly conversationId: number | null
  /** For `Preference-Applied`. */
  readonly preference: WaitPreference
  readonly location: string
}

/** Answers as the command stands: its result, its failure, or 202 while it has neither. */
export function answerCommand(request: FastifyRequest, reply: FastifyReply, answer: CommandAnswer): FastifyReply {
  const { row, members, preference } = answer
  if (preference.applied !== null) void reply.header('preference-applied', preference.applied)
  if (!isFinal(row.state)) return answerRunning(reply, answer)
  if (row.state === 'succeeded') return answerResult(reply, 200, { success: true, ...members })
  if (row.state === 'partially_succeeded') return answerResult(reply, 207, { success: false, ...members })
  const command = presentCommand(row, answer.conversationId)
  return sendProblem(failureOf(row), request, reply, { command })
}

function answerRunning(reply: FastifyReply, answer: CommandAnswer): FastifyReply {
  const { row, conversationId, location, preference } = answer
  void reply.header('location', location)
  // Also who preferred nothing is told how long was waited.
  if (preference.applied === null) void reply.header('preference-applied', `wait=${preference.waitMs / 1000}`)
  return answerResult(reply, 202, {
    success: true,
    status: 'running',
    command: presentCommand(row, conversationId),
  })
}

/** The worker made the result: it goes out as it stands, whatever members it has beside those that the documents name. */
function answerResult(reply: FastifyReply, status: number, body: Readonly<Record<string, unknown>>): FastifyReply {
  return reply
    .code(status)
    .header('content-type', 'application/json; charset=utf-8')
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send(body)
}

export function failureOf(row: CommandRow): AppError {
  if (row.state === 'cancelled') return new AppError('COMMAND_CANCELLED', 'The command was cancelled')
  if (row.state === 'expired') return new AppError('COMMAND_EXPIRED', 'The command expired before it could run')
  const { failure } = row
  if (failure === null) return new AppError('INTERNAL', 'The command failed without a reason')
  // A code that only a newer worker knows stands in the command's own `error`.
  const code = failure.code in ERROR_TABLE ? (failure.code as ErrorCode) : 'INTERNAL'
  return new AppError(code, failure.message, {
    status: failure.status,
    ...(failure.facebook ? { facebook: failure.facebook } : {}),
  })
}
