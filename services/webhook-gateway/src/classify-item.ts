import { PAGE_EVENT_ITEMS, type PageEventType } from '@pagesync/shared/model/page-event.ts'
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler'

type Item = Readonly<Record<string, unknown>>

/** The key of a `messaging` or `standby` item that says what happened; the first that is there decides. */
const TYPE_BY_KEY: readonly (readonly [key: string, type: PageEventType])[] = [
  ['message_edit', 'facebook.message.edited'],
  ['reaction', 'facebook.message.reaction'],
  ['delivery', 'facebook.delivery'],
  ['read', 'facebook.read'],
  ['postback', 'facebook.postback'],
  ['optin', 'facebook.optin'],
  ['referral', 'facebook.referral'],
  ['pass_thread_control', 'facebook.handover'],
  ['take_thread_control', 'facebook.handover'],
  ['request_thread_control', 'facebook.handover'],
  ['app_roles', 'facebook.handover'],
  ['account_linking', 'facebook.account_linking'],
  ['policy_enforcement', 'facebook.policy_enforcement'],
  ['policy-enforcement', 'facebook.policy_enforcement'],
]

/**
 * Webhook fields that tell of the page itself: "read the page again". From Meta's own list of subscription fields
 * (`pagesubscribed_apps_subscribed_fields_enum_param` of its SDK specification) and the Page's fields of the same names.
 */
const PAGE_FIELDS: ReadonlySet<string> = new Set(
  `about affiliation attire awards bio birthday category category_list company_overview contact_address cover
   culinary_team current_location description email emails founded general_info general_manager hometown hours
   is_published link location members mission name page_about_story parking payment_options personal_info
   personal_interests phone picture price_range products public_transit single_line_address username
   verification_status website`.split(/\s+/),
)

const shapes = new Map<PageEventType, TypeCheck<(typeof PAGE_EVENT_ITEMS)[PageEventType]>>(
  (Object.keys(PAGE_EVENT_ITEMS) as PageEventType[]).map((type) => [
    type,
    TypeCompiler.Compile(PAGE_EVENT_ITEMS[type]),
  ]),
)

/** What a `messaging` or `standby` item tells. What we do not know, or not in this shape, is `facebook.unknown`. */
export function messagingType(item: Item): PageEventType {
  return checked(item.message === undefined ? typeByKey(item) : messageType(item.message), item)
}

/** What a `changes` item tells; `facebook.unknown` as above. */
export function changeType(item: Item): PageEventType {
  const field = item.field
  if (typeof field !== 'string') return 'facebook.unknown'
  if (field === 'feed') return checked('facebook.feed.changed', item)
  if (field === 'inbox_labels') return checked('facebook.labels.changed', item)
  return PAGE_FIELDS.has(field) ? checked('facebook.page.changed', item) : 'facebook.unknown'
}

function messageType(message: unknown): PageEventType {
  if (typeof message !== 'object' || message === null) return 'facebook.unknown'
  const { is_deleted, is_echo } = message as Item
  if (is_deleted === true) return 'facebook.message.deleted'
  return is_echo === true ? 'facebook.message.echo' : 'facebook.message.received'
}

function typeByKey(item: Item): PageEventType {
  for (const [key, type] of TYPE_BY_KEY) if (item[key] !== undefined) return type
  return 'facebook.unknown'
}

function checked(type: PageEventType, item: Item): PageEventType {
  return shapes.get(type)?.Check(item) ? type : 'facebook.unknown'
}
