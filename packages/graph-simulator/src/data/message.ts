/** A message as the simulator knows it; the Graph API and the webhooks show different parts of it. */
export interface SimulatedMessage {
  /** Its number in the conversation, from 0; never reused. */
  readonly serial: number
  readonly createdAt: number
  /** Number of the person who wrote it; undefined when the page did. */
  readonly author: number | undefined
  readonly text?: string
  readonly attachments?: readonly SimulatedAttachment[]
  readonly stickerId?: string
  readonly shareLink?: string
  readonly replyTo?: string
  readonly reactions?: readonly SimulatedReaction[]
  /** App that sent it, for the page's messages. */
  readonly appId?: string
  readonly metadata?: string
  readonly quickReplyPayload?: string
  readonly deleted?: boolean
  readonly edits?: number
  readonly unsupported?: boolean
}

/** What is left of a message that was deleted. */
export const withoutContent = ({ serial, createdAt, author }: SimulatedMessage): SimulatedMessage => ({
  serial,
  createdAt,
  author,
  deleted: true,
})

export type AttachmentType = 'image' | 'audio' | 'video' | 'file' | 'template' | 'fallback' | 'location' | 'reel'

export interface SimulatedAttachment {
  readonly type: AttachmentType
  readonly id: string
  readonly url: string
  readonly title?: string
  readonly payload?: unknown
}

export interface SimulatedReaction {
  readonly author: number | undefined
  readonly emoji: string
  readonly reaction: string
}

/** Stickers are few on Facebook too; 369239263222822 is the thumbs-up. */
export const STICKER_IDS = ['369239263222822', '369239343222814', '369239383222810'] as const
