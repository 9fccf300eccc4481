import { type Static, Type } from '@sinclair/typebox'
import { type CustomerMessage, customerWrites } from '../actions/customer-writes.ts'
import { attachmentUrl } from '../data/generated-message.ts'
import { hash } from '../data/hash.ts'
import { messageId } from '../graph/message-fields.ts'
import { personOfPsid, threadOf } from '../graph/people.ts'
import { graphTime } from '../graph/select-fields.ts'
import type { Delivery } from '../webhooks/deliver-parcel.ts'
import type { World } from '../world.ts'
import { ControlError, checked, PageId, Psid, pageNamed } from './control-request.ts'

const AttachmentSchema = Type.Object(
  {
    type: Type.Union(
      ['image', 'audio', 'video', 'file', 'fallback', 'location', 'reel', 'template'].map((type) => Type.Literal(type)),
    ),
    url: Type.Optional(Type.String()),
    title: Type.Optional(Type.String()),
    payload: Type.Optional(Type.Unknown()),
  },
  { additionalProperties: false },
)

export const WriteMessageSchema = Type.Object(
  {
    facebook_page_id: Type.Optional(PageId),
    psid: Type.Optional(Psid),
    name: Type.Optional(Type.String({ minLength: 1, maxLength: 100 })),
    text: Type.Optional(Type.String({ maxLength: 20_000 })),
    attachments: Type.Optional(Type.Array(AttachmentSchema, { maxItems: 30 })),
    sticker_id: Type.Optional(Type.String({ pattern: '^\\d+$' })),
    share_link: Type.Optional(Type.String()),
    reply_to: Type.Optional(Type.String()),
    quick_reply_payload: Type.Optional(Type.String()),
    unsupported: Type.Optional(Type.Boolean()),
    created_at_ms: Type.Optional(Type.Integer({ minimum: 0 })),
    deliveries: Type.Optional(Type.Integer({ minimum: 0, maximum: 100 })),
    wait: Type.Optional(Type.Boolean()),
  },
  { additionalProperties: false },
)

export type WriteMessage = Static<typeof WriteMessageSchema>

export interface WrittenMessage {
  readonly psid: string
  readonly name: string
  readonly mid: string
  readonly conversation_id: string
  readonly created_time: string
  readonly timestamp: number
  /** One for each delivery; empty with `wait: false` or `deliveries: 0`. */
  readonly webhooks: readonly Delivery[]
}

/** A customer writes to a page, a known one or a new one, and the webhook is delivered as often as asked for. */
export async function writeMessage(world: World, body: unknown): Promise<WrittenMessage> {
  const given = checked(WriteMessageSchema, body)
  if (
    given.text === undefined &&
    !given.attachments?.length &&
    given.sticker_id === undefined &&
    given.share_link === undefined &&
    !given.unsupported
  ) {
    throw new ControlError(400, 'The request is not valid', [
      '/text: required unless there is an attachment, a sticker or a link',
    ])
  }
  const page = pageNamed(world, given.facebook_page_id)
  const person = given.psid === undefined ? page.store.addPerson(given.name) : personOfPsid(page, given.psid)
  if (person === undefined) throw new ControlError(404, `Page ${page.id} knows nobody with PSID ${given.psid}`)
  const { conversation, message, notice } = customerWrites(world, page, person, contentOf(given, page.store.plan.seed))
  const deliveries = given.deliveries ?? 1
  const sending = deliveries === 0 ? Promise.resolve([]) : world.webhooks.send([notice], deliveries)
  return {
    psid: page.store.ids.people.encode(person),
    name: page.store.person(person).name,
    mid: messageId({ page, conversation, message }),
    conversation_id: threadOf(page, conversation),
    created_time: graphTime(message.createdAt),
    timestamp: message.createdAt,
    webhooks: given.wait === false ? [] : await sending,
  }
}

function contentOf(given: WriteMessage, seed: number): CustomerMessage {
  const attachments = given.attachments?.map(({ type, url, title, payload }, i) => {
    const id = `${400_000_000 + (hash(seed, i, 61) % 500_000_000)}${100_000 + i}`
    const kind = type as 'image'
    return {
      type: kind,
      id,
      url: url ?? attachmentUrl(id, kind),
      ...(title === undefined ? {} : { title }),
      ...(payload === undefined ? {} : { payload }),
    }
  })
  return {
    ...(given.text === undefined ? {} : { text: given.text }),
    ...(attachments === undefined ? {} : { attachments }),
    ...(given.sticker_id === undefined ? {} : { stickerId: given.sticker_id }),
    ...(given.share_link === undefined ? {} : { shareLink: given.share_link }),
    ...(given.reply_to === undefined ? {} : { replyTo: given.reply_to }),
    ...(given.quick_reply_payload === undefined ? {} : { quickReplyPayload: given.quick_reply_payload }),
    ...(given.unsupported ? { unsupported: true } : {}),
    ...(given.created_at_ms === undefined ? {} : { createdAt: given.created_at_ms }),
  }
}
