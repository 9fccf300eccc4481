import { CommandState, CommandType } from '@pagesync/shared/model/command.ts'
import type { CommandRow } from '@pagesync/shared/store/repositories/rows.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { type Caller, callerOf, mayUsePage } from '../caller.ts'
import { commandSource, readCommands } from '../command-source.ts'
import { conversationIdsOf } from '../conversation-ids.ts'
import { CommandParams, errors, list, listQuery, success } from '../route-shapes.ts'
import { Command, presentCommand, presentTransitions } from '../views/command.ts'
import { Id, named } from '../views/shapes.ts'

const Filters = {
  page_id: Type.Optional(Id),
  state: Type.Optional(CommandState),
  kind: Type.Optional(CommandType),
}

export const registerCommands: RegisterRoutes = (api, { ledger, reader, ownership }) => {
  api.get(
    '/commands',
    {
      config: { access: 'read' },
      schema: {
        tags: ['commands'],
        summary: 'List what was asked for, and what became of it',
        description:
          'Without their results. With a filter a page of the list may be short, even empty, and still have a `next_cursor`.',
        querystring: listQuery('newest', Filters),
        response: { 200: list('commands', Command), ...errors('read', ['PAGE_NOT_FOUND']) },
      },
    },
    async (request) => {
      const caller = callerOf(request)
      const { sort = 'newest', page_id: pageId, state, kind } = request.query
      if (pageId !== undefined) await ownership.page(caller, pageId)
      const { rows, nextCursor } = await readCommands(
        { ...request.query, sort },
        commandSource(ledger, {
          tenantId: caller.tenantId,
          pageId: pageId ?? null,
          sort,
          keep: commandFilter(caller, state, kind),
        }),
      )
      const ids = await conversationIdsOf(reader, rows)
      const commands = rows.map((row) => withoutResult(presentCommand(row, ids.get(row.conversation_key) ?? null)))
      return { success: true as const, commands, next_cursor: nextCursor }
    },
  )

  api.get(
    '/commands/:id',
    {
      config: { access: 'read' },
      schema: {
        tags: ['commands'],
        summary: 'Show a command with every state that it had',
        params: CommandParams,
        response: { 200: success({ command: named(Command) }), ...errors('read', ['COMMAND_NOT_FOUND']) },
      },
    },
    async (request) => {
      const row = await ownership.command(callerOf(request), request.params.id)
      const ids = await conversationIdsOf(reader, [row])
      const command = presentCommand(row, ids.get(row.conversation_key) ?? null)
      return { success: true as const, command: { ...command, transitions: presentTransitions(row) } }
    },
  )
}

/** A full sync's result names a thousand conversations: too much for a list, it stands in the command itself. */
function withoutResult({ result: _result, ...command }: Command): Command {
  return command
}

/** Undefined: nothing is filtered. */
function commandFilter(
  caller: Caller,
  state: string | undefined,
  kind: string | undefined,
): ((row: CommandRow) => boolean) | undefined {
  if (caller.pageIds === null && state === undefined && kind === undefined) return undefined
  return (row) =>
    mayUsePage(caller, row.page_id) &&
    (state === undefined || row.state === state) &&
    (kind === undefined || row.type === kind)
}
