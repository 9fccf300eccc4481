import { attachmentUrl } from '../data/generated-message.ts'
import { hash } from '../data/hash.ts'
import type { AttachmentType, SimulatedAttachment } from '../data/message.ts'
import type { SimulatedPage, World } from '../world.ts'
import { invalidParameter } from './graph-error.ts'
import { asObject } from './graph-request.ts'

const LONGEST_TEXT = 2_000
const LONGEST_METADATA = 1_000
const MOST_QUICK_REPLIES = 13
const ATTACHMENT_TYPES = ['image', 'audio', 'video', 'file', 'template']

/** What `message` of a send holds, checked as Facebook checks it. */
export function readContent(world: World, page: SimulatedPage, message: Record<string, unknown>) {
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
