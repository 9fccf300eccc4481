import { randomBytes } from 'node:crypto'
import { type Static, Type } from '@sinclair/typebox'

/** Every command type. The ones that this version runs are registered in the worker; the others are refused. */
export const COMMAND_TYPES = [
  'page.sync_details',
  'page.sync_contacts',
  'page.sync_conversations',
  'page.full_sync',
  'page.update',
  'page.subscribe_webhooks',
  'page.check_token',
  'conversation.sync_messages',
  'conversation.sync_status',
  'conversation.archive',
  'conversation.unarchive',
  'conversation.mute',
  'conversation.unmute',
  'conversation.mark_read',
  'conversation.thread_control',
  'message.send',
  'comment.private_reply',
  'contact.resolve_profile',
] as const
export const CommandType = Type.Union(COMMAND_TYPES.map((type) => Type.Literal(type)))
export type CommandType = (typeof COMMAND_TYPES)[number]

export const COMMAND_STATES = [
  'accepted',
  'queued',
  'running',
  'waiting',
  'unconfirmed',
  'succeeded',
  'partially_succeeded',
  'failed',
  'cancelled',
  'expired',
] as const
export const CommandState = Type.Union(COMMAND_STATES.map((state) => Type.Literal(state)))
export type CommandState = (typeof COMMAND_STATES)[number]

const FINAL_STATES: ReadonlySet<string> = new Set([
  'succeeded',
  'partially_succeeded',
  'failed',
  'cancelled',
  'expired',
])

export function isFinal(state: CommandState): boolean {
  return FINAL_STATES.has(state)
}

export const Requester = Type.Object({
  kind: Type.Union([
    Type.Literal('person'),
    Type.Literal('api_key'),
    Type.Literal('service'),
    Type.Literal('schedule'),
    Type.Literal('automation'),
    Type.Literal('system'),
  ]),
  id: Type.String({ maxLength: 128 }),
})
export type Requester = Static<typeof Requester>

const OptionalTime = Type.Optional(Type.Union([Type.String({ maxLength: 40 }), Type.Null()]))

/**
 * A command as it stands on the command topic: written by the API, by schedules and automations, and by internal
 * services directly. Members that we do not know are ignored. Times are RFC 3339.
 */
export const Command = Type.Object({
  id: Type.String({ minLength: 1, maxLength: 64, pattern: '^[A-Za-z0-9_.:-]+$' }),
  type: CommandType,
  tenant_id: Type.String({ minLength: 1, maxLength: 64 }),
  page_id: Type.Integer({ minimum: 1 }),
  conversation_id: Type.Optional(Type.Union([Type.Integer({ minimum: 1 }), Type.Null()])),
  arguments: Type.Optional(Type.Record(Type.String({ maxLength: 64 }), Type.Unknown())),
  requested_by: Requester,
  requested_at: Type.String({ maxLength: 40 }),
  idempotency_key: Type.Optional(Type.Union([Type.String({ minLength: 1, maxLength: 255 }), Type.Null()])),
  not_before: OptionalTime,
  expires_at: OptionalTime,
})
export type Command = Static<typeof Command> & { readonly type: CommandType }

/** A new command id: `cmd_` and 26 characters that sort by time (48 bits of milliseconds, 80 random bits, Crockford's base 32). */
export function newCommandId(nowMs: number): string {
  return `cmd_${sortableId(nowMs)}`
}

const BASE32 = '0123456789ABCDEFGHJKMNPQRSTVWXYZ'

function sortableId(nowMs: number): string {
  let bits = (BigInt(nowMs) << 80n) | BigInt(`0x${randomBytes(10).toString('hex')}`)
  let text = ''
  for (let i = 0; i < 26; i++) {
    text = BASE32[Number(bits & 31n)] + text
    bits >>= 5n
  }
  return text
}
