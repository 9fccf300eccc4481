import { type Static, Type } from '@sinclair/typebox'
import { TypeCompiler } from '@sinclair/typebox/compiler'
import { AppError } from '../errors/app-error.ts'

/**
 * What we read of Facebook's answers. Everything but ids may be missing ("empty fields are left out"); what we do not
 * name is let through. An answer that does not fit is not trusted at all.
 */
const Open = { additionalProperties: true }
const Id = Type.String({ minLength: 1, maxLength: 256 })
const Text = Type.Optional(Type.String())

export const GraphPerson = Type.Object({ id: Id, name: Text }, Open)
const People = Type.Optional(Type.Object({ data: Type.Array(GraphPerson) }, Open))

const GraphAttachment = Type.Object(
  {
    id: Text,
    name: Text,
    mime_type: Text,
    size: Type.Optional(Type.Number()),
    file_url: Text,
    image_data: Type.Optional(Type.Object({ url: Text, preview_url: Text }, Open)),
    video_data: Type.Optional(Type.Object({ url: Text, preview_url: Text }, Open)),
  },
  Open,
)
export type GraphAttachment = Static<typeof GraphAttachment>

const GraphShare = Type.Object({ link: Text, name: Text }, Open)

export const GraphMessage = Type.Object(
  {
    id: Type.String({ minLength: 1, maxLength: 512 }),
    created_time: Text,
    from: Type.Optional(Type.Object({ id: Id, name: Text }, Open)),
    message: Text,
    attachments: Type.Optional(Type.Object({ data: Type.Array(GraphAttachment) }, Open)),
    shares: Type.Optional(Type.Object({ data: Type.Array(GraphShare) }, Open)),
    sticker: Text,
    reply_to: Type.Optional(Type.Object({ mid: Text }, Open)),
    reactions: Type.Optional(
      Type.Object(
        {
          data: Type.Array(
            Type.Object(
              { reaction: Text, emoji: Text, users: Type.Optional(Type.Array(Type.Object({ id: Id }, Open))) },
              Open,
            ),
          ),
        },
        Open,
      ),
    ),
  },
  Open,
)
export type GraphMessage = Static<typeof GraphMessage>

const Paging = Type.Optional(
  Type.Object({ cursors: Type.Optional(Type.Object({ after: Text }, Open)), next: Text }, Open),
)
const listOf = <T extends Parameters<typeof Type.Array>[0]>(item: T) =>
  Type.Object({ data: Type.Array(item), paging: Paging }, Open)

export const GraphMessageList = listOf(GraphMessage)
export type GraphMessageList = Static<typeof GraphMessageList>

export const GraphConversation = Type.Object(
  {
    id: Id,
    updated_time: Text,
    unread_count: Type.Optional(Type.Integer({ minimum: 0 })),
    message_count: Type.Optional(Type.Integer({ minimum: 0 })),
    snippet: Text,
    can_reply: Type.Optional(Type.Boolean()),
    folder: Text,
    participants: People,
    messages: Type.Optional(GraphMessageList),
  },
  Open,
)
export type GraphConversation = Static<typeof GraphConversation>
export const GraphConversationList = listOf(GraphConversation)

export const GraphPage = Type.Object(
  {
    id: Id,
    name: Text,
    /** Only where it was asked for, and only for who may act for the page. */
    access_token: Text,
    category: Text,
    about: Text,
    phone: Text,
    website: Text,
    fan_count: Type.Optional(Type.Integer({ minimum: 0 })),
  },
  Open,
)
export type GraphPage = Static<typeof GraphPage>

const GraphProfile = Type.Object({ name: Text, first_name: Text, last_name: Text, profile_pic: Text }, Open)

const GraphApps = Type.Object(
  { data: Type.Array(Type.Object({ id: Text, subscribed_fields: Type.Optional(Type.Array(Type.String())) }, Open)) },
  Open,
)

const GraphToken = Type.Object({ access_token: Type.String({ minLength: 1, maxLength: 4096 }) }, Open)

const GraphAccounts = listOf(Type.Object({ id: Id, name: Text, access_token: Text }, Open))

const CHECKS = {
  page: TypeCompiler.Compile(GraphPage),
  profile: TypeCompiler.Compile(GraphProfile),
  conversation: TypeCompiler.Compile(GraphConversation),
  conversations: TypeCompiler.Compile(GraphConversationList),
  messages: TypeCompiler.Compile(GraphMessageList),
  apps: TypeCompiler.Compile(GraphApps),
  token: TypeCompiler.Compile(GraphToken),
  user: TypeCompiler.Compile(GraphPerson),
  accounts: TypeCompiler.Compile(GraphAccounts),
} as const

type Shapes = {
  page: GraphPage
  profile: Static<typeof GraphProfile>
  conversation: GraphConversation
  conversations: Static<typeof GraphConversationList>
  messages: GraphMessageList
  apps: Static<typeof GraphApps>
  token: Static<typeof GraphToken>
  user: Static<typeof GraphPerson>
  accounts: Static<typeof GraphAccounts>
}

/** @throws AppError FACEBOOK_UNAVAILABLE naming what does not fit: an answer of another shape is no answer */
export function readShape<K extends keyof Shapes>(kind: K, body: unknown): Shapes[K] {
  const check = CHECKS[kind]
  if (check.Check(body)) return body as Shapes[K]
  const first = check.Errors(body).First()
  throw new AppError('FACEBOOK_UNAVAILABLE', `Facebook's answer has another shape at ${first?.path || '/'}`)
}

/**
 * Where a list goes on: null at its end. A page may be short or empty and still have a next one; only a missing `next`
 * ends it. `next` itself holds the access token: only its cursor is read, and it is never followed, kept or logged.
 *
 * @throws AppError FACEBOOK_UNAVAILABLE where there is a next page that no cursor leads to: taking it for the end would
 * lose what follows
 */
export function nextCursor(list: { readonly paging?: Static<typeof Paging> } | undefined): string | null {
  const { next, cursors } = list?.paging ?? {}
  if (!next) return null
  const after = cursors?.after ?? (URL.canParse(next) ? new URL(next).searchParams.get('after') : null)
  if (after) return after
  throw new AppError('FACEBOOK_UNAVAILABLE', 'Facebook names a next page without a cursor')
}

/** `2021-07-23T09:28:50+0000` and RFC 3339 alike; null where it is neither. */
export function graphTimeMs(time: string | undefined): number | null {
  if (time === undefined) return null
  const ms = Date.parse(time.replace(/([+-]\d\d)(\d\d)$/, '$1:$2'))
  return Number.isNaN(ms) ? null : ms
}
