import { type GraphMessage, graphTimeMs } from '@pagesync/shared/graph/graph-shapes.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import { keptFromMs } from '@pagesync/shared/model/retention.ts'
import { conversationKey, type PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { TenantSettings } from '@pagesync/shared/store/repositories/tenant-settings.ts'
import type { Tombstone, Tombstones } from '@pagesync/shared/store/repositories/tombstones.ts'

/** A conversation of a page with some of its messages, as a pull found them. */
export interface PulledMessages {
  /** `_id` of the conversation. */
  readonly key: string
  /** The one person; null where there are several. */
  readonly psid: string | null
  readonly messages: readonly GraphMessage[]
}

export interface KeepOutOfPulls {
  /**
   * Leaves out those who were erased and have not written since, and of those who have whatever is older; among
   * several people, the messages of who was erased. Keeps the order.
   */
  admit<T extends PulledMessages>(page: PageRow, pulled: readonly T[]): Promise<T[]>
  /** From when on the page's tenant keeps messages; null: all of them. */
  messagesFromMs(page: PageRow): Promise<number | null>
  /** Was the person erased, and has not written since? */
  isErased(page: PageRow, psid: string): Promise<boolean>
}

/** Facebook tells whole seconds to who asks. */
const SECOND_MS = 1_000

export interface KeptMessages {
  readonly settings: Pick<TenantSettings, 'get'>
  readonly clock: Clock
}

/** A tenant that decided otherwise is heeded after this at the latest. */
const FRESH_MS = 10_000
const TENANTS_MAX = 10_000

/** @param kept what is older than its tenant keeps it would be removed again by retention, and come back with each pull */
export function createKeepOutOfPulls(tombstones: Tombstones, { settings, clock }: KeptMessages): KeepOutOfPulls {
  const known = new Map<string, { readonly decided: Readonly<Record<string, number | null>>; readonly atMs: number }>()
  const messagesFromMs = async ({ tenant_id }: PageRow): Promise<number | null> => {
    const now = clock.now()
    let entry = known.get(tenant_id)
    if (!entry || now - entry.atMs >= FRESH_MS) {
      if (known.size >= TENANTS_MAX) known.clear()
      entry = { decided: (await settings.get(tenant_id)).retention, atMs: now }
      known.set(tenant_id, entry)
    }
    return keptFromMs('messages_days', entry.decided, now)
  }
  return {
    messagesFromMs,
    isErased: (page, psid) => tombstones.isErased({ page, psid }),
    async admit<T extends PulledMessages>(page: PageRow, found: readonly T[]) {
      const pageId = page.id
      const fromMs = await messagesFromMs(page)
      const isKept = (message: GraphMessage) => fromMs === null || createdMs(message) >= fromMs
      const pulled = found.map((each) => ({ ...each, messages: each.messages.filter(isKept) }))
      const psids = new Set(pulled.flatMap(({ psid, messages }) => (psid === null ? authorsOf(messages) : [psid])))
      const stones = await tombstones.find([...psids].map((psid) => ({ page, psid })))
      if (stones.size === 0) return pulled
      const admitted: T[] = []
      for (const each of pulled) {
        if (each.psid === null) {
          admitted.push({
            ...each,
            messages: each.messages.filter((message) => isAmongSeveral(message, pageId, stones)),
          })
          continue
        }
        const known = stones.get(conversationKey(pageId, each.psid))
        const stone = known && (await lifted(each, each.psid, known))
        if (!stone) admitted.push(each)
        else if (stone.lifted_ms !== null)
          admitted.push({ ...each, messages: each.messages.filter((message) => isSince(message, stone)) })
      }
      return admitted

      /** Who wrote while no webhook came is back, too. */
      async function lifted({ messages }: T, psid: string, stone: Tombstone): Promise<Tombstone> {
        const times = messages
          .filter(({ from }) => from?.id === psid)
          .map((message) => createdMs(message))
          .filter((ms) => ms > stone.erased_ms)
        if (times.length === 0) return stone
        return (await tombstones.lift({ page, psid }, Math.min(...times))) ?? stone
      }
    },
  }
}

const createdMs = (message: GraphMessage): number => graphTimeMs(message.created_time) ?? 0

const authorsOf = (messages: readonly GraphMessage[]): string[] =>
  messages.flatMap(({ from }) => (from ? [from.id] : []))

function isSince(message: GraphMessage, { erased_ms, lifted_ms }: Tombstone): boolean {
  const ms = createdMs(message)
  return lifted_ms !== null && ms > erased_ms && ms + SECOND_MS > lifted_ms
}

function isAmongSeveral({ from, created_time }: GraphMessage, pageId: number, stones: ReadonlyMap<string, Tombstone>) {
  const stone = from ? stones.get(conversationKey(pageId, from.id)) : undefined
  return stone === undefined || (graphTimeMs(created_time) ?? 0) > stone.erased_ms
}
