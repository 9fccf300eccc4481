import { hash } from 'node:crypto'
import { AppError } from '../../errors/app-error.ts'
import { isFinal } from '../../model/command.ts'
import { COMMAND_TRAITS, type NewCommand, newCommandRow } from '../../model/command-row.ts'
import type { Store } from '../collection.ts'
import { COMMAND_SLOTS, COMMANDS, type CommandRow, commandKey, IDEMPOTENCY, type IdempotencyRow } from './rows.ts'

export interface Accepted {
  readonly row: CommandRow
  /** False when an equal command, or one of the same id, was there already: then that one is answered. */
  readonly created: boolean
}

/** The ledger of commands: the truth about what was asked for, what became of it, and why. */
export interface Ledger {
  /** Writes a new row in state `accepted`. Equal open pulls, and the same tenant and id, get the row that is there. */
  accept(command: NewCommand, nowMs: number): Promise<Accepted>
  /**
   * The same once per idempotency key: the same request hash answers the first command again.
   *
   * @throws AppError IDEMPOTENCY_KEY_REUSED when the key stood for another request
   */
  acceptOnce(
    command: NewCommand,
    key: { readonly value: string; readonly requestHash: string },
    nowMs: number,
  ): Promise<Accepted>
  get(tenantId: string, commandId: string): Promise<CommandRow | undefined>
  getByKey(key: string): Promise<CommandRow | undefined>
  /** Compare-and-set of one row; undefined when somebody else changed it in between. */
  save(row: CommandRow): Promise<CommandRow | undefined>
  /** Open commands that a worker should look at now, earliest first. */
  due(nowMs: number, limit: number, after?: CommandRow): Promise<CommandRow[]>
  dueOfPage(pageId: number, nowMs: number, limit: number): Promise<CommandRow[]>
  /** Newest first. */
  ofPage(pageId: number, limit: number, after?: CommandRow): Promise<CommandRow[]>
  ofTenant(tenantId: string, limit: number, after?: CommandRow): Promise<CommandRow[]>
}

const IDEMPOTENCY_KEPT_MS = 24 * 3_600_000
const SLOT_ROUNDS_MAX = 20

export function createLedger(store: Store): Ledger {
  const commands = store.collection(COMMANDS)
  const slots = store.collection(COMMAND_SLOTS)
  const idempotency = store.collection(IDEMPOTENCY)

  const getByKey = async (key: string): Promise<CommandRow | undefined> => (await commands.getMany([key]))[0]

  const insert = async (command: NewCommand, nowMs: number): Promise<Accepted> => {
    const row = newCommandRow(command, nowMs)
    const { existing } = await commands.insertMany([row])
    if (existing.length === 0) return { row: { ...row, rev: 1 }, created: true }
    const known = await getByKey(row._id)
    if (!known) throw new AppError('WRITE_CONFLICT', 'The command was removed at this moment')
    return { row: known, created: false }
  }

  /**
   * The slot names the open command of its kind. It is taken before the row exists, so a slot without a row (a crash
   * in between, or an accept under way) counts as open for that very command only: whoever finds it inserts anew.
   */
  const insertShared = async (command: NewCommand, nowMs: number): Promise<Accepted> => {
    const slotId = slotOf(command)
    const mine = commandKey(command.tenantId, command.commandId)
    for (let round = 0; round < SLOT_ROUNDS_MAX; round++) {
      const [slot] = await slots.getMany([slotId])
      if (!slot) {
        const { existing } = await slots.insertMany([{ _id: slotId, command_key: mine }])
        if (existing.length === 0) return insert(command, nowMs)
        continue
      }
      const open = await getByKey(slot.command_key)
      if (open && !isFinal(open.state)) return { row: open, created: false }
      const { lost } = await slots.replaceMany([{ ...slot, command_key: mine }])
      if (lost.length === 0) return insert(command, nowMs)
    }
    throw new AppError('WRITE_CONFLICT', 'Too many equal commands at one moment')
  }

  const accept: Ledger['accept'] = (command, nowMs) =>
    COMMAND_TRAITS[command.type].shared ? insertShared(command, nowMs) : insert(command, nowMs)

  return {
    accept,
    async acceptOnce(command, key, nowMs) {
      const id = `${command.tenantId}/${hash('sha256', key.value, 'base64url')}`
      const mine = {
        _id: id,
        request_hash: key.requestHash,
        command_key: commandKey(command.tenantId, command.commandId),
        expires_ms: nowMs + IDEMPOTENCY_KEPT_MS,
      }
      const { existing } = await idempotency.insertMany([mine])
      if (existing.length === 0) return insert(command, nowMs)
      const [known] = await idempotency.getMany([id])
      if (!known || known.expires_ms <= nowMs) {
        if (known) await idempotency.replaceMany([{ ...mine, rev: known.rev } satisfies IdempotencyRow])
        return insert(command, nowMs)
      }
      if (known.request_hash !== key.requestHash)
        throw new AppError('IDEMPOTENCY_KEY_REUSED', 'The Idempotency-Key was used for another request')
      // The first caller may have died between the key and the row: the row is then made under the first one's id.
      return insert({ ...command, commandId: known.command_key.slice(command.tenantId.length + 1) }, nowMs)
    },
    get: (tenantId, commandId) => getByKey(commandKey(tenantId, commandId)),
    getByKey,
    async save(row) {
      const { lost } = await commands.replaceMany([row])
      return lost.length === 0 ? { ...row, rev: row.rev + 1 } : undefined
    },
    due: (nowMs, limit, after) =>
      commands.find({
        index: 'byDue',
        range: { lte: nowMs },
        limit,
        ...(after ? { after: { due_ms: after.due_ms, _id: after._id } } : {}),
      }),
    dueOfPage: (pageId, nowMs, limit) =>
      commands.find({ index: 'byPageDue', equals: { page_id: pageId }, range: { lte: nowMs }, limit }),
    ofPage: (pageId, limit, after) =>
      commands.find({
        index: 'byPage',
        equals: { page_id: pageId },
        order: 'desc',
        limit,
        ...(after ? { after: { accepted_ms: after.accepted_ms, _id: after._id } } : {}),
      }),
    ofTenant: (tenantId, limit, after) =>
      commands.find({
        index: 'byTenant',
        equals: { tenant_id: tenantId },
        order: 'desc',
        limit,
        ...(after ? { after: { accepted_ms: after.accepted_ms, _id: after._id } } : {}),
      }),
  }
}

function slotOf(command: NewCommand): string {
  const what = [command.tenantId, command.pageId, command.conversationKey, command.type, command.arguments]
  return hash('sha256', JSON.stringify(what), 'base64url')
}
