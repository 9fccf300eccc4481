import type { GeneratedConversations } from './generated-conversation.ts'
import { hash } from './hash.ts'
import { type AttachmentType, type SimulatedMessage, STICKER_IDS } from './message.ts'
import { languageOf } from './names.ts'
import type { PagePlan } from './page-plan.ts'
import { textOf } from './texts.ts'

/** Meta's Page Inbox app: what people type in Facebook's own inbox carries it. */
export const PAGE_INBOX_APP_ID = '263902037430900'

const FILES: Record<'image' | 'audio' | 'video' | 'file', string> = {
  image: 'jpg',
  audio: 'mp3',
  video: 'mp4',
  file: 'pdf',
}

export const attachmentUrl = (id: string, type: AttachmentType): string =>
  `https://scontent.xx.example/v/${id}.${FILES[type as 'image'] ?? 'bin'}?oh=00_AfD&oe=${(Number(id.slice(-6)) + 0x6600_0000).toString(16).toUpperCase()}`

/** Message number `serial` of a generated conversation, the same every time that it is asked for. */
export function generateMessage(
  plan: PagePlan,
  conversations: GeneratedConversations,
  conversation: number,
  serial: number,
): SimulatedMessage {
  const { seed } = plan
  const customer = conversations.isFromCustomer(conversation, serial)
  const base = {
    serial,
    createdAt: conversations.messageTime(conversation, serial),
    author: customer ? conversation : undefined,
    ...(customer ? {} : { appId: hash(seed, conversation, serial, 8) % 3 === 0 ? PAGE_INBOX_APP_ID : undefined }),
  }
  const roll = hash(seed, conversation, serial, 9) % 1000
  if (serial > 0 && roll < 30) return { ...base, stickerId: STICKER_IDS[roll % STICKER_IDS.length]! }
  if (serial > 0 && roll < 80) {
    const type = roll < 65 ? 'image' : roll < 70 ? 'audio' : roll < 75 ? 'video' : 'file'
    const id = `${200_000_000 + (hash(seed, conversation, serial, 10) % 700_000_000)}${100_000 + roll}`
    return { ...base, attachments: [{ type, id, url: attachmentUrl(id, type) }] }
  }
  const text = textOf(seed, conversation, serial >> 1, languageOf(seed, conversation), customer)
  if (roll < 95) return { ...base, text, shareLink: `https://riverside.example/p/${roll}` }
  if (roll < 115) {
    const reaction = { author: customer ? undefined : conversation, emoji: '❤️', reaction: 'love' }
    return { ...base, text, reactions: [reaction] }
  }
  return { ...base, text }
}
