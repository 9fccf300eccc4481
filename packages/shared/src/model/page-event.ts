import { createHash, hash } from 'node:crypto'
import { type Static, type TProperties, type TSchema, Type } from '@sinclair/typebox'
import { canonicalMid } from './message-id.ts'

/** Which list of the notification's entry an item came from. */
export const EventChannel = Type.Union([Type.Literal('messaging'), Type.Literal('standby'), Type.Literal('changes')])
export type EventChannel = Static<typeof EventChannel>

/** Every `ce_type` of the page events topic. */
export const PAGE_EVENT_TYPES = [
  'facebook.message.received',
  'facebook.message.echo',
  'facebook.message.edited',
  'facebook.message.deleted',
  'facebook.message.reaction',
  'facebook.delivery',
  'facebook.read',
  'facebook.postback',
  'facebook.optin',
  'facebook.referral',
  'facebook.handover',
  'facebook.account_linking',
  'facebook.policy_enforcement',
  'facebook.page.changed',
  'facebook.feed.changed',
  'facebook.labels.changed',
  'facebook.permission.changed',
  'facebook.unknown',
] as const
export type PageEventType = (typeof PAGE_EVENT_TYPES)[number]

const Open = { additionalProperties: true }
const Id = Type.Union([Type.String({ maxLength: 256 }), Type.Integer()])
const Party = Type.Object({ id: Type.Optional(Id) }, Open)
const Timestamp = Type.Union([Type.Integer(), Type.String({ pattern: '^[0-9]{1,16}$' })])
const Mid = Type.String({ minLength: 1, maxLength: 512 })

const messaging = <P extends TProperties>(properties: P) =>
  Type.Object(
    {
      sender: Type.Optional(Party),
      recipient: Type.Optional(Party),
      timestamp: Type.Optional(Timestamp),
      ...properties,
    },
    Open,
  )
const change = <F extends TSchema, V extends TSchema>(field: F, value: V) => Type.Object({ field, value }, Open)

const Attachment = Type.Object(
  { type: Type.Optional(Type.String()), payload: Type.Optional(Type.Unknown()), title: Type.Optional(Type.Unknown()) },
  Open,
)

/** `messages` and `message_echoes`: sender is the person for the first, the page for the second. */
export const MessageItem = messaging({
  message: Type.Object(
    {
      mid: Mid,
      text: Type.Optional(Type.String()),
      attachments: Type.Optional(Type.Array(Attachment)),
      quick_reply: Type.Optional(Type.Object({ payload: Type.Optional(Type.String()) }, Open)),
      reply_to: Type.Optional(Type.Object({ mid: Type.Optional(Type.String()) }, Open)),
      is_echo: Type.Optional(Type.Boolean()),
      is_deleted: Type.Optional(Type.Boolean()),
      is_unsupported: Type.Optional(Type.Boolean()),
      app_id: Type.Optional(Id),
      metadata: Type.Optional(Type.String()),
    },
    Open,
  ),
})
export type MessageItem = Static<typeof MessageItem>

export const MessageEditItem = messaging({
  message_edit: Type.Object({ mid: Mid, text: Type.Optional(Type.String()), num_edit: Type.Optional(Timestamp) }, Open),
})
export type MessageEditItem = Static<typeof MessageEditItem>

export const ReactionItem = messaging({
  reaction: Type.Object(
    {
      mid: Mid,
      action: Type.Union([Type.Literal('react'), Type.Literal('unreact')]),
      emoji: Type.Optional(Type.String()),
      reaction: Type.Optional(Type.String()),
    },
    Open,
  ),
})
export type ReactionItem = Static<typeof ReactionItem>

export const DeliveryItem = messaging({
  delivery: Type.Object({ watermark: Timestamp, mids: Type.Optional(Type.Array(Type.String())) }, Open),
})
export type DeliveryItem = Static<typeof DeliveryItem>

/** The customer read the page's messages up to `watermark`. Instagram's form has `read.mid` and is kept as unknown. */
export const ReadItem = messaging({ read: Type.Object({ watermark: Timestamp }, Open) })
export type ReadItem = Static<typeof ReadItem>

export const PostbackItem = messaging({
  postback: Type.Object(
    { mid: Type.Optional(Mid), title: Type.Optional(Type.String()), payload: Type.Optional(Type.String()) },
    Open,
  ),
})
export type PostbackItem = Static<typeof PostbackItem>

const Anything = Type.Object({}, Open)

/**
 * The item's shape for each type, as Facebook documents it and old payloads show it: what we use is checked, the rest
 * is let through. An item that fits no shape becomes `facebook.unknown`.
 */
export const PAGE_EVENT_ITEMS = {
  'facebook.message.received': MessageItem,
  'facebook.message.echo': MessageItem,
  'facebook.message.edited': MessageEditItem,
  'facebook.message.deleted': MessageItem,
  'facebook.message.reaction': ReactionItem,
  'facebook.delivery': DeliveryItem,
  'facebook.read': ReadItem,
  'facebook.postback': PostbackItem,
  'facebook.optin': messaging({ optin: Anything }),
  'facebook.referral': messaging({ referral: Anything }),
  'facebook.handover': messaging({
    pass_thread_control: Type.Optional(Anything),
    take_thread_control: Type.Optional(Anything),
    request_thread_control: Type.Optional(Anything),
    app_roles: Type.Optional(Anything),
  }),
  'facebook.account_linking': messaging({ account_linking: Anything }),
  'facebook.policy_enforcement': messaging({
    policy_enforcement: Type.Optional(Anything),
    'policy-enforcement': Type.Optional(Anything),
  }),
  'facebook.page.changed': Type.Object({ field: Type.String(), value: Type.Optional(Type.Unknown()) }, Open),
  'facebook.feed.changed': change(Type.Literal('feed'), Anything),
  'facebook.labels.changed': change(Type.Literal('inbox_labels'), Anything),
  'facebook.permission.changed': Type.Object({ field: Type.String(), value: Type.Optional(Type.Unknown()) }, Open),
  'facebook.unknown': Type.Unknown(),
} as const satisfies Record<PageEventType, TSchema>

const PAGE_EVENT_COMMON = {
  /** Derived, so that a redelivered webhook yields the same id; the record's `ce_id`. */
  id: Type.String({ minLength: 1, maxLength: 128 }),
  channel: EventChannel,
  /** Facebook's id of the page. */
  facebook_page_id: Type.String({ minLength: 1, maxLength: 64 }),
  /** The person's page-scoped id, null where the item names none. */
  psid: Type.Union([Type.String({ minLength: 1, maxLength: 64 }), Type.Null()]),
  /** The message that it is about, as Facebook wrote it. */
  mid: Type.Union([Type.String({ minLength: 1, maxLength: 512 }), Type.Null()]),
  /** The source's time: the item's own where it has one, else `entry.time`; milliseconds since 1970. */
  time_ms: Type.Integer({ minimum: 0 }),
}

/** What a record of the page events topic holds; `raw` is the item, unchanged. One schema for each type. */
export function pageEventSchema<K extends PageEventType>(type: K) {
  return Type.Object({ ...PAGE_EVENT_COMMON, type: Type.Literal(type), raw: PAGE_EVENT_ITEMS[type] })
}

/** A page event of any type; narrow it by `type`. */
export type PageEvent = {
  [K in PageEventType]: {
    readonly id: string
    readonly type: K
    readonly channel: EventChannel
    readonly facebook_page_id: string
    readonly psid: string | null
    readonly mid: string | null
    readonly time_ms: number
    readonly raw: Static<(typeof PAGE_EVENT_ITEMS)[K]>
  }
}[PageEventType]

/** Ids of received, echo and deleted: from page, kind and message, however often and in whatever bytes it comes. */
export function messageEventId(facebookPageId: string, type: PageEventType, mid: string): string {
  return `ev_${hash('sha256', `${facebookPageId}\n${type}\n${canonicalMid(mid)}`, 'base64url')}`
}

/**
 * Ids of all other events: from page, channel and the item's text; `entryTimeMs` is given where the item has no time
 * of its own, so that the same item next week is another event.
 */
export function itemEventId(
  facebookPageId: string,
  channel: EventChannel,
  itemJson: string,
  entryTimeMs: number | null,
): string {
  const digest = createHash('sha256').update(`${facebookPageId}\n${channel}\n`).update(itemJson)
  if (entryTimeMs !== null) digest.update(`\n${entryTimeMs}`)
  return `ev_${digest.digest('base64url')}`
}
