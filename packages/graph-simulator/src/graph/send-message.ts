import { pageWrites } from '../actions/page-writes.ts'
import { attachmentUrl } from '../data/generated-message.ts'
import { hash } from '../data/hash.ts'
import type { AttachmentType, SimulatedAttachment } from '../data/message.ts'
import { fromCustomer, messagingNotice } from '../webhooks/page-events.ts'
import type { SimulatedPage, World } from '../world.ts'
import { requirePageToken, requireScope } from './access.ts'
import { GraphError, invalidParameter } from './graph-error.ts'
import { asObject, type GraphContext, json, text } from './graph-request.ts'
import { messageOfId, personOfPsid } from './people.ts'
import { checkWindow } from './reply-window.ts'
import { applySenderAction } from './sender-action.ts'

const PRIVATE_REPLY_MS = 7 * 86_400_000
const LONGEST_TEXT = 2_000
const LONGEST_METADATA = 1_000
const MOST_QUICK_REPLIES = 13
const MESSAGING_TYPES = ['RESPONSE', 'UPDATE', 'MESSAGE_TAG', 'UTILITY']
const ATTACHMENT_TYPES = ['image', 'audio', 'video', 'file', 'template']

/** `POST /{page-id}/messages`: a message to a person, a private reply to a comment, or a sender action. */
export async function sendToPerson(context: GraphContext, page: SimulatedPage) {
  requirePageToken(context, page)
  requireScope(context, 'pages_messaging')
  const { request, world } = context
  const recipient = asObject(json(request, 'recipient'))
  if (recipient === undefined) throw invalidParameter('The parameter recipient is required')
  const message = asObject(json(request, 'message'))
  const action = text(request, 'sender_action')
  if (message !== undefined && action !== undefined)
    throw invalidParameter('Cannot send both message and state', 2018014)
  const to = findRecipient(page, recipient, world.clock.now())
  if (action !== undefined) return applySenderAction(world, page, to.person, action, json(request, 'payload'))
  if (message === undefined) throw invalidParameter('The parameter message is required')

  if (world.switches.appMode === 'development') {
    const words =
      'Cannot message users who are not admins, developers or testers of the app until pages_messaging permission is reviewed and the app is live.'
    throw new GraphError(200, `(#200) ${words}`, { subcode: 2018028 })
  }
  const content = contentOf(world, page, message)
  const tag = tagOf(context)
  world.usage.countSend(page.id, content.attachments?.some(({ type }) => type === 'audio' || type === 'video') ?? false)
  checkReachable(page, to.person)
  if (to.comment === undefined) checkWindow(world, page, to.person, tag)
  else to.comment.replied = true
  const written = pageWrites(world, page, to.person, {
    ...content,
    tag,
    commentId: to.commentId,
    replyTo: replyTo(context, page),
  })
  await sendEcho(world, page, to.person, written)
  return { recipient_id: page.store.ids.people.encode(to.person), message_id: written.mid }
}

interface Recipient {
  readonly person: number
  readonly commentId?: string
  readonly comment?: { person: number; at: number; replied: boolean }
}

function findRecipient(page: SimulatedPage, recipient: Record<string, unknown>, now: number): Recipient {
  if (recipient.comment_id !== undefined) {
    const commentId = String(recipient.comment_id)
    const comment = page.comments.get(commentId)
    if (comment === undefined) throw invalidParameter(`Invalid comment_id: ${commentId}`, 2018292)
    if (now - comment.at > PRIVATE_REPLY_MS) throw invalidParameter(`The comment ${commentId} is older than 7 days`)
    if (comment.replied) throw new GraphError(10900, '(#10900) Activity already replied to')
    return { person: comment.person, commentId, comment }
  }
  const person = personOfPsid(page, String(recipient.id ?? ''))
  if (person === undefined) throw invalidParameter('No matching user found', 2018001)
  return { person }
}

function contentOf(world: World, page: SimulatedPage, message: Record<string, unknown>) {
  const written = message.text === undefined ? undefined : String(message.text)
  const metadata = message.metadata === undefined ? undefined : String(message.metadata)
  const given = [message.attachment, ...(Array.isArray(message.attachments) ? message.attachments : [])].filter(
    (one) => one !== undefined,
  )
  if (written !== undefined && [...written].length > LONGEST_TEXT) {
    throw invalidParameter(`Length of param message[text] must be less than or equal to ${LONGEST_TEXT}`)
  }
  if (metadata !== undefined && metadata.length > LONGEST_METADATA) {
    throw invalidParameter(`Length of param message[metadata] must be less than or equal to ${LONGEST_METADATA}`)
  }
  if ((written === undefined || written === '') && given.length === 0)
    throw invalidParameter('Message cannot be empty, must provide valid attachment or text', 2018034)
  if (written !== undefined && given.length > 0) throw invalidParameter('Cannot send both text and attachment', 2018015)
  const quickReplies = message.quick_replies
  if (quickReplies !== undefined && !(Array.isArray(quickReplies) && quickReplies.length <= MOST_QUICK_REPLIES)) {
    throw invalidParameter(`Param message[quick_replies] must be an array of at most ${MOST_QUICK_REPLIES} elements`)
  }
  const attachments = given.map((one, i) => attachmentOf(world, page, one, i))
  return {
    ...(written === undefined ? {} : { text: written }),
    ...(attachments.length === 0 ? {} : { attachments }),
    ...(metadata === undefined ? {} : { metadata }),
    ...(quickReplies === undefined ? {} : { quickReplies }),
  }
}

function attachmentOf(world: World, page: SimulatedPage, given: unknown, index: number): SimulatedAttachment {
  const attachment = asObject(given)
  const type = String(attachment?.type ?? '')
  const payload = asObject(attachment?.payload)
  if (!ATTACHMENT_TYPES.includes(type) || payload === undefined) {
    throw invalidParameter(`Param message[attachment][type] must be one of {${ATTACHMENT_TYPES.join(', ')}}`)
  }
  const made = hash(page.store.plan.seed, world.sent.total(), index, 41)
  const id = `${300_000_000 + (made % 600_000_000)}${String(100_000 + index)}`
  if (type === 'template') return { type, id, url: '', payload }
  if (typeof payload.url !== 'string' && payload.attachment_id === undefined)
    throw invalidParameter('Upload attachment failure.', 2018008)
  if (typeof payload.url === 'string' && !/^https?:\/\//.test(payload.url)) {
    throw invalidParameter('Failed to fetch the file from the url', 2018047)
  }
  return { type: type as AttachmentType, id, url: attachmentUrl(id, type as AttachmentType) }
}

function tagOf({ request }: GraphContext): string | undefined {
  const type = text(request, 'messaging_type')
  const tag = text(request, 'tag')
  if (type !== undefined && !MESSAGING_TYPES.includes(type)) {
    throw invalidParameter(`Param messaging_type must be one of {${MESSAGING_TYPES.join(', ')}}`)
  }
  if (type === 'MESSAGE_TAG' && tag === undefined)
    throw invalidParameter('The parameter tag is required for messaging_type MESSAGE_TAG')
  // Meta ended CONFIRMED_EVENT_UPDATE, ACCOUNT_UPDATE and POST_PURCHASE_UPDATE on 2026-04-27.
  if (tag !== undefined && tag !== 'HUMAN_AGENT') throw invalidParameter(`Invalid or deprecated message tag: ${tag}`)
  return tag
}

function replyTo({ request }: GraphContext, page: SimulatedPage): string | undefined {
  const mid = asObject(json(request, 'reply_to'))?.mid
  if (mid === undefined) return undefined
  if (messageOfId(page, String(mid)) === undefined) throw invalidParameter('Invalid mid in reply_to')
  return String(mid)
}

function checkReachable(page: SimulatedPage, person: number) {
  if (page.people.get(person)?.available === false) {
    throw new GraphError(551, "(#551) This person isn't available right now.", { subcode: 1545041 })
  }
}

/** The echo before the answer (the client hears of its message first), after it, or never. */
async function sendEcho(world: World, page: SimulatedPage, person: number, written: ReturnType<typeof pageWrites>) {
  const { echoOrder, deliveryReceipts } = world.switches
  if (echoOrder === 'none') return
  if (echoOrder === 'before') {
    await world.webhooks.send([written.echo])
  } else setImmediate(() => void world.webhooks.send([written.echo]))
  if (!deliveryReceipts) return
  const place = { page, person, conversation: written.conversation }
  const watermark = written.message.createdAt
  setImmediate(() => {
    const delivered = fromCustomer(world, place, undefined, { delivery: { mids: [written.mid], watermark } })
    void world.webhooks.send([messagingNotice(world, place, 'message_deliveries', delivered)])
    const read = fromCustomer(world, place, world.clock.now(), { read: { watermark } })
    void world.webhooks.send([messagingNotice(world, place, 'message_reads', read)])
  })
}
