import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { PublishBatcher } from '@pagesync/shared/event-log/publish-batcher.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import { continueTrace, toLogRecord } from '@pagesync/shared/model/cloud-event.ts'
import { type Command, type CommandType, newCommandId, type Requester } from '@pagesync/shared/model/command.ts'
import type { NewCommand } from '@pagesync/shared/model/command-row.ts'
import type { IdempotencyKey, Ledger } from '@pagesync/shared/store/repositories/ledger.ts'
import type { CommandRow, ConversationRow, PageRow } from '@pagesync/shared/store/repositories/rows.ts'

export const SOURCE = '/pagesync/api'

export interface CommandRequest {
  readonly page: PageRow
  readonly conversation?: ConversationRow
  readonly type: CommandType
  readonly arguments: Readonly<Record<string, unknown>>
  readonly requester: Requester
  readonly trigger: 'api' | 'reconnect'
  readonly idempotencyKey: IdempotencyKey | null
  readonly traceparent: string | undefined
}

/**
 * Writes the command to the ledger and puts it on the command topic. Answers once it is in the ledger: from then on it
 * will run, since a worker takes up by itself what the topic could not bring (the log may be down).
 *
 * @throws AppError PAGE_REAUTH_REQUIRED when the page's token is dead (no row is made), IDEMPOTENCY_KEY_REUSED,
 * STORE_UNAVAILABLE
 */
export type SubmitCommand = (request: CommandRequest) => Promise<CommandRow>

export interface SubmitCommandDeps {
  readonly ledger: Pick<Ledger, 'accept' | 'acceptOnce' | 'recall'>
  readonly batcher: Pick<PublishBatcher, 'publish'>
  readonly clock: Clock
  readonly logger: Pick<Logger, 'warn'>
}

export function createSubmitCommand({ ledger, batcher, clock, logger }: SubmitCommandDeps): SubmitCommand {
  const publish = (row: CommandRow, request: CommandRequest): void => {
    const record = toLogRecord({
      id: row.command_id,
      type: row.type,
      source: SOURCE,
      timeMs: row.accepted_ms,
      subject: row.facebook_page_id,
      key: row.facebook_page_id,
      value: JSON.stringify(toCommand(row, request.conversation?.id ?? null)),
      traceparent: continueTrace(request.traceparent),
    })
    batcher.publish([record]).catch((err: unknown) => {
      logger.warn({ err, command_id: row.command_id }, 'left a command to the ledger, the event log did not take it')
    })
  }

  return async function submitCommand(request) {
    const { page, idempotencyKey } = request
    const nowMs = clock.now()
    if (page.status === 'reauth_required' || page.status === 'disconnected') {
      // A key that stands for a command already asks for nothing new.
      const known = idempotencyKey && (await ledger.recall(page.tenant_id, idempotencyKey, nowMs))
      if (known) return known
      throw new AppError('PAGE_REAUTH_REQUIRED', `Page ${page.id} must be connected again first`)
    }
    const command = toNewCommand(request, nowMs)
    const { row, created } = idempotencyKey
      ? await ledger.acceptOnce(command, idempotencyKey, nowMs)
      : await ledger.accept(command, nowMs)
    if (created) publish(row, request)
    return row
  }
}

function toNewCommand(request: CommandRequest, nowMs: number): NewCommand {
  const { page, conversation } = request
  return {
    commandId: newCommandId(nowMs),
    tenantId: page.tenant_id,
    pageId: page.id,
    facebookPageId: page.facebook_page_id,
    conversationKey: conversation?._id ?? null,
    type: request.type,
    arguments: request.arguments,
    requestedBy: request.requester,
    trigger: request.trigger,
  }
}

/** The command as the topic has it. Its id makes it run once; the caller's key was for this door alone. */
function toCommand(row: CommandRow, conversationId: number | null): Command {
  return {
    id: row.command_id,
    type: row.type,
    tenant_id: row.tenant_id,
    page_id: row.page_id,
    conversation_id: conversationId,
    arguments: { ...row.arguments },
    requested_by: row.requested_by,
    requested_at: new Date(row.accepted_ms).toISOString(),
    idempotency_key: null,
    not_before: null,
    expires_at: new Date(row.expires_ms).toISOString(),
  }
}
