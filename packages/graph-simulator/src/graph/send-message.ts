import { pageWrites } from '../actions/page-writes.ts'
import { fromCustomer, messagingNotice } from '../webhooks/page-events.ts'
import type { SimulatedPage, World } from '../world.ts'
import { requirePageToken, requireScope } from './access.ts'
import { GraphError, invalidParameter } from './graph-error.ts'
import { asObject, type GraphContext, json, text } from './graph-request.ts'
import { readContent } from './message-content.ts'
import { messageOfId, personOfPsid } from './people.ts'
import { checkWindow } from './reply-window.ts'
import { applySenderAction } from './sender-action.ts'

const PRIVATE_REPLY_MS = 7 * 86_400_000
const MESSAGING_TYPES = ['RESPONSE', 'UPDATE', 'MESSAGE_TAG', 'UTILITY']

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
  const content = readContent(world, page, message)
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
