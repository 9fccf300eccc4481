import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { commandChange } from '@pagesync/shared/model/command-change.ts'
import { retriedRow } from '@pagesync/shared/store/repositories/cancel-and-retry.ts'
import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'
import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import type { ApiContext, RegisterRoutes } from '../api-context.ts'
import { type Caller, callerOf } from '../caller.ts'
import { conversationIdsOf } from '../conversation-ids.ts'
import { refuseHumanAgent } from '../push-arguments.ts'
import { CommandParams, CommandRunning, errors, success } from '../route-shapes.ts'
import { Command, presentCommand } from '../views/command.ts'
import { named } from '../views/shapes.ts'

const Nothing = Type.Object({}, { additionalProperties: false })
const ERRORS = ['COMMAND_NOT_FOUND', 'PAYLOAD_TOO_LARGE', 'UNSUPPORTED_MEDIA_TYPE', 'WRITE_CONFLICT'] as const

export const registerCommandActs: RegisterRoutes = (api, context) => {
  const { ledger, clock, publishCommand } = context
  api.post(
    '/commands/:id/cancel',
    {
      config: { access: 'sync', optionalBody: true },
      schema: {
        tags: ['commands'],
        summary: 'Cancel a command that waits, or a pull that runs',
        description: 'A push needs the scope `push` as well. What a person may have seen by then cannot be cancelled.',
        params: CommandParams,
        body: Nothing,
        response: { 200: success({ command: named(Command) }), ...errors('sync', [...ERRORS, 'NOT_CANCELLABLE']) },
      },
    },
    async (request) => {
      const caller = callerOf(request)
      const row = await ownedCommand(caller, request.params.id, context)
      const { row: cancelled, byThis } = await ledger.cancel(row, { by: caller.requester.id, nowMs: clock.now() })
      if (byThis) await Promise.all([tell(cancelled, request, context), count(cancelled, request, context)])
      return { success: true as const, command: await present(cancelled, context) }
    },
  )

  api.post(
    '/commands/:id/retry',
    {
      config: { access: 'sync', optionalBody: true },
      schema: {
        tags: ['commands'],
        summary: 'Let a command that failed, expired or was cancelled run again',
        description:
          "From where it was. A push needs the scope `push` as well, one with HUMAN_AGENT `push:human`; a pull counts against the page's limits as if it were asked for anew.",
        params: CommandParams,
        body: Nothing,
        response: { 202: CommandRunning, ...errors('sync', [...ERRORS, 'NOT_RETRYABLE']) },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request)
      const row = await ownedCommand(caller, request.params.id, context)
      refuseHumanAgent(caller, row.arguments)
      const retried = await retry(row, caller, context)
      await tell(retried, request, context)
      const command = await present(retried, context)
      // Workers find it in the ledger as well; the topic wakes them.
      publishCommand(retried, command.conversation_id, undefined)
      void reply.header('location', request.url.replace(/\/retry$/, ''))
      return reply.code(202).send({ success: true as const, status: 'running' as const, command })
    },
  )
}

async function ownedCommand(caller: Caller, id: string, { ownership }: ApiContext): Promise<CommandRow> {
  const row = await ownership.command(caller, id)
  if (row.lane === 'push' && !caller.scopes.includes('push'))
    throw new AppError('FORBIDDEN', 'The key has not the scope push')
  return row
}

/** What does not run again gives its place back. */
async function retry(
  row: CommandRow,
  { requester }: Caller,
  { ledger, pages, takePlace, clock }: ApiContext,
): Promise<CommandRow> {
  const act = { by: requester.id, nowMs: clock.now() }
  // What cannot run again is told so whatever the limits are.
  retriedRow(row, act)
  const page = await pages.get(row.tenant_id, row.page_id)
  if (!page) throw new AppError('COMMAND_NOT_FOUND', `There is no command ${row.command_id}`)
  const place = await takePlace(page, row.type, act.nowMs)
  if (place.refusal !== null) throw place.refusal
  try {
    return await ledger.retry(row, act)
  } catch (error) {
    await place.giveBack()
    throw error
  }
}

/** Those who wait for the command are woken by the change, or read the ledger by themselves a moment later. */
async function tell(row: CommandRow, request: FastifyRequest, { announce, clock }: ApiContext): Promise<void> {
  try {
    await announce([commandChange(row, clock.now())])
  } catch (err) {
    request.log.warn({ err, command_id: row.command_id }, 'what became of a command was not announced')
  }
}

/** A failure costs a number, not the answer. */
async function count(row: CommandRow, request: FastifyRequest, { countEnded }: ApiContext): Promise<void> {
  try {
    await countEnded(row)
  } catch (err) {
    request.log.warn({ err, command_id: row.command_id }, 'a cancelled command was not counted')
  }
}

async function present(row: CommandRow, { reader }: ApiContext): Promise<Command> {
  const ids = await conversationIdsOf(reader, [row])
  return presentCommand(row, ids.get(row.conversation_key) ?? null)
}
