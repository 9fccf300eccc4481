import { type Static, type TObject, Type } from '@sinclair/typebox'
import { type TypeCheck, TypeCompiler } from '@sinclair/typebox/compiler'
import { Value } from '@sinclair/typebox/value'
import type { CommandType, Requester } from './command.ts'

/**
 * What each push takes under `arguments`. One place for two doors: HTTP bodies are made of the same schemas (there
 * unknown members are refused), commands from the topic are read by `readArguments` (there they are ignored).
 */

const closed = { additionalProperties: false }

/** A field that is sent empty is cleared at Facebook. Facebook's own limits are its to refuse. */
export const PageUpdateArguments = Type.Object(
  {
    about: Type.Optional(Type.String({ maxLength: 1_000 })),
    phone: Type.Optional(Type.String({ maxLength: 64 })),
    website: Type.Optional(Type.String({ maxLength: 2_048 })),
  },
  { ...closed, minProperties: 1 },
)

/** Seconds since 1970 of the last second of the year 9999: later ones have no RFC 3339 form. */
const LAST_SECOND = 253_402_300_799
/** How `PERMANENTLY` is stored, so that a mute has an end in any case. */
export const PERMANENTLY_MS = LAST_SECOND * 1_000

export const MuteArguments = Type.Object(
  {
    mute_until: Type.Optional(
      Type.Union([Type.Literal('PERMANENTLY'), Type.Integer({ minimum: 1, maximum: LAST_SECOND })], {
        description: '`PERMANENTLY` (the default) or a Unix time in seconds in the future',
      }),
    ),
  },
  closed,
)

/** Facebook's limits of the Send API. */
export const TEXT_LENGTH_MAX = 2_000
const PARTS_MAX = 10

const QuickReply = Type.Object(
  {
    content_type: Type.Union([Type.Literal('text'), Type.Literal('user_phone_number'), Type.Literal('user_email')]),
    title: Type.Optional(Type.String({ minLength: 1, maxLength: 20 })),
    payload: Type.Optional(Type.String({ maxLength: 1_000 })),
    image_url: Type.Optional(Type.String({ maxLength: 2_048, pattern: '^https?://' })),
  },
  closed,
)

const SEND_BODY = {
  message: Type.Optional(
    Type.String({
      minLength: 1,
      maxLength: TEXT_LENGTH_MAX * PARTS_MAX,
      description: `The text; more than ${TEXT_LENGTH_MAX} characters only with \`split\``,
    }),
  ),
  attachment: Type.Optional(
    Type.Object(
      {
        type: Type.Union(['image', 'video', 'audio', 'file'].map((type) => Type.Literal(type))),
        url: Type.String({ minLength: 8, maxLength: 2_048, pattern: '^https?://' }),
      },
      closed,
    ),
  ),
  quick_replies: Type.Optional(Type.Array(QuickReply, { minItems: 1, maxItems: 13 })),
  messaging_type: Type.Optional(
    Type.Union([Type.Literal('RESPONSE'), Type.Literal('UPDATE'), Type.Literal('MESSAGE_TAG')]),
  ),
  // The other tags ended on 2026-04-27.
  tag: Type.Optional(Type.Literal('HUMAN_AGENT', { description: 'Only for what a person wrote' })),
  split: Type.Optional(Type.Boolean({ description: 'A longer text goes out in parts, in order' })),
  reply_to: Type.Optional(Type.String({ minLength: 1, maxLength: 512, description: "Facebook's id of a message" })),
  recipient_id: Type.Optional(
    Type.String({ pattern: '^[0-9]{1,32}$', description: 'The person (PSID), where no conversation is named' }),
  ),
}

/** What a caller may write over HTTP. */
export const SendBody = Type.Object(SEND_BODY, closed)
export const SendArguments = Type.Object(
  {
    ...SEND_BODY,
    /** Set by the API where the caller's scope says that a person writes. */
    human: Type.Optional(Type.Boolean()),
    automation_id: Type.Optional(Type.Integer({ minimum: 1 })),
    /** Facebook's id of the message that the automation answers. */
    answered_mid: Type.Optional(Type.String({ minLength: 1, maxLength: 512 })),
    /** Of `message`, which is its text without a name: filled, and cut, when it is sent, where a name is known by then. */
    template: Type.Optional(Type.String({ minLength: 1, maxLength: 2 * TEXT_LENGTH_MAX })),
    automation_type: Type.Optional(Type.String({ maxLength: 64 })),
    /** The keyword, FAQ or instant reply of the automation; an FAQ's id also where a person sends its answer. */
    part: Type.Optional(Type.Union([Type.Literal('instant_reply'), Type.Literal('keyword'), Type.Literal('faq')])),
    part_id: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  closed,
)
export type SendArguments = Readonly<Static<typeof SendArguments>>

export const ThreadControlArguments = Type.Object(
  {
    action: Type.Union([Type.Literal('take'), Type.Literal('pass'), Type.Literal('release')]),
    target_app_id: Type.Optional(
      Type.String({ pattern: '^[0-9]{1,32}$', description: "Whom to pass to; without it Facebook's own inbox" }),
    ),
    metadata: Type.Optional(Type.String({ maxLength: 1_000 })),
  },
  closed,
)
export type ThreadControlArguments = Readonly<Static<typeof ThreadControlArguments>>

export const PrivateReplyBody = Type.Object(
  { message: Type.String({ minLength: 1, maxLength: TEXT_LENGTH_MAX }) },
  closed,
)
export const PrivateReplyArguments = Type.Object(
  {
    ...PrivateReplyBody.properties,
    /** Facebook's. */
    comment_id: Type.String({ minLength: 1, maxLength: 128 }),
    automation_id: Type.Optional(Type.Integer({ minimum: 1 })),
  },
  closed,
)
export type PrivateReplyArguments = Readonly<Static<typeof PrivateReplyArguments>>

/** Why the system itself asks: nobody else needs to say so. */
const Because = Type.Object({ because: Type.Optional(Type.String({ maxLength: 64 })) }, closed)
const Nothing = Type.Object({}, closed)

/** Types that are missing here read their arguments by themselves. */
export const COMMAND_ARGUMENTS: Partial<Record<CommandType, TObject>> = {
  'page.update': PageUpdateArguments,
  'page.subscribe_webhooks': Nothing,
  'page.check_token': Nothing,
  'conversation.archive': Nothing,
  'conversation.unarchive': Because,
  'conversation.mute': MuteArguments,
  'conversation.unmute': Because,
  'conversation.mark_read': Nothing,
  'conversation.thread_control': ThreadControlArguments,
  'message.send': SendArguments,
  'comment.private_reply': PrivateReplyArguments,
}

const CHECKS = new Map(
  Object.entries(COMMAND_ARGUMENTS).map(([type, schema]) => [type, TypeCompiler.Compile(schema as TObject)]),
)
const PROBLEMS_MAX = 20

/** One member that is wrong; `path` is a JSON pointer within the arguments. */
export interface ArgumentProblem {
  readonly path: string
  readonly message: string
}

export interface ArgumentsContext {
  readonly nowMs: number
  readonly requestedBy: Requester
  /** The command names a conversation. */
  readonly hasConversation: boolean
  /** Facebook fetches what a message shows: from addresses that are everybody's, never from within somebody's network. */
  readonly isAllowedUrl: (url: string) => boolean
}

/** The arguments of a command as its type takes them, without members that are not known; or what is wrong with them. */
export function readArguments(
  type: CommandType,
  given: Readonly<Record<string, unknown>>,
  context: ArgumentsContext,
): { readonly arguments: Readonly<Record<string, unknown>> } | { readonly problems: readonly ArgumentProblem[] } {
  const schema = COMMAND_ARGUMENTS[type]
  const check = CHECKS.get(type)
  if (!schema || !check) return { arguments: given }
  const cleaned = Value.Clean(schema, structuredClone(given)) as Record<string, unknown>
  const problems = check.Check(cleaned) ? argumentProblems(type, cleaned, context) : schemaProblems(check, cleaned)
  return problems.length === 0 ? { arguments: cleaned } : { problems }
}

function schemaProblems(check: TypeCheck<TObject>, value: unknown): ArgumentProblem[] {
  const problems = new Map<string, ArgumentProblem>()
  for (const { path, message } of check.Errors(value)) {
    const told = path === '/mute_until' ? MUTE_UNTIL : message
    if (!problems.has(path)) problems.set(path, { path: path || '/', message: told })
    if (problems.size === PROBLEMS_MAX) break
  }
  return [...problems.values()]
}

const PUBLIC_URL = 'must be a public https address'
const MUTE_UNTIL = 'must be PERMANENTLY or a Unix time in seconds in the future'

/** What a schema cannot say of arguments that fit it: both doors ask. Empty when all is well. */
export function argumentProblems(
  type: CommandType,
  args: Readonly<Record<string, unknown>>,
  context: ArgumentsContext,
): ArgumentProblem[] {
  if (type === 'conversation.mute') {
    const until = args.mute_until
    const isPast = typeof until === 'number' && until * 1_000 <= context.nowMs
    return isPast ? [{ path: '/mute_until', message: MUTE_UNTIL }] : []
  }
  return type === 'message.send' ? sendProblems(args as SendArguments, context) : []
}

function sendProblems(args: SendArguments, context: ArgumentsContext): ArgumentProblem[] {
  const { requestedBy, hasConversation, isAllowedUrl } = context
  const problems: ArgumentProblem[] = []
  const say = (path: string, message: string): void => void problems.push({ path, message })
  if ((args.message === undefined) === (args.attachment === undefined))
    say('/message', 'exactly one of message and attachment is needed')
  if (args.message !== undefined && args.message.trim() === '') say('/message', 'must not be blank')
  if ([...(args.message ?? '')].length > TEXT_LENGTH_MAX && args.split !== true)
    say('/message', `must have at most ${TEXT_LENGTH_MAX} characters, or split must be true`)
  if (args.attachment && !isAllowedUrl(args.attachment.url)) say('/attachment/url', PUBLIC_URL)
  for (const [i, reply] of (args.quick_replies ?? []).entries()) {
    if (reply.content_type === 'text' && reply.title === undefined)
      say(`/quick_replies/${i}/title`, 'is required for content_type text')
    if (reply.image_url !== undefined && !isAllowedUrl(reply.image_url))
      say(`/quick_replies/${i}/image_url`, PUBLIC_URL)
  }
  if (args.messaging_type === 'MESSAGE_TAG' && args.tag === undefined)
    say('/tag', 'is required for messaging_type MESSAGE_TAG')
  if (args.tag !== undefined && args.messaging_type !== undefined && args.messaging_type !== 'MESSAGE_TAG')
    say('/messaging_type', 'must be MESSAGE_TAG where a tag is given')
  if (args.tag === 'HUMAN_AGENT' && requestedBy.kind !== 'person' && args.human !== true)
    say('/tag', 'HUMAN_AGENT is for messages that a person wrote')
  if (!hasConversation && args.recipient_id === undefined) say('/recipient_id', 'is required')
  return problems
}
