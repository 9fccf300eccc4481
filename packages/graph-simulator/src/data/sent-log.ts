import { createBoundedLog } from './bounded-log.ts'

/** One message that reached a customer. */
export interface SentMessage {
  readonly facebook_page_id: string
  readonly psid: string
  readonly conversation_id: string
  readonly mid: string
  readonly text?: string
  readonly attachments?: readonly { type: string; url: string }[]
  readonly quick_replies?: unknown
  readonly metadata?: string
  readonly tag?: string
  readonly comment_id?: string
  /** App that sent it; Meta's Page Inbox when a person did. */
  readonly app_id: string
  readonly time: string
}

const KEPT = 50_000

export const createSentLog = () => createBoundedLog<SentMessage>(KEPT)
export type SentLog = ReturnType<typeof createSentLog>
