import { randomInt } from 'node:crypto'
import { createSimulator, type Simulator } from '@pagesync/graph-simulator/create-simulator.ts'
import type { EventLog } from '@pagesync/shared/event-log/event-log.ts'
import { newTraceparent, toLogRecord } from '@pagesync/shared/model/cloud-event.ts'
import { type CommandType, isFinal, newCommandId } from '@pagesync/shared/model/command.ts'
import { TOPICS } from '@pagesync/shared/model/topics.ts'
import type { Store } from '@pagesync/shared/store/collection.ts'
import { createLedger } from '@pagesync/shared/store/repositories/ledger.ts'
import { createPages } from '@pagesync/shared/store/repositories/pages.ts'
import {
  CONVERSATIONS,
  type CommandRow,
  type ConversationRow,
  commandKey,
  type PageRow,
} from '@pagesync/shared/store/repositories/rows.ts'
import { createSequences } from '@pagesync/shared/store/repositories/sequences.ts'
import { eventually } from '../support/eventually.ts'
import { SEALER } from '../support/token-keys.ts'

/** Two workers that share their pages, on engines that this process sees as well. */
export interface TwoWorkers extends AsyncDisposable {
  readonly eventLog: EventLog
  readonly store: Store
}

export interface ManyPagesOptions {
  readonly pages: number
  readonly start: (simulator: Simulator) => Promise<TwoWorkers>
  readonly withinMs: number
}

export interface Call {
  readonly kind: string
  readonly class: string
  readonly page: string | null
  readonly at_ms: number
}

export interface ManyPagesOutcome {
  readonly rows: readonly CommandRow[]
  /** What customers got, by text: how often. */
  readonly received: ReadonlyMap<string, number>
  readonly texts: readonly string[]
  readonly byKind: Readonly<Record<string, number>>
  /** Refusals, by Facebook's code. */
  readonly byCode: Readonly<Record<string, number>>
  /** Of each page: the most calls for conversations and messages within ten seconds. */
  readonly in10s: readonly number[]
  readonly behindSyncs: readonly BehindSync[]
}

/** A push that came while its page's full sync was running. */
export interface BehindSync {
  readonly push: CommandRow
  readonly syncStateAtItsEnd: string
  /** The sync's calls within the page's budget, from the push's being taken up to its start, and from there to its own first. */
  readonly callsBeforeStart: number
  readonly callsBeforeItsOwn: number
}

const TENANT = 't_many'
export const COMMANDS_PER_PAGE = 10
const FEW = { count: 4, shortMin: 2, shortMax: 6, recentCustomers: 2 }
const MANY = { count: 120, longShare: 0.2, longMessages: 120, recentCustomers: 2 }
const PAGES_BEHIND_SYNCS = 2
const PUBLISH_AT_ONCE = 500
const READ_AT_ONCE = 1_000

/** Lets two workers do mixed commands for many pages at Facebook's own 2 calls a second each, and tells what was seen. */
export async function runManyPages({ pages, start, withinMs }: ManyPagesOptions): Promise<ManyPagesOutcome> {
  await using simulator = await createSimulator({
    seed: randomInt(2, 2 ** 31),
    pages: Array.from({ length: pages + PAGES_BEHIND_SYNCS }, (_, i) => ({ conversations: i < pages ? FEW : MANY })),
  })
  await using system = await start(simulator)
  const ledger = createLedger(system.store)
  const publish = createPublish(system.eventLog)
  const settled = async (ids: readonly string[]): Promise<CommandRow[]> => {
    const rows = new Map<string, CommandRow>()
    await eventually(
      async () => {
        const open = ids.map((id) => commandKey(TENANT, id)).filter((key) => !rows.has(key))
        for (let i = 0; i < open.length; i += READ_AT_ONCE)
          for (const row of await ledger.getByKeys(open.slice(i, i + READ_AT_ONCE)))
            if (isFinal(row.state)) rows.set(row._id, row)
        return rows.size === ids.length
      },
      withinMs,
      250,
    )
    return [...rows.values()]
  }

  const connected = await connectAll(simulator, system.store)
  await settled(await publish(connected.map((page) => ({ page, type: 'page.full_sync' as const }))))
  const conversations = Map.groupBy(await allConversations(system.store), ({ page_id }) => page_id)
  await simulator.control('DELETE', 'calls')

  const few = connected.slice(0, pages)
  const mixed = few.flatMap((page) => mixedCommands(page, conversations.get(page.id) ?? []))
  const ids = await publish(mixed.toSorted(() => Math.random() - 0.5))
  const behindSyncs = await Promise.all(
    connected.slice(pages).map(async (page) => {
      const [sync = ''] = await publish([{ page, type: 'page.full_sync', arguments: { mode: 'full' } }])
      await eventually(async () => ((await ledger.get(TENANT, sync))?.progress?.done ?? 0) > 0, withinMs)
      const conversation = conversations.get(page.id)?.find(({ psid }) => psid !== null)
      const [id = ''] = await publish([{ page, type: 'conversation.mark_read', conversation }])
      const [push] = await settled([id])
      if (!push) throw new Error('the push is gone')
      const syncStateAtItsEnd = (await ledger.get(TENANT, sync))?.state ?? ''
      return { push, syncStateAtItsEnd, ...callsAround(push, await callsOf(simulator)) }
    }),
  )
  const rows = await settled(ids)
  const { totals, rate } = await simulator.control<Calls>('GET', 'calls')
  const { sent } = await simulator.control<{ sent: { text?: string }[] }>('GET', 'sent')
  const received = new Map<string, number>()
  for (const { text = '' } of sent) received.set(text, (received.get(text) ?? 0) + 1)
  return {
    rows,
    received,
    texts: mixed.flatMap(({ type, arguments: args }) => (type === 'message.send' ? [String(args?.message)] : [])),
    byKind: totals.by_kind,
    byCode: totals.by_code,
    in10s: Object.values(rate).map(({ in_10s }) => in_10s),
    behindSyncs,
  }
}

interface Calls {
  readonly calls: readonly Call[]
  readonly totals: { readonly by_kind: Record<string, number>; readonly by_code: Record<string, number> }
  readonly rate: Readonly<Record<string, { readonly in_10s: number }>>
}

const callsOf = async (simulator: Simulator): Promise<readonly Call[]> =>
  (await simulator.control<Calls>('GET', 'calls')).calls

interface Asked {
  readonly page: PageRow
  readonly type: CommandType
  readonly conversation?: ConversationRow | undefined
  readonly arguments?: Readonly<Record<string, unknown>>
}

function mixedCommands(page: PageRow, conversations: readonly ConversationRow[]): Asked[] {
  const people = conversations.filter(({ last_customer_ms }) => (last_customer_ms ?? 0) > Date.now() - 2 * 3_600_000)
  const [one, other = one] = people
  const send = (conversation: ConversationRow | undefined, n: number): Asked => ({
    page,
    type: 'message.send',
    conversation,
    arguments: { message: `Page ${page.id}, number ${n}` },
  })
  return [
    send(one, 1),
    send(one, 2),
    send(other, 3),
    send(other, 4),
    { page, type: 'page.update', arguments: { about: `About page ${page.id}` } },
    { page, type: 'conversation.archive', conversation: one },
    { page, type: 'conversation.mute', conversation: other },
    { page, type: 'conversation.mark_read', conversation: one },
    { page, type: 'conversation.sync_messages', conversation: other },
    { page, type: 'page.full_sync', arguments: { mode: 'full' } },
  ]
}

/** Calls count where the budget does: for conversations and messages. */
function callsAround(push: CommandRow, calls: readonly Call[]) {
  const at = (state: string): number => push.transitions.find((each) => each.state === state)?.at_ms ?? 0
  const ofPage = calls.filter(({ page }) => page === push.facebook_page_id)
  const counted = ofPage.filter((call) => call.class === 'conversations')
  const seenAt = ofPage.find(({ kind }) => kind === 'sender_action')?.at_ms ?? Number.POSITIVE_INFINITY
  const own = counted.findIndex(({ kind, at_ms }) => kind === 'conversation' && at_ms >= seenAt)
  return {
    callsBeforeStart: counted.filter(({ at_ms }) => at_ms > at('queued') && at_ms < at('running')).length,
    callsBeforeItsOwn: counted.slice(0, own).filter(({ at_ms }) => at_ms >= seenAt).length,
  }
}

async function connectAll(simulator: Simulator, store: Store): Promise<PageRow[]> {
  const repository = createPages(store, createSequences(store), SEALER)
  const rows: PageRow[] = []
  for (const { facebookPageId, accessToken } of simulator.pages) {
    const { page } = await repository.connect({ tenantId: TENANT, facebookPageId, accessToken, name: null }, Date.now())
    rows.push(page)
  }
  return rows
}

async function allConversations(store: Store): Promise<ConversationRow[]> {
  const collection = store.collection(CONVERSATIONS)
  const rows: ConversationRow[] = []
  for (;;) {
    const last = rows.at(-1)
    const some = await collection.find({ index: '_id', limit: 1_000, ...(last ? { after: { _id: last._id } } : {}) })
    rows.push(...some)
    if (some.length < 1_000) return rows
  }
}

/** Publishes as an internal service does; answers the ids. */
function createPublish(eventLog: EventLog) {
  return async (asked: readonly Asked[]): Promise<string[]> => {
    const commands = asked.map(({ page, type, conversation, arguments: args = {} }) => ({
      id: newCommandId(Date.now()),
      type,
      tenant_id: TENANT,
      page_id: page.id,
      ...(conversation ? { conversation_id: conversation.id } : {}),
      arguments: args,
      requested_by: { kind: 'service', id: 'test' },
      requested_at: new Date().toISOString(),
      key: page.facebook_page_id,
    }))
    const records = commands.map(({ key, ...command }) =>
      toLogRecord({
        id: command.id,
        type: command.type,
        source: '/test',
        timeMs: Date.now(),
        subject: key,
        key,
        value: JSON.stringify(command),
        traceparent: newTraceparent(),
      }),
    )
    for (let i = 0; i < records.length; i += PUBLISH_AT_ONCE)
      await eventLog.publish(TOPICS.commands, records.slice(i, i + PUBLISH_AT_ONCE), { timeoutMs: 30_000 })
    return commands.map(({ id }) => id)
  }
}
