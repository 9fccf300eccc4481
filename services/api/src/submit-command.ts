import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { PublishBatcher } from '@pagesync/shared/event-log/publish-batcher.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import { continueTrace, toLogRecord } from '@pagesync/shared/model/cloud-event.ts'
import { type Command, type CommandType, newCommandId, type Requester } from '@pagesync/shared/model/command.ts'
import type { NewCommand } from '@pagesync/shared/model/command-row.ts'
import type { Accepted, IdempotencyKey, Ledger } from '@pagesync/shared/store/repositories/ledger.ts'
import type { CommandRow, ConversationRow, PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { TakePlace } from './pull-limits.ts'

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
  /** Why this cannot be asked for now, if so. */
  readonly refusal?: (nowMs: number) => AppError | null
  readonly expiresMs?: number
  /** It counts against the page's limits. */
  readonly limited?: boolean
}

/**
 * Writes the command to the ledger and puts it on the command topic. Answers once it is in the ledger: from then on it
 * will run, since a worker takes up by itself what the topic could not bring (the log may be down).
 *
 * @throws AppError PAGE_REAUTH_REQUIRED when the page's token is dead, or the request's own refusal (no row is made);
 * RATE_LIMITED where `limited` and the page's limit is reached; IDEMPOTENCY_KEY_REUSED, STORE_UNAVAILABLE
 */
export type SubmitCommand = (request: CommandRequest) => Promise<CommandRow>

export interface SubmitCommandDeps {
  readonly ledger: Pick<Ledger, 'accept' | 'acceptOnce' | 'recall' | 'openEqual'>
  readonly takePlace: TakePlace
  readonly publish: PublishCommand
  readonly clock: Clock
}

/** Puts a command of the ledger on the command topic. What the topic does not take, workers find in the ledger. */
export type PublishCommand = (row: CommandRow, conversationId: number | null, traceparent: string | undefined) => void

export function createPublishCommand(
  batcher: Pick<PublishBatcher, 'publish'>,
  logger: Pick<Logger, 'warn'>,
): PublishCommand {
  return (row, conversationId, traceparent) => {
    const record = toLogRecord({
      id: row.command_id,
      type: row.type,
      source: SOURCE,
      timeMs: row.accepted_ms,
      subject: row.facebook_page_id,
      key: row.facebook_page_id,
      value: JSON.stringify(toCommand(row, conversationId)),
      traceparent: continueTrace(traceparent),
    })
    batcher.publish([record]).catch((err: unknown) => {
      logger.warn({ err, command_id: row.command_id }, 'left a command to the ledger, the event log did not take it')
    })
  }
}

export function createSubmitCommand(deps: SubmitCommandDeps): SubmitCommand {
  const { ledger, takePlace, publish, clock } = deps

  const accept = (command: NewCommand, { idempotencyKey }: CommandRequest, nowMs: number) =>
    idempotencyKey ? ledger.acceptOnce(command, idempotencyKey, nowMs) : ledger.accept(command, nowMs)

  /** Only what makes a new command takes a place: a repeat, and a pull that is shared, give it back. */
  const acceptLimited = async (command: NewCommand, request: CommandRequest, nowMs: number): Promise<Accepted> => {
    const { page, idempotencyKey } = request
    const place = await takePlace(page, command.type, nowMs)
    if (place.refusal !== null) {
      const known = idempotencyKey && (await ledger.recall(page.tenant_id, idempotencyKey, nowMs))
      const row = known ?? (await ledger.openEqual(command))
      if (row) return { row, created: false }
      throw place.refusal
    }
    let created = false
    try {
      const accepted = await accept(command, request, nowMs)
      created = accepted.created
      return accepted
    } finally {
      if (!created) await place.giveBack()
    }
  }

  return async function submitCommand(request) {
    const { page, idempotencyKey } = request
    const nowMs = clock.now()
    const refusal = reauthRefusal(page) ?? request.refusal?.(nowMs) ?? null
    if (refusal !== null) {
      // A key that stands for a command already asks for nothing new.
      const known = idempotencyKey && (await ledger.recall(page.tenant_id, idempotencyKey, nowMs))
      if (known) return known
      throw refusal
    }
    const command = toNewCommand(request, nowMs)
    const { row, created } = await (request.limited ? acceptLimited : accept)(command, request, nowMs)
    if (created) publish(row, request.conversation?.id ?? null, request.traceparent)
    return row
  }
}

function reauthRefusal({ id, status }: PageRow): AppError | null {
  if (status !== 'reauth_required' && status !== 'disconnected') return null
  return new AppError('PAGE_REAUTH_REQUIRED', `Page ${id} must be connected again first`)
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
    expiresMs: request.expiresMs ?? null,
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
