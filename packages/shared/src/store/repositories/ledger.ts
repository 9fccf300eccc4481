import { hash } from 'node:crypto'
import { AppError } from '../../errors/app-error.ts'
import { isFinal } from '../../model/command.ts'
import { COMMAND_TRAITS, type NewCommand, newCommandRow, withState } from '../../model/command-row.ts'
import type { Store } from '../collection.ts'
import { getAll } from '../get-all.ts'
import { cancelledRow, type LedgerAct, retriedRow } from './cancel-and-retry.ts'
import {
  COMMAND_SLOTS,
  COMMANDS,
  type CommandRow,
  commandKey,
  IDEMPOTENCY,
  type IdempotencyRow,
  type Lane,
} from './rows.ts'

export interface Accepted {
  readonly row: CommandRow
  /** False when an equal command, or one of the same id, was there already: then that one is answered. */
  readonly created: boolean
}

export interface Cancelled {
  readonly row: CommandRow
  /** True for the one call that did it. */
  readonly byThis: boolean
}

/** A place in a listing by time. */
export type CommandPosition = Pick<CommandRow, '_id' | 'accepted_ms'>

/** Which worker puts commands into the ledger. */
export interface QueueAct {
  readonly nowMs: number
  readonly worker: string
}

export interface IdempotencyKey {
  readonly value: string
  /** Of everything that must be the same for the key to stand for the same request. */
  readonly requestHash: string
}

/** The ledger of commands: the truth about what was asked for, what became of it, and why. */
export interface Ledger {
  /** Writes a new row in state `accepted`. Equal open pulls, and the same tenant and id, get the row that is there. */
  accept(command: NewCommand, nowMs: number): Promise<Accepted>
  /**
   * Many of the system's own at once, ready to run: they need no topic, workers find them here. Of ids that are there
   * already, answers the row that stands. At most 5,000 with distinct ids; not for types that share open commands.
   */
  acceptQueued(commands: readonly NewCommand[], act: QueueAct): Promise<Accepted[]>
  /**
   * The same once per idempotency key: the same request hash answers the first command again.
   *
   * @throws AppError IDEMPOTENCY_KEY_REUSED when the key stood for another request
   */
  acceptOnce(command: NewCommand, key: IdempotencyKey, nowMs: number): Promise<Accepted>
  /**
   * The command that the key stands for, if there is one.
   *
   * @throws AppError IDEMPOTENCY_KEY_REUSED when the key stood for another request
   */
  recall(tenantId: string, key: IdempotencyKey, nowMs: number): Promise<CommandRow | undefined>
  /** The open command that an equal pull would share now. */
  openEqual(command: NewCommand): Promise<CommandRow | undefined>
  get(tenantId: string, commandId: string): Promise<CommandRow | undefined>
  getByKey(key: string): Promise<CommandRow | undefined>
  /** In any order, missing ones left out. */
  getByKeys(keys: readonly string[]): Promise<CommandRow[]>
  /** Compare-and-set of one row; undefined when somebody else changed it in between. */
  save(row: CommandRow): Promise<CommandRow | undefined>
  /** The same for several; answers those that nobody else had changed. At most 5,000. */
  saveMany(rows: readonly CommandRow[]): Promise<CommandRow[]>
  /**
   * Cancels what can still be stopped: what waits, and a pull that runs (it stops at its next save). Once cancelled it
   * stays so, and asking again answers the row.
   *
   * @throws AppError NOT_CANCELLABLE when it ended already, or a person may have seen what it does; WRITE_CONFLICT
   */
  cancel(row: CommandRow, act: LedgerAct): Promise<Cancelled>
  /**
   * Lets a command that failed, expired or was cancelled run again, from its checkpoint and with its attempts anew.
   *
   * @throws AppError NOT_RETRYABLE when it did not end so, or when it may have reached a person; WRITE_CONFLICT
   */
  retry(row: CommandRow, act: LedgerAct): Promise<CommandRow>
  /** Open commands that a worker should look at now, earliest first. */
  due(nowMs: number, limit: number, after?: CommandRow): Promise<CommandRow[]>
  /** Due commands of one lane alone: whatever else is due first hides none. */
  dueOfLane(pageId: number, lane: Lane, nowMs: number, limit: number): Promise<CommandRow[]>
  /** Open commands of the page that are due later: what waits, and what others run. Earliest first. */
  dueLaterOfPage(pageId: number, nowMs: number, limit: number): Promise<CommandRow[]>
  /** Removes up to `limit` of a tenant's commands that were accepted, and ended, before `beforeMs`; answers how many. */
  forgetOfTenant(tenantId: string, beforeMs: number, limit: number): Promise<number>
  /** Removes up to `limit` commands that ended before `beforeMs`, and idempotency keys that ended; answers how many. */
  forget(beforeMs: number, nowMs: number, limit: number): Promise<number>
  /** Commands of the page that are not final, whenever they are due; those due first come first. */
  openOfPage(pageId: number, limit: number): Promise<CommandRow[]>
  /** Commands of one of the page's lanes that are not final, whenever they are due; those due first come first. */
  openOfLane(pageId: number, lane: Lane, limit: number): Promise<CommandRow[]>
  /** Lets workers look at all open commands of the page now: what they waited for is there. */
  wakePage(pageId: number, nowMs: number): Promise<void>
  /** Newest first. */
  ofPage(pageId: number, limit: number, after?: CommandPosition): Promise<CommandRow[]>
  ofTenant(tenantId: string, limit: number, after?: CommandPosition): Promise<CommandRow[]>
  /** By id; `after` is a row's `_id`. */
  ofTenantById(tenantId: string, limit: number, after?: string): Promise<CommandRow[]>
}

const IDEMPOTENCY_KEPT_MS = 24 * 3_600_000
const RACE_ROUNDS_MAX = 20
const WAKE_MAX = 1_000
/** A slot without a row is an accept under way for at most so long. */
const SLOT_GRACE_MS = 60_000

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
   * The slot names the open command of its kind. It is taken before the row exists, so a slot without a row is either
   * an accept under way or a crash in between: whoever finds it makes the row under the slot's own id, and all equal
   * callers end with one command. A slot whose row is long gone (retention) is taken over.
   */
  const insertShared = async (command: NewCommand, nowMs: number): Promise<Accepted> => {
    const slotId = slotOf(command)
    const mine = { _id: slotId, command_key: commandKey(command.tenantId, command.commandId), taken_ms: nowMs }
    for (let round = 0; round < RACE_ROUNDS_MAX; round++) {
      const [slot] = await slots.getMany([slotId])
      if (!slot) {
        const { existing } = await slots.insertMany([mine])
        if (existing.length === 0) return insert(command, nowMs)
        continue
      }
      const open = await getByKey(slot.command_key)
      if (open && !isFinal(open.state)) return { row: open, created: false }
      if (!open && nowMs - slot.taken_ms < SLOT_GRACE_MS) return insert(withIdOf(command, slot.command_key), nowMs)
      const { lost } = await slots.replaceMany([{ ...mine, rev: slot.rev }])
      if (lost.length === 0) return insert(command, nowMs)
    }
    throw new AppError('WRITE_CONFLICT', 'Too many equal commands at one moment')
  }

  const accept: Ledger['accept'] = (command, nowMs) =>
    COMMAND_TRAITS[command.type].shared ? insertShared(command, nowMs) : insert(command, nowMs)

  /** Accepts for the key's first caller; an open equal pull may be the answer, then the key stands for that one. */
  const acceptFor = async (keyRow: IdempotencyRow, command: NewCommand, nowMs: number): Promise<Accepted> => {
    const accepted = await accept(command, nowMs)
    if (accepted.row._id !== keyRow.command_key)
      await idempotency.replaceMany([{ ...keyRow, command_key: accepted.row._id }])
    return accepted
  }

  const recall = async (tenantId: string, key: IdempotencyKey, nowMs: number): Promise<IdempotencyRow | undefined> => {
    const [known] = await idempotency.getMany([idempotencyId(tenantId, key)])
    if (!known || known.expires_ms <= nowMs) return known
    if (known.request_hash !== key.requestHash)
      throw new AppError('IDEMPOTENCY_KEY_REUSED', 'The Idempotency-Key was used for another request')
    return known
  }

  /** Changes a row that others may be changing: each time as it stands. `next` answers the same row for "nothing to do". */
  const change = async (row: CommandRow, next: (row: CommandRow) => CommandRow): Promise<Cancelled> => {
    let current: CommandRow | undefined = row
    for (let round = 0; round < RACE_ROUNDS_MAX && current; round++) {
      const changed = next(current)
      if (changed === current) return { row: current, byThis: false }
      const { lost } = await commands.replaceMany([changed])
      if (lost.length === 0) return { row: { ...changed, rev: changed.rev + 1 }, byThis: true }
      current = await getByKey(row._id)
    }
    throw new AppError('WRITE_CONFLICT', 'The command is being changed by somebody else')
  }

  return {
    accept,
    async acceptQueued(news, act) {
      if (news.length === 0) return []
      const rows = news.map((command) => queuedRow(command, act))
      const { existing } = await commands.insertMany(rows)
      const known = existing.length === 0 ? [] : await commands.getMany(existing)
      const stored = new Map(known.map((row) => [row._id, row]))
      return rows.map((row) => {
        const there = stored.get(row._id)
        return there ? { row: there, created: false } : { row: { ...row, rev: 1 }, created: true }
      })
    },
    cancel: (row, act) => change(row, (current) => cancelledRow(current, act)),
    retry: async (row, act) => (await change(row, (current) => retriedRow(current, act))).row,
    async acceptOnce(command, key, nowMs) {
      const mine = {
        _id: idempotencyId(command.tenantId, key),
        request_hash: key.requestHash,
        command_key: commandKey(command.tenantId, command.commandId),
        expires_ms: nowMs + IDEMPOTENCY_KEPT_MS,
      }
      for (let round = 0; round < RACE_ROUNDS_MAX; round++) {
        const { existing } = await idempotency.insertMany([mine])
        if (existing.length === 0) return acceptFor({ ...mine, rev: 1 }, command, nowMs)
        const known = await recall(command.tenantId, key, nowMs)
        if (!known) continue
        if (known.expires_ms <= nowMs) {
          const { lost } = await idempotency.replaceMany([{ ...mine, rev: known.rev }])
          if (lost.length === 0) return acceptFor({ ...mine, rev: known.rev + 1 }, command, nowMs)
          continue
        }
        const row = await getByKey(known.command_key)
        // The first caller may have died between the key and the row: the row is then made under the first one's id.
        return row ? { row, created: false } : accept(withIdOf(command, known.command_key), nowMs)
      }
      throw new AppError('WRITE_CONFLICT', 'Too many requests with one Idempotency-Key at one moment')
    },
    async recall(tenantId, key, nowMs) {
      const known = await recall(tenantId, key, nowMs)
      return known && known.expires_ms > nowMs ? getByKey(known.command_key) : undefined
    },
    async openEqual(command) {
      if (!COMMAND_TRAITS[command.type].shared) return undefined
      const [slot] = await slots.getMany([slotOf(command)])
      const row = slot && (await getByKey(slot.command_key))
      return row && !isFinal(row.state) ? row : undefined
    },
    get: (tenantId, commandId) => getByKey(commandKey(tenantId, commandId)),
    getByKey,
    getByKeys: (keys) => getAll(commands, keys),
    async save(row) {
      const { lost } = await commands.replaceMany([row])
      return lost.length === 0 ? { ...row, rev: row.rev + 1 } : undefined
    },
    async saveMany(rows) {
      const { lost } = await commands.replaceMany(rows)
      const lostKeys = new Set(lost)
      return rows.filter(({ _id }) => !lostKeys.has(_id)).map((row) => ({ ...row, rev: row.rev + 1 }))
    },
    due: (nowMs, limit, after) =>
      commands.find({
        index: 'byDue',
        range: { lte: nowMs },
        limit,
        ...(after ? { after: { due_ms: after.due_ms, _id: after._id } } : {}),
      }),
    dueOfLane: (pageId, lane, nowMs, limit) =>
      commands.find({ index: 'byPageLane', equals: { page_id: pageId, lane }, range: { lte: nowMs }, limit }),
    dueLaterOfPage: (pageId, nowMs, limit) =>
      commands.find({ index: 'byPageDue', equals: { page_id: pageId }, range: { gt: nowMs }, limit }),
    async forgetOfTenant(tenantId, beforeMs, limit) {
      const old = await commands.find({
        index: 'byTenant',
        equals: { tenant_id: tenantId },
        range: { lt: beforeMs },
        limit,
      })
      const ended = old.filter(({ finished_ms }) => finished_ms !== null && finished_ms < beforeMs)
      return ended.length > 0 ? commands.deleteMany(ended.map(({ _id }) => _id)) : 0
    },
    async forget(beforeMs, nowMs, limit) {
      const [ended, keys] = await Promise.all([
        commands.find({ index: 'byFinished', range: { lt: beforeMs }, limit }),
        idempotency.find({ index: 'byExpiry', range: { lt: nowMs }, limit }),
      ])
      const removed = await Promise.all([
        ended.length > 0 ? commands.deleteMany(ended.map(({ _id }) => _id)) : 0,
        keys.length > 0 ? idempotency.deleteMany(keys.map(({ _id }) => _id)) : 0,
      ])
      return removed[0] + removed[1]
    },
    openOfPage: (pageId, limit) =>
      commands.find({ index: 'byPageDue', equals: { page_id: pageId }, range: { gte: 0 }, limit }),
    openOfLane: (pageId, lane, limit) =>
      commands.find({ index: 'byPageLane', equals: { page_id: pageId, lane }, range: { gte: 0 }, limit }),
    async wakePage(pageId, nowMs) {
      const waiting = await commands.find({
        index: 'byPageDue',
        equals: { page_id: pageId },
        range: { gt: nowMs },
        limit: WAKE_MAX,
      })
      const woken = waiting.filter((row) => row.state === 'waiting').map((row) => ({ ...row, due_ms: nowMs }))
      // A lost race is a worker that looked at it by itself.
      if (woken.length > 0) await commands.replaceMany(woken)
    },
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
    ofTenantById: (tenantId, limit, after) =>
      commands.find({
        index: '_id',
        range: { gte: `${tenantId}/`, lt: `${tenantId}0` },
        limit,
        ...(after ? { after: { _id: after } } : {}),
      }),
  }
}

function queuedRow(command: NewCommand, { nowMs, worker }: QueueAct): Omit<CommandRow, 'rev'> {
  const accepted = { ...newCommandRow(command, nowMs), rev: 0 }
  const dueMs = Math.max(nowMs, command.notBeforeMs ?? 0)
  const { rev: _rev, ...row } = withState(accepted, { state: 'queued', nowMs, worker, dueMs })
  return row
}

function slotOf(command: NewCommand): string {
  const what = [command.tenantId, command.pageId, command.conversationKey, command.type, command.arguments]
  return hash('sha256', JSON.stringify(what), 'base64url')
}

function idempotencyId(tenantId: string, key: IdempotencyKey): string {
  return `${tenantId}/${hash('sha256', key.value, 'base64url')}`
}

function withIdOf(command: NewCommand, key: string): NewCommand {
  return { ...command, commandId: key.slice(command.tenantId.length + 1) }
}
