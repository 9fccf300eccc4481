import { hash } from 'node:crypto'
import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { EventLog, RecordBatch, StoredRecord, Subscription } from '@pagesync/shared/event-log/event-log.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { Logger } from '@pagesync/shared/logging/create-logger.ts'
import { canonicalJson } from '@pagesync/shared/model/canonical-json.ts'
import { type Change, changeId } from '@pagesync/shared/model/change.ts'
import type { Command } from '@pagesync/shared/model/command.ts'
import { type ArgumentProblem, readArguments } from '@pagesync/shared/model/command-arguments.ts'
import { commandChange } from '@pagesync/shared/model/command-change.ts'
import { type NewCommand, withState } from '@pagesync/shared/model/command-row.ts'
import { sendExpiresMs } from '@pagesync/shared/model/reply-window.ts'
import { TOPICS } from '@pagesync/shared/model/topics.ts'
import { inChunks } from '@pagesync/shared/store/in-chunks.ts'
import type { DeadLetters } from '@pagesync/shared/store/repositories/dead-letters.ts'
import type { Ledger } from '@pagesync/shared/store/repositories/ledger.ts'
import type { Pages } from '@pagesync/shared/store/repositories/pages.ts'
import {
  type CommandRow,
  type ConversationRow,
  commandKey,
  conversationKey,
  type PageRow,
} from '@pagesync/shared/store/repositories/rows.ts'
import type { SyncedReader } from '@pagesync/shared/store/repositories/synced.ts'
import { personErased, type Tombstones } from '@pagesync/shared/store/repositories/tombstones.ts'
import type { CommandRunner } from '../commands/command-runner.ts'
import { operationOf } from '../commands/operations.ts'
import { buryRecord } from './bury-record.ts'
import { type DecodedCommand, decodeCommand } from './decode-command.ts'
import type { FailureGuard } from './failure-guard.ts'
import { handleBatchSafely } from './handle-batch-safely.ts'

export interface CommandConsumerDeps {
  readonly eventLog: EventLog
  readonly ledger: Ledger
  readonly pages: Pages
  readonly reader: SyncedReader
  readonly tombstones: Pick<Tombstones, 'isErased'>
  readonly isAllowedUrl: (url: string) => boolean
  readonly deadLetters: DeadLetters
  readonly runner: CommandRunner
  readonly guard: FailureGuard
  readonly announce: (changes: readonly Change[]) => Promise<void>
  readonly workerId: string
  readonly clock: Clock
  readonly logger: Logger
  readonly stallAfterMs?: number
}

export const COMMANDS_GROUP = 'pagesync.worker.commands'
/** Pages whose commands are accepted side by side. */
const PAGES_AT_ONCE = { items: 1, size: 1, concurrent: 50 }
const one = (): number => 1

/**
 * Commands into the ledger. A record is committed when its command stands there, not when it is done: what takes long
 * holds nothing back. What is wrong with a command is told on the changes topic and kept as a dead letter.
 */
export function consumeCommands(given: CommandConsumerDeps): Promise<Subscription> {
  const deps = { ...given, acceptedMs: risingTimes(given.clock) }
  const handle = (records: readonly StoredRecord[]): Promise<void> => takeUp(records, deps)
  const handleBatch = (batch: RecordBatch): Promise<void> =>
    handleBatchSafely({
      records: batch.records,
      handle,
      bury: (record, error, attempts) => reject(record, error, attempts, NOBODY, deps),
      guard: deps.guard,
      logger: deps.logger,
    })
  return deps.eventLog.subscribe({
    topic: TOPICS.commands,
    group: COMMANDS_GROUP,
    handleBatch,
    stallAfterMs: deps.stallAfterMs,
    onProblem: ({ kind, error, partition }) =>
      deps.logger.warn(
        { err: error, partition, topic: TOPICS.commands },
        kind === 'restarted' ? 'consumer restarted' : 'batch failed',
      ),
  })
}

/**
 * One look at the ledger, one write and one announcement for all that the API wrote already. Others are accepted page by
 * page side by side, those of one page in their order.
 */
async function takeUp(records: readonly StoredRecord[], deps: AcceptDeps): Promise<void> {
  const read = records.map((record) => ({ record, decoded: decodeCommand(record) }))
  const known = await rowsOf(
    read.map(({ decoded }) => decoded),
    deps,
  )
  const taken = new Map<string, Taken>()
  const ofPages = Map.groupBy(read, ({ record }) => record.key)
  const takeInOrder = async (some: typeof read): Promise<void> => {
    for (const { record, decoded } of some) {
      const row = await rowOf(record, decoded, known, deps)
      if (!row || 'reason' in decoded || taken.has(row._id)) continue
      taken.set(row._id, { row, notBeforeMs: decoded.notBeforeMs })
    }
  }
  await inChunks([...ofPages.values()], PAGES_AT_ONCE, one, async (some) => {
    for (const ofPage of some) await takeInOrder(ofPage)
  })
  const accepted = [...taken.values()].filter(({ row }) => row.state === 'accepted')
  await queue(accepted, deps)
  for (const pageId of new Set([...taken.values()].map(({ row }) => row.page_id))) deps.runner.wake(pageId)
}

interface AcceptDeps extends CommandConsumerDeps {
  readonly acceptedMs: (page: string) => number
}

const TIMES_MAX = 1_000

/**
 * The time now, for each page later than the one before: sends go out in the order of acceptance, and a millisecond may
 * see two of them accepted.
 */
function risingTimes(clock: Clock): (page: string) => number {
  const last = new Map<string, number>()
  return (page) => {
    const now = clock.now()
    const ms = Math.max(now, (last.get(page) ?? 0) + 1)
    if (last.size >= TIMES_MAX) for (const [key, each] of last) if (each < now) last.delete(key)
    last.set(page, ms)
    return ms
  }
}

interface Taken {
  readonly row: CommandRow
  readonly notBeforeMs: number | null
}

async function rowsOf(
  decoded: readonly DecodedCommand[],
  { ledger }: CommandConsumerDeps,
): Promise<ReadonlyMap<string, CommandRow>> {
  const keys = new Set(decoded.flatMap((one) => ('reason' in one ? [] : [keyOf(one.command)])))
  const rows = await ledger.getByKeys([...keys])
  return new Map(rows.map((row) => [row._id, row]))
}

const keyOf = ({ tenant_id, id }: Command): string => commandKey(tenant_id, id)

/** Undefined: it was refused, and that is told. */
async function rowOf(
  record: StoredRecord,
  decoded: DecodedCommand,
  known: ReadonlyMap<string, CommandRow>,
  deps: AcceptDeps,
): Promise<CommandRow | undefined> {
  if ('reason' in decoded) {
    await reject(record, new AppError('COMMAND_REJECTED', decoded.reason), 1, NOBODY, deps)
    return undefined
  }
  return known.get(keyOf(decoded.command)) ?? (await acceptOrReject(record, decoded, deps))
}

async function acceptOrReject(
  record: StoredRecord,
  decoded: Exclude<DecodedCommand, { reason: string }>,
  deps: AcceptDeps,
): Promise<CommandRow | undefined> {
  const page = await deps.pages.get(decoded.command.tenant_id, decoded.command.page_id)
  try {
    return await accept(decoded, page, deps)
  } catch (error) {
    if (!(error instanceof AppError)) throw error
    const isErased = error.code === 'RECIPIENT_UNAVAILABLE'
    if (!isErased && error.kind !== 'invalid' && error.kind !== 'not-found') throw error
    await reject(isErased ? withoutPerson(record, decoded.command) : record, error, 1, decoded.command, deps)
    return undefined
  }
}

/** The row of the command: the API wrote it already, or it is made here after the same checks. */
async function accept(
  decoded: Exclude<DecodedCommand, { reason: string }>,
  page: PageRow | undefined,
  deps: AcceptDeps,
): Promise<CommandRow> {
  const { command, notBeforeMs, expiresMs } = decoded
  const known = await deps.ledger.get(command.tenant_id, command.id)
  if (known) return known
  if (!page) throw new AppError('PAGE_NOT_FOUND', `The tenant has no page ${command.page_id}`)
  const conversation = await conversationOf(command, page, deps)
  // Before anything else: what else is wrong would be kept with all that the command says.
  await refuseErased(command, conversation, page, deps)
  if (!operationOf(command.type)) throw new AppError('COMMAND_REJECTED', `This version does not run ${command.type}`)
  const now = deps.clock.now()
  if (expiresMs !== null && expiresMs <= now)
    throw new AppError('COMMAND_REJECTED', 'The command had expired when it arrived')
  const read = readArguments(command.type, command.arguments ?? {}, {
    nowMs: now,
    requestedBy: command.requested_by,
    hasConversation: (command.conversation_id ?? null) !== null,
    isAllowedUrl: deps.isAllowedUrl,
  })
  if ('problems' in read) throw refusedArguments(read.problems)
  const input: NewCommand = {
    commandId: command.id,
    tenantId: command.tenant_id,
    pageId: page.id,
    facebookPageId: page.facebook_page_id,
    conversationKey: conversationKeyOf(command, conversation),
    type: command.type,
    arguments: read.arguments,
    requestedBy: command.requested_by,
    trigger: command.requested_by.kind === 'schedule' ? 'schedule' : 'api',
    notBeforeMs,
    expiresMs: expiresMs ?? (await windowEndMs(command, conversation, page, deps)),
  }
  const key = command.idempotency_key
  const acceptedMs = deps.acceptedMs(page.facebook_page_id)
  if (!key) return (await deps.ledger.accept(input, acceptedMs)).row
  const what = canonicalJson([command.type, command.page_id, command.conversation_id ?? null, command.arguments ?? {}])
  return (
    await deps.ledger.acceptOnce(input, { value: key, requestHash: hash('sha256', what, 'base64url') }, acceptedMs)
  ).row
}

/** When a message expires of its own. One whose window has closed already is refused as that when it runs. */
async function windowEndMs(
  { type, arguments: args }: Command,
  named: ConversationRow | undefined,
  page: PageRow,
  { reader, clock }: CommandConsumerDeps,
): Promise<number | null> {
  if (type !== 'message.send') return null
  const psid = String(args?.recipient_id)
  const [conversation] = named ? [named] : await reader.conversationsByKey([conversationKey(page.id, psid)])
  const now = clock.now()
  const endMs = sendExpiresMs(conversation?.last_customer_ms ?? null, args?.tag === 'HUMAN_AGENT', now)
  return endMs > now ? endMs : null
}

function refusedArguments(problems: readonly ArgumentProblem[]): AppError {
  const [first] = problems
  const message = `/arguments${first?.path === '/' ? '' : first?.path}: ${first?.message}`
  return new AppError('COMMAND_REJECTED', message, {
    problems: problems.map(({ path, message }) => ({ path: `/arguments${path}`, message })),
  })
}

/** Undefined where none is named, and where the page has no such. */
async function conversationOf(
  { conversation_id }: Command,
  page: PageRow,
  { reader }: CommandConsumerDeps,
): Promise<ConversationRow | undefined> {
  const found = conversation_id == null ? undefined : await reader.conversation(page.tenant_id, conversation_id)
  return found?.page_id === page.id ? found : undefined
}

/** @throws AppError RECIPIENT_UNAVAILABLE: a row of the ledger would name them again, and so would a dead letter */
async function refuseErased(
  { arguments: args }: Command,
  conversation: ConversationRow | undefined,
  page: PageRow,
  { tombstones }: CommandConsumerDeps,
): Promise<void> {
  for (const psid of [conversation?.psid, args?.recipient_id])
    if (typeof psid === 'string' && (await tombstones.isErased({ page, psid }))) throw personErased()
}

/** What is kept of a command about somebody who was erased: that it came. */
function withoutPerson(record: StoredRecord, command: Command): StoredRecord {
  const kept = { ...command, conversation_id: null, idempotency_key: null, arguments: { erased: true } }
  return { ...record, value: Buffer.from(JSON.stringify(kept)) }
}

function conversationKeyOf({ conversation_id, type }: Command, found: ConversationRow | undefined): string | null {
  if (found) return found._id
  if (conversation_id != null)
    throw new AppError('CONVERSATION_NOT_FOUND', `The page has no conversation ${conversation_id}`)
  if (type.startsWith('conversation.'))
    throw new AppError('COMMAND_REJECTED', '/conversation_id: is required for this type')
  return null
}

async function queue(accepted: readonly Taken[], deps: CommandConsumerDeps): Promise<void> {
  if (accepted.length === 0) return
  const now = deps.clock.now()
  const queued = accepted.map(({ row, notBeforeMs }) =>
    withState(row, {
      state: 'queued',
      nowMs: now,
      worker: deps.workerId,
      dueMs: Math.max(Math.min(row.accepted_ms, now), notBeforeMs ?? 0),
    }),
  )
  // Those that are lost a runner found by itself, and was faster.
  const saved = await deps.ledger.saveMany(queued)
  if (saved.length > 0) await deps.announce(saved.map((row) => commandChange(row, now)))
}

/** Whom a refusal is told to: what the record itself claims, as far as it could be read. */
interface Claims {
  readonly tenant_id: string
  readonly page_id: number
  readonly id: string | null
}

const NOBODY: Claims = { tenant_id: '', page_id: 0, id: null }

async function reject(
  record: StoredRecord,
  error: AppError,
  attempts: number,
  claims: Claims,
  deps: CommandConsumerDeps,
): Promise<void> {
  const now = deps.clock.now()
  const tenantId = claims.tenant_id === '' ? null : claims.tenant_id
  const id = await buryRecord(
    deps.deadLetters,
    record,
    { code: error.code, reason: error.message, attempts, tenantId },
    now,
  )
  deps.logger.warn(
    { code: error.code, reason: error.message, partition: record.partition, offset: record.offset },
    'command refused',
  )
  await deps.announce([rejection(record, error, claims, id, now)])
}

function rejection(record: StoredRecord, error: AppError, claims: Claims, deadLetterId: string, nowMs: number): Change {
  const commandId = claims.id ?? record.headers.ce_id ?? deadLetterId
  return {
    id: changeId('command.rejected', deadLetterId, 1),
    type: 'command.rejected',
    tenant_id: claims.tenant_id,
    page_id: claims.page_id,
    facebook_page_id: record.key,
    entity: `${claims.tenant_id}/${commandId}`,
    entity_id: null,
    version: 1,
    cause: { command_id: commandId },
    origin: 'live',
    fields: { code: error.code, message: error.message, dead_letter_id: deadLetterId },
    at: new Date(nowMs).toISOString(),
  }
}
