import type { ErrorCode } from '@pagesync/shared/errors/error-table.ts'
import { type TSchema, Type } from '@sinclair/typebox'
import { COMMAND_ERRORS, CommandHeaders, CommandRunning, errors, success } from './route-shapes.ts'
import { PULL_RESULTS } from './views/pull-results.ts'

type PullType = keyof typeof PULL_RESULTS

const DESCRIPTION =
  'A command: answers when it is done, or 202 when that takes longer than the caller waits. ' +
  'Equal pulls that are still running share one command.'

/** What the schema of every pull has: its headers, its answers, its errors. */
export function pullSchema(type: PullType, summary: string) {
  const notFound: ErrorCode = type.startsWith('page.') ? 'PAGE_NOT_FOUND' : 'CONVERSATION_NOT_FOUND'
  const response: Record<number, TSchema | object> = {
    200: success(PULL_RESULTS[type], { description: 'Done' }),
    202: CommandRunning,
    ...errors('sync', [notFound, ...COMMAND_ERRORS]),
  }
  if (type === 'page.full_sync')
    response[207] = Type.Object(
      { success: Type.Literal(false), ...PULL_RESULTS[type] },
      { description: 'A part failed: `sync_results.errors` says which; what did work is kept' },
    )
  return { tags: ['sync'], summary, description: DESCRIPTION, headers: CommandHeaders, response }
}
