import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { ERROR_TABLE, type ErrorCode } from '@pagesync/shared/errors/error-table.ts'
import { newCommandRow } from '@pagesync/shared/model/command-row.ts'
import { ATTEMPTS_MAX, afterFailure, REAUTH_CHECK_MS } from '@pagesync/sync-worker/commands/after-failure.ts'
import { ERROR_ADVICE } from './error-advice.ts'
import { GENERATED, table } from './markdown.ts'

const INTRODUCTION = `# Errors

Every error answer is \`application/problem+json\` (RFC 9457) with these members beside the standard ones: \`success\`
(always false), \`message\`, \`code\` (decide by this one), \`errors\` (each field that is wrong, as a JSON pointer) and
\`request_id\`; \`facebook\` where Facebook refused, \`command\` where a command failed. Answers with 503 and 504 carry
\`Retry-After\`. The text of a bug (500) is not shown; the log has it under the same \`request_id\`.

\`MESSAGE_WINDOW_CLOSED\` may also come with 409, where it is known before the call.`

const CONSUMERS = `## What the worker does with a record

The consumers of the page events and of the commands handle records in batches; the offset is committed afterwards.

${table(
  ['what went wrong', 'what the worker does'],
  [
    ['A record cannot be decoded', 'a dead letter at once; its partition goes on'],
    [
      'A command is not valid, not ours to run, or about a page that the tenant does not have',
      'a dead letter at once, and `command.rejected` on the changes topic; its partition goes on',
    ],
    ['A page event is about a page that nobody connected', 'it is counted and dropped'],
    [
      'Our own code fails (kinds bug, invalid, permanent)',
      'the records of the batch are handled one by one; one that fails 3 times becomes a dead letter',
    ],
    [
      'Our own code fails on more than half of the last 100 records',
      'the consumer stops and commits nothing more until the process is started anew: a bug must not drain the topic',
    ],
    [
      'The store or the log does not answer, a write stays contended (all other kinds)',
      'the same batch again after 1 to 30 s (exponential, full jitter), for as long as it takes; nothing is skipped',
    ],
  ],
)}`

const SAMPLE = newCommandRow(
  {
    commandId: 'cmd_sample',
    tenantId: 't_sample',
    pageId: 1,
    facebookPageId: '1',
    conversationKey: null,
    type: 'page.full_sync',
    arguments: {},
    requestedBy: { kind: 'system', id: 'docs' },
    trigger: 'api',
  },
  0,
)

/** Asked of the very function that decides it. */
function inCommand(code: ErrorCode): string {
  if (code === 'LEASE_LOST' || code === 'COMMAND_CANCELLED') return 'stops, writes nothing more'
  if (code === 'COMMAND_EXPIRED') return 'ends as expired'
  const error = new AppError(code, '')
  const next = afterFailure({ ...SAMPLE, rev: 1, attempts: 1 }, error, 0, () => 0.5)
  if (next.kind !== 'wait') return 'fails'
  if (next.reason === 'reauth_required') return `waits for a living token (looks every ${REAUTH_CHECK_MS / 1000} s)`
  return next.counted ? `tries again, ${ATTEMPTS_MAX} attempts in all` : 'waits as told, uncounted'
}

export function renderErrors(): string {
  const codes = Object.keys(ERROR_TABLE) as ErrorCode[]
  const rows = codes.map((code) => {
    const { kind, status, title } = ERROR_TABLE[code]
    return [`\`${code}\``, String(status), kind, title, inCommand(code), ERROR_ADVICE[code]]
  })
  const head = ['code', 'HTTP', 'kind', 'title', 'a command that meets it', 'what to do']
  return `${[INTRODUCTION, GENERATED, '## Codes', table(head, rows), CONSUMERS].join('\n\n')}\n`
}
