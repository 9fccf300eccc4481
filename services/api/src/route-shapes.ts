import { ERROR_TABLE, type ErrorCode } from '@pagesync/shared/errors/error-table.ts'
import { type TProperties, type TSchema, Type } from '@sinclair/typebox'
import type { Access } from './authenticate.ts'
import { Command } from './views/command.ts'
import { Id, named, nullable } from './views/shapes.ts'

/** Parts of the routes' schemas: what goes into a request, and what every answer has. */

const Closed = { additionalProperties: false }

export const PageParams = Type.Object({ pageId: Id })
export const ConversationParams = Type.Object({ conversationId: Id })
export const IdParams = Type.Object({ id: Id })
export const DeadLetterParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) })
export const CommentParams = Type.Object({ commentId: Id })
export const ContactParams = Type.Object({ contactId: Id })
export const CommandParams = Type.Object({ id: Type.String({ minLength: 1, maxLength: 64 }) })

const Limit = Type.Integer({ minimum: 1, maximum: 200, default: 50, description: 'How many at most' })
const Cursor = Type.String({
  minLength: 1,
  maxLength: 2048,
  description: '`next_cursor` of the page before, unchanged; belongs to one list with one sort',
})

export const EraseQuery = Type.Object(
  { erase: Type.Optional(Type.Boolean({ description: 'What was synced goes as well, for good' })) },
  Closed,
)

/** The query of a list; `sort` says what its default is called. */
export const listQuery = <const D extends 'newest' | 'activity', P extends TProperties>(defaultSort: D, filters: P) =>
  Type.Object(
    {
      limit: Type.Optional(Limit),
      cursor: Type.Optional(Cursor),
      sort: Type.Optional(
        Type.Union([Type.Literal(defaultSort), Type.Literal('id')], {
          default: defaultSort,
          description: `${defaultSort}: the newest first; id: complete whatever is inserted meanwhile`,
        }),
      ),
      ...filters,
    },
    Closed,
  )

export const Search = Type.Optional(
  Type.String({
    minLength: 1,
    maxLength: 100,
    description: 'Names with words that begin so, whatever their case and accents',
  }),
)

/** The query of a list that has one order alone: by id. */
export const idQuery = Type.Object(
  { limit: Type.Optional(Limit), cursor: Type.Optional(Cursor), sort: Type.Optional(Type.Literal('id')) },
  Closed,
)

export const LIMIT_DEFAULT = 50

export const body = <P extends TProperties>(
  properties: P,
  options: { examples?: unknown[]; minProperties?: number } = {},
) => Type.Object(properties, { ...Closed, ...options })

export const CommandHeaders = Type.Object({
  'idempotency-key': Type.Optional(
    Type.String({
      pattern: '^[\\x20-\\x7E]{1,255}$',
      description: 'The same key with the same request answers the same command, for 24 hours',
    }),
  ),
  prefer: Type.Optional(
    Type.String({
      description: '`respond-async` answers 202 at once, `wait=N` after at most N seconds (1…60)',
    }),
  ),
})

/** The answer's `success`, then its members. */
export const success = <P extends TProperties>(properties: P, options: { description?: string } = {}) =>
  Type.Object({ success: Type.Literal(true), ...properties }, { description: 'Done', ...options })

export const list = <K extends string, T extends TSchema>(name: K, item: T) =>
  success({ [name]: Type.Array(named(item)), next_cursor: nullable(Type.String()) } as {
    [key in K]: ReturnType<typeof Type.Array<ReturnType<typeof named<T>>>>
  } & { next_cursor: ReturnType<typeof nullable<ReturnType<typeof Type.String>>> })

export const CommandRunning = success(
  { status: Type.Literal('running'), command: named(Command) },
  { description: 'Not finished yet: `Location` is where to ask again' },
)

const EVERYWHERE: readonly ErrorCode[] = [
  'VALIDATION_FAILED',
  'UNAUTHENTICATED',
  'FORBIDDEN',
  'RATE_LIMITED',
  'STORE_UNAVAILABLE',
  'INTERNAL',
]
const ASKED_OF_CALLERS: ReadonlySet<ErrorCode> = new Set(['UNAUTHENTICATED', 'FORBIDDEN'])

/** The error answers of a route, by status, each naming its codes. */
export function errors(access: Access, codes: readonly ErrorCode[] = []): Record<number, object> {
  const everywhere = EVERYWHERE.filter((code) => access !== 'public' || !ASKED_OF_CALLERS.has(code))
  const byStatus = Map.groupBy(new Set([...everywhere, ...codes]), (code) => ERROR_TABLE[code].status)
  return Object.fromEntries([...byStatus].map(([status, names]) => [status, errorAnswer(access, names)]))
}

function errorAnswer(access: Access, codes: readonly ErrorCode[]): object {
  const [code] = codes as [ErrorCode]
  const { status, title } = ERROR_TABLE[code]
  const needs =
    access === 'operator'
      ? "the operator's token"
      : access === 'admin-or-operator'
        ? "the scope `admin`, or the operator's token"
        : `the scope \`${access}\``
  const example = {
    success: false,
    message: title,
    status,
    code,
    title,
    detail: title,
    errors: [],
    request_id: '5f0c…',
  }
  return {
    description: status === 403 ? `FORBIDDEN: it needs ${needs}` : codes.join(', '),
    content: { 'application/problem+json': { schema: { $ref: 'Problem#' }, example } },
  }
}

export const AccessToken = Type.String({
  minLength: 1,
  maxLength: 4096,
  pattern: '^[\\x21-\\x7E]+$',
  description: "Facebook's access token; kept sealed, and never shown",
})

/** What Facebook, asked on the way, can refuse. */
export const LOGIN_ERRORS: readonly ErrorCode[] = [
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  // Erased since the caller was let in.
  'TENANT_NOT_FOUND',
  'FACEBOOK_TOKEN_INVALID',
  'PERMISSION_MISSING',
  'FACEBOOK_REJECTED',
  'FACEBOOK_MISCONFIGURED',
  'FACEBOOK_OBJECT_GONE',
  'FACEBOOK_RATE_LIMITED',
  'FACEBOOK_ANSWER_TOO_LARGE',
  'FACEBOOK_UNAVAILABLE',
]

/** What a command can end with, beside the route's own errors. */
export const COMMAND_ERRORS: readonly ErrorCode[] = [
  'PAYLOAD_TOO_LARGE',
  'UNSUPPORTED_MEDIA_TYPE',
  'IDEMPOTENCY_KEY_REUSED',
  'PAGE_REAUTH_REQUIRED',
  'COMMAND_CANCELLED',
  'COMMAND_EXPIRED',
  'FACEBOOK_TOKEN_INVALID',
  'PERMISSION_MISSING',
  'FACEBOOK_REJECTED',
  'FACEBOOK_OBJECT_GONE',
  'FACEBOOK_MISCONFIGURED',
  'FACEBOOK_RATE_LIMITED',
  'FACEBOOK_UNAVAILABLE',
]
