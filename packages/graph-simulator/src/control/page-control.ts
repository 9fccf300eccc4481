import { Type } from '@sinclair/typebox'
import { pageWrites } from '../actions/page-writes.ts'
import { addPage } from '../create-world.ts'
import { attachmentUrl, PAGE_INBOX_APP_ID } from '../data/generated-message.ts'
import { personOfPsid, threadOf } from '../graph/people.ts'
import { graphTime } from '../graph/select-fields.ts'
import { isPageField } from '../graph/subscription-fields.ts'
import type { SimulatedPage, World } from '../world.ts'
import { ControlError, checked, PageId, Psid, pageNamed } from './control-request.ts'

const ShareSchema = Type.Optional(Type.Number({ minimum: 0, maximum: 1 }))
const CountSchema = Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000_000 }))

const PageSchema = Type.Object(
  {
    facebook_page_id: Type.Optional(Type.String({ pattern: '^\\d{1,20}$' })),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 200 })),
    category: Type.Optional(Type.String({ minLength: 1 })),
    access_token: Type.Optional(Type.String({ minLength: 8 })),
    subscribed: Type.Optional(Type.Boolean()),
    details: Type.Optional(Type.Record(Type.String(), Type.Unknown())),
    epoch_ms: Type.Optional(Type.Integer({ minimum: 0 })),
    conversations: Type.Optional(Type.Integer({ minimum: 0, maximum: 10_000_000 })),
    long_share: ShareSchema,
    long_messages: Type.Optional(Type.Integer({ minimum: 1, maximum: 100_000 })),
    short_min: Type.Optional(Type.Integer({ minimum: 1 })),
    short_max: Type.Optional(Type.Integer({ minimum: 1 })),
    done_share: ShareSchema,
    other_share: ShareSchema,
    spam_share: ShareSchema,
    recent_customers: CountSchema,
    history_days: Type.Optional(Type.Integer({ minimum: 1, maximum: 7_300 })),
    profile_denied_share: ShareSchema,
    profile_phone_share: ShareSchema,
  },
  { additionalProperties: false },
)

const described = (world: World, page: SimulatedPage) => ({
  facebook_page_id: page.id,
  name: page.details.name,
  access_token: world.tokens.ofPage(page.id).at(-1)?.token,
  conversations: page.store.conversationCount(),
  changed_conversations: page.store.touchedCount(),
  subscribed_fields: page.subscribedFields === undefined ? null : [...page.subscribedFields],
  labels: page.labels.all().map(({ id, name, people }) => ({ id, name, people: people.size })),
})

/** `GET /_control/pages` */
export const listPages = (world: World) => ({ pages: [...world.pages.values()].map((page) => described(world, page)) })

/** `POST /_control/pages`: one more page, with its token. */
export function newPage(world: World, body: unknown) {
  const given = checked(PageSchema, body ?? {})
  if (given.facebook_page_id !== undefined && world.pages.has(given.facebook_page_id)) {
    throw new ControlError(409, `Page ${given.facebook_page_id} exists already`)
  }
  const shape = {
    longShare: given.long_share,
    longMessages: given.long_messages,
    shortMin: given.short_min,
    shortMax: given.short_max,
    doneShare: given.done_share,
    otherShare: given.other_share,
    spamShare: given.spam_share,
    recentCustomers: given.recent_customers,
    historyDays: given.history_days,
    profileDeniedShare: given.profile_denied_share,
    profilePhoneShare: given.profile_phone_share,
  }
  const named = Object.fromEntries(Object.entries(shape).filter(([, value]) => value !== undefined))
  const { page } = addPage(world, {
    facebookPageId: given.facebook_page_id,
    name: given.name,
    category: given.category,
    accessToken: given.access_token,
    subscribed: given.subscribed,
    details: given.details,
    epoch: given.epoch_ms,
    conversations: { count: given.conversations ?? 60, ...named },
  })
  return described(world, page)
}

const ChangePageSchema = Type.Object(
  {
    details: Type.Optional(
      Type.Record(Type.String(), Type.Unknown(), { description: 'Changed without a webhook; null clears' }),
    ),
    subscribed_fields: Type.Optional(Type.Union([Type.Null(), Type.Array(Type.String())])),
  },
  { additionalProperties: false, minProperties: 1 },
)

/** `PATCH /_control/pages/:id` */
export function changePage(world: World, id: string, body: unknown) {
  const given = checked(ChangePageSchema, body)
  const page = pageNamed(world, id)
  if (given.details !== undefined) page.change(given.details)
  const fields = given.subscribed_fields
  const wrong = fields?.filter((field) => !isPageField(field)) ?? []
  if (wrong.length > 0)
    throw new ControlError(
      400,
      'The request is not valid',
      wrong.map((field) => `/subscribed_fields: unknown field ${field}`),
    )
  if (fields !== undefined) page.subscribe(fields)
  return described(world, page)
}

const PageMessageSchema = Type.Object(
  {
    facebook_page_id: Type.Optional(PageId),
    psid: Psid,
    text: Type.Optional(Type.String({ minLength: 1, maxLength: 20_000 })),
    image_url: Type.Optional(Type.String()),
    app_id: Type.Optional(Type.String({ pattern: '^\\d+$', description: 'Meta’s Page Inbox unless given' })),
    metadata: Type.Optional(Type.String({ maxLength: 1_000 })),
    created_at_ms: Type.Optional(Type.Integer({ minimum: 0 })),
    deliveries: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
    wait: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)

/** `POST /_control/page-messages`: somebody answers in Facebook's own inbox, or another app does; the echo is delivered. */
export async function writePageMessage(world: World, body: unknown) {
  const given = checked(PageMessageSchema, body)
  if (given.text === undefined && given.image_url === undefined)
    throw new ControlError(400, 'The request is not valid', ['/text: required unless there is image_url'])
  const page = pageNamed(world, given.facebook_page_id)
  const person = personOfPsid(page, given.psid)
  if (person === undefined) throw new ControlError(404, `Page ${page.id} knows nobody with PSID ${given.psid}`)
  const id = `4${String(world.sent.total()).padStart(14, '0')}`
  const image =
    given.image_url === undefined
      ? {}
      : { attachments: [{ type: 'image' as const, id, url: given.image_url || attachmentUrl(id, 'image') }] }
  const { conversation, message, mid, echo } = pageWrites(world, page, person, {
    ...(given.text === undefined ? {} : { text: given.text }),
    ...image,
    ...(given.metadata === undefined ? {} : { metadata: given.metadata }),
    ...(given.created_at_ms === undefined ? {} : { createdAt: given.created_at_ms }),
    appId: given.app_id ?? PAGE_INBOX_APP_ID,
  })
  const sending = given.deliveries === 0 ? Promise.resolve([]) : world.webhooks.send([echo], given.deliveries)
  return {
    mid,
    conversation_id: threadOf(page, conversation),
    created_time: graphTime(message.createdAt),
    webhooks: given.wait === false ? [] : await sending,
  }
}
