import type { ErrorCode } from '@pagesync/shared/errors/error-table.ts'
import { COMMAND_ERRORS, CommandHeaders, CommandRunning, errors, success } from './route-shapes.ts'
import { PUSH_RESULTS, type PushType } from './views/push-results.ts'

const DESCRIPTION =
  'A command: answers when it is done, or 202 when that takes longer than the caller waits. `outcome` says how far it ' +
  'reached; what Facebook refused is an error with its words in `facebook`.'

const NOT_FOUND: Readonly<Record<string, ErrorCode>> = {
  page: 'PAGE_NOT_FOUND',
  conversation: 'CONVERSATION_NOT_FOUND',
  comment: 'COMMENT_NOT_FOUND',
}

/** What the schema of every push has: its headers, its answers, its errors. `target` is what its path names. */
export function pushSchema(type: PushType, target: 'page' | 'conversation' | 'comment', summary: string) {
  const notFound = NOT_FOUND[target] as ErrorCode
  return {
    tags: ['push'],
    summary,
    description: DESCRIPTION,
    headers: CommandHeaders,
    response: {
      200: success(PUSH_RESULTS[type], { description: 'Done' }),
      202: CommandRunning,
      ...errors('push', [notFound, ...COMMAND_ERRORS, ...PUSH_ERRORS]),
    },
  }
}

const PUSH_ERRORS: readonly ErrorCode[] = [
  'MESSAGE_WINDOW_CLOSED',
  'RECIPIENT_UNAVAILABLE',
  'THREAD_OWNED_BY_OTHER_APP',
  'POLICY_BLOCKED',
  'NOT_SUPPORTED_BY_FACEBOOK',
]
