import { canonicalMid } from '@pagesync/shared/model/message-id.ts'
import { conversationKey, messageKey } from '@pagesync/shared/store/repositories/rows.ts'
import type { SyncedCollections } from '@pagesync/shared/store/repositories/synced.ts'
import type { Tombstone, Tombstones } from '@pagesync/shared/store/repositories/tombstones.ts'
import type { PlacedEvent } from '../events/event-effect.ts'
import { admitsEvent, isOwnMessage, needsMessage, personOfEvent } from './admits-event.ts'

export interface KeepOutDeps {
  readonly tombstones: Tombstones
  readonly synced: Pick<SyncedCollections, 'messages'>
}

export interface AdmittedEvents {
  readonly events: readonly PlacedEvent[]
  /** Conversations of persons who were erased and wrote again: whatever is remembered of them is no longer true. */
  readonly returned: ReadonlySet<string>
}

interface Named {
  readonly placed: PlacedEvent
  readonly key: string | null
}

/**
 * Leaves out of a batch what is about people who were erased, unless they wrote again. A batch that comes again is
 * treated the same: what lifts a tombstone is kept in it.
 */
export async function keepOutOfEvents(placed: readonly PlacedEvent[], deps: KeepOutDeps): Promise<AdmittedEvents> {
  const named = placed.map((each): Named => {
    const psid = personOfEvent(each.event)
    return { placed: each, key: psid === null ? null : conversationKey(each.page.id, psid) }
  })
  const persons = named.flatMap(({ placed: { event, page }, key }) =>
    key === null ? [] : [{ page, psid: personOfEvent(event) as string }],
  )
  const stones = await deps.tombstones.find(persons)
  if (stones.size === 0) return { events: placed, returned: new Set() }
  const lifted = await liftThoseWhoWrote(named, stones, deps)
  const admitted = named.filter(({ placed: { event }, key }) => {
    const stone = key === null ? undefined : lifted.get(key)
    return stone === undefined || admitsEvent(event, stone)
  })
  const events = await withoutOldMessages(admitted, lifted, deps)
  const returned = new Set([...lifted].flatMap(([key, { lifted_ms }]) => (lifted_ms === null ? [] : [key])))
  return { events, returned }
}

async function liftThoseWhoWrote(
  named: readonly Named[],
  stones: ReadonlyMap<string, Tombstone>,
  { tombstones }: KeepOutDeps,
): Promise<ReadonlyMap<string, Tombstone>> {
  const earliest = new Map<string, Named>()
  for (const each of named) {
    const stone = each.key === null ? undefined : stones.get(each.key)
    const { event } = each.placed
    if (!stone || each.key === null || !isOwnMessage(event) || event.time_ms <= stone.erased_ms) continue
    const known = earliest.get(each.key)
    if (!known || event.time_ms < known.placed.event.time_ms) earliest.set(each.key, each)
  }
  const lifted = new Map(stones)
  for (const [key, { placed }] of earliest) {
    const person = { page: placed.page, psid: placed.event.psid as string }
    const stone = await tombstones.lift(person, placed.event.time_ms)
    if (stone) lifted.set(key, stone)
  }
  return lifted
}

/** An edit of, or a reaction to, a message that went with the erasure would make it again. */
async function withoutOldMessages(
  admitted: readonly Named[],
  stones: ReadonlyMap<string, Tombstone>,
  { synced }: KeepOutDeps,
): Promise<readonly PlacedEvent[]> {
  const keyOf = ({ event, page }: PlacedEvent) => messageKey(page.id, canonicalMid(event.mid ?? ''))
  const asked = admitted.filter(({ placed, key }) => key !== null && stones.has(key) && needsMessage(placed.event))
  if (asked.length === 0) return admitted.map(({ placed }) => placed)
  const inBatch = admitted.filter(({ placed }) => !needsMessage(placed.event)).map(({ placed }) => keyOf(placed))
  const rows = await synced.messages.getMany([...new Set(asked.map(({ placed }) => keyOf(placed)))])
  const there = new Set([...inBatch, ...rows.map(({ _id }) => _id)])
  const gone = new Set(asked.filter(({ placed }) => !there.has(keyOf(placed))).map(({ placed }) => placed))
  return admitted.flatMap(({ placed }) => (gone.has(placed) ? [] : [placed]))
}
