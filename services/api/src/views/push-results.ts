import { Type } from '@sinclair/typebox'
import { Conversation } from './conversation.ts'
import { Message } from './message.ts'
import { Page } from './page.ts'
import { named, nullable, wordOf } from './shapes.ts'

const Outcome = wordOf(
  ['applied_remote', 'applied_remote_unverified', 'applied_as_label', 'applied_local_only'],
  'applied_remote: Facebook confirmed it, or a read afterwards shows it; applied_remote_unverified: Facebook accepted ' +
    'it, what it did cannot be read back; applied_as_label: mirrored as a label of the person, since Facebook has no ' +
    'such call; applied_local_only: done in the system alone, `reason` says why',
)

const Done = {
  message: Type.String({ description: 'For people' }),
  outcome: Outcome,
  reason: Type.Optional(nullable(Type.String({ description: 'Why it reached no further' }))),
}
const OfConversation = { ...Done, conversation: named(Conversation) }
const Fields = Type.Array(Type.String(), { examples: [['about']] })
const Sent = {
  message: nullable(named(Message)),
  facebook_message_id: nullable(Type.String()),
  outcome: Outcome,
  reason: Done.reason,
}

/** What each push answers beside `success`; the page, the conversation and the message as they stand by then. */
export const PUSH_RESULTS = {
  'page.update': { ...Done, updated_fields: Fields, unchanged_fields: Fields, page: named(Page) },
  'conversation.archive': OfConversation,
  'conversation.unarchive': OfConversation,
  'conversation.mute': {
    ...OfConversation,
    muted_until: nullable(Type.String({ description: '`PERMANENTLY`, or RFC 3339' })),
  },
  'conversation.unmute': { ...OfConversation, muted_until: nullable(Type.String()) },
  'conversation.mark_read': { ...OfConversation, unread_count: Type.Integer() },
  'conversation.thread_control': OfConversation,
  'message.send': Sent,
  'comment.private_reply': Sent,
} as const
export type PushType = keyof typeof PUSH_RESULTS
