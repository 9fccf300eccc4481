import {
  type EventChannel,
  itemEventId,
  messageEventId,
  type PageEvent,
  type PageEventType,
} from '@pagesync/shared/model/page-event.ts'
import { changeType, messagingType } from './classify-item.ts'
import { facebookTimeMs } from './facebook-time.ts'
import { isAnyObject, isNotification, isPageEntry, isPermissionChange } from './notification-schema.ts'

/** An event and its item as JSON, written once for both the id and the record. */
export interface DerivedEvent {
  readonly event: PageEvent
  readonly rawJson: string
}

export type NotificationContent =
  | {
      readonly kind: 'events'
      readonly events: readonly DerivedEvent[]
      /** Entries and items of which no event can be made, while their siblings are events. */
      readonly unusable: number
      /** Items about something else than a page. */
      readonly ignored: number
    }
  /** About something else than pages. */
  | { readonly kind: 'other-object' }
  /** Not what Facebook sends; `reason` for people. */
  | { readonly kind: 'malformed'; readonly reason: string }

/** Facebook batches at most 1,000 updates; a body of 2 MiB could hold a million items. */
export const NOTIFICATION_EVENTS_MAX = 10_000
/** One item may become several events: characters of all of them together. */
export const NOTIFICATION_EVENT_CHARACTERS_MAX = 16 * 1024 * 1024

type Item = Readonly<Record<string, unknown>>

/**
 * The page events that a notification holds, one for each item of `messaging`, `standby` and `changes`, in its order.
 * Pure and total: whatever JSON it is given, it answers. The same notification always gives the same ids.
 *
 * @param receivedAtMs the time of events that tell none
 */
export function toPageEvents(notification: unknown, receivedAtMs: number): NotificationContent {
  if (!isAnyObject.Check(notification)) return { kind: 'malformed', reason: 'The body does not say what it is about' }
  if (notification.object !== 'page' && notification.object !== 'permissions') return { kind: 'other-object' }
  if (!isNotification.Check(notification)) return { kind: 'malformed', reason: 'The body has no list of entries' }
  const found: Found = { events: [], characters: 0, isTooMuch: false, unusable: 0, ignored: 0 }
  const read = notification.object === 'page' ? readPageEntry : readPermissionEntry
  for (const entry of notification.entry) read(entry, receivedAtMs, found)
  if (found.isTooMuch) return { kind: 'malformed', reason: 'The body holds more events than we take at a time' }
  return { kind: 'events', events: found.events, unusable: found.unusable, ignored: found.ignored }
}

interface Found {
  readonly events: DerivedEvent[]
  characters: number
  isTooMuch: boolean
  unusable: number
  ignored: number
}

function readPageEntry(entry: unknown, receivedAtMs: number, found: Found): void {
  if (!isPageEntry.Check(entry)) {
    found.unusable++
    return
  }
  const lists = entry as unknown as Item
  const entryTimeMs = facebookTimeMs(lists.time)
  const pageId = String(entry.id)
  const add = (channel: EventChannel, item: unknown) =>
    addEvent({ pageId, channel, item, entryTimeMs, receivedAtMs }, found)
  for (const item of listOf(lists.messaging)) add('messaging', item)
  for (const item of listOf(lists.standby)) add('standby', item)
  for (const item of listOf(lists.changes)) add('changes', item)
  for (const field of listOf(lists.changed_fields)) add('changes', { field })
  if (LISTS.every((name) => lists[name] === undefined)) add('changes', entry)
}

const LISTS = ['messaging', 'standby', 'changes', 'changed_fields']

/** The entry is about a person (by an id that only our app knows); the pages stand in each change. */
function readPermissionEntry(entry: unknown, receivedAtMs: number, found: Found): void {
  if (!isItem(entry)) {
    found.unusable++
    return
  }
  const entryTimeMs = facebookTimeMs(entry.time)
  for (const item of listOf(entry.changes)) {
    const pageIds = isPermissionChange.Check(item) ? item.value.target_ids.map(idOf) : []
    const known = pageIds.filter((pageId) => pageId !== null)
    if (known.length === 0) found.ignored++
    for (const pageId of known)
      addEvent(
        { pageId, channel: 'changes', item, entryTimeMs, receivedAtMs, type: 'facebook.permission.changed' },
        found,
      )
  }
}

interface ItemAt {
  readonly pageId: string
  readonly channel: EventChannel
  readonly item: unknown
  readonly entryTimeMs: number | null
  readonly receivedAtMs: number
  readonly type?: PageEventType
}

function addEvent({ pageId, channel, item, entryTimeMs, receivedAtMs, type: given }: ItemAt, found: Found): void {
  if (found.events.length >= NOTIFICATION_EVENTS_MAX || found.characters > NOTIFICATION_EVENT_CHARACTERS_MAX) {
    found.isTooMuch = true
    return
  }
  const rawJson = toJson(item)
  if (rawJson === undefined) {
    found.unusable++
    return
  }
  const isChange = channel === 'changes'
  const fields = isItem(item) ? item : undefined
  const psid = fields === undefined ? null : isChange ? personOfChange(fields) : personOf(fields, pageId)
  const type = given ?? typeOf(fields, isChange, psid)
  const mid = isChange || type === 'facebook.unknown' ? null : midOf(fields)
  // A change has no time of its own: `created_time` is that of the post, however often it is edited later.
  const ownTimeMs = isChange ? null : facebookTimeMs(fields?.timestamp)
  const id =
    mid !== null && ID_BY_MESSAGE.has(type)
      ? messageEventId(pageId, type, mid)
      : itemEventId(pageId, channel, rawJson, ownTimeMs === null ? entryTimeMs : null)
  const time_ms = ownTimeMs ?? entryTimeMs ?? receivedAtMs
  const event = { id, type, channel, facebook_page_id: pageId, psid, mid, time_ms, raw: item } as PageEvent
  found.events.push({ event, rawJson })
  found.characters += rawJson.length
}

const ID_BY_MESSAGE: ReadonlySet<PageEventType> = new Set([
  'facebook.message.received',
  'facebook.message.echo',
  'facebook.message.deleted',
])

/** Messages that nobody wrote or got belong to no conversation: kept, but as something that we do not understand. */
function typeOf(item: Item | undefined, isChange: boolean, psid: string | null): PageEventType {
  if (item === undefined) return 'facebook.unknown'
  const type = isChange ? changeType(item) : messagingType(item)
  return psid === null && ID_BY_MESSAGE.has(type) ? 'facebook.unknown' : type
}

/** The side that is not the page: of an echo the recipient, else the sender. */
function personOf(item: Item, pageId: string): string | null {
  const sender = partyId(item.sender)
  const recipient = partyId(item.recipient)
  const isEcho = isItem(item.message) && item.message.is_echo === true
  const person = isEcho || sender === null || sender === pageId ? recipient : sender
  return person === pageId ? null : person
}

/** A label is put on a person. Who wrote on the feed is not looked at, so that one post's events stay in order. */
function personOfChange(item: Item): string | null {
  return item.field === 'inbox_labels' && isItem(item.value) ? partyId(item.value.user) : null
}

function midOf(item: Item | undefined): string | null {
  const part = item?.message ?? item?.message_edit ?? item?.reaction ?? item?.postback
  return isItem(part) && typeof part.mid === 'string' && part.mid !== '' && part.mid.length <= 512 ? part.mid : null
}

function partyId(party: unknown): string | null {
  return isItem(party) ? idOf(party.id) : null
}

function idOf(value: unknown): string | null {
  const id = typeof value === 'number' && Number.isInteger(value) ? String(value) : value
  return typeof id === 'string' && id.length >= 1 && id.length <= 64 ? id : null
}

function isItem(value: unknown): value is Item {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

/** A list that is none is taken for its only item; nothing at all for an empty one. */
function listOf(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value
  return value === undefined || value === null ? [] : [value]
}

/** Undefined for what is nested deeper than the stack: `JSON.parse` has no limit there, `JSON.stringify` has. */
function toJson(item: unknown): string | undefined {
  try {
    return JSON.stringify(item)
  } catch (error) {
    if (error instanceof RangeError) return undefined
    throw error
  }
}
