/**
 * What to do about an error. The HTTP layer, the consumers and the logs all decide by kind (see `reaction.ts`),
 * callers decide by code.
 */
export type ErrorKind =
  | 'invalid'
  | 'unauthenticated'
  | 'forbidden'
  | 'not-found'
  | 'conflict'
  | 'rate-limited'
  | 'transient'
  | 'permanent'
  | 'bug'

interface ErrorRow {
  readonly kind: ErrorKind
  /** HTTP status of an answer that carries this code. */
  readonly status: number
  /** Short and constant: the `title` of RFC 9457. */
  readonly title: string
}

const row = (kind: ErrorKind, status: number, title: string): ErrorRow => ({ kind, status, title })

/** Every error code of the system. `docs/errors.md` is made from it; codes are never renamed. */
export const ERROR_TABLE = {
  VALIDATION_FAILED: row('invalid', 400, 'The request is not valid'),
  PAYLOAD_TOO_LARGE: row('invalid', 413, 'The body is too large'),
  UNSUPPORTED_MEDIA_TYPE: row('invalid', 415, 'The content type is not supported'),
  IDEMPOTENCY_KEY_REUSED: row('invalid', 422, 'The idempotency key was used for another request'),
  UNDECODABLE_RECORD: row('invalid', 400, 'The record cannot be decoded'),
  LOGIN_NOT_CONTINUED: row('invalid', 400, 'The login cannot be continued'),
  LOGIN_DECLINED: row('invalid', 400, 'The login was declined at Facebook'),
  COMMAND_REJECTED: row('invalid', 400, 'The command was refused'),
  UNAUTHENTICATED: row('unauthenticated', 401, 'No valid credentials'),
  SIGNATURE_MISMATCH: row('unauthenticated', 401, 'The signature does not match'),
  FORBIDDEN: row('forbidden', 403, 'Not allowed'),
  ROUTE_NOT_FOUND: row('not-found', 404, 'No such route'),
  TENANT_NOT_FOUND: row('not-found', 404, 'No such tenant'),
  ACCOUNT_NOT_FOUND: row('not-found', 404, 'No such account'),
  PAGE_NOT_FOUND: row('not-found', 404, 'No such page'),
  CONVERSATION_NOT_FOUND: row('not-found', 404, 'No such conversation'),
  MESSAGE_NOT_FOUND: row('not-found', 404, 'No such message'),
  CONTACT_NOT_FOUND: row('not-found', 404, 'No such contact'),
  COMMENT_NOT_FOUND: row('not-found', 404, 'No such comment'),
  COMMAND_NOT_FOUND: row('not-found', 404, 'No such command'),
  API_KEY_NOT_FOUND: row('not-found', 404, 'No such API key'),
  AUTOMATION_NOT_FOUND: row('not-found', 404, 'No such automation'),
  INSTANT_REPLY_NOT_FOUND: row('not-found', 404, 'No such instant reply'),
  KEYWORD_NOT_FOUND: row('not-found', 404, 'No such keyword'),
  FAQ_NOT_FOUND: row('not-found', 404, 'No such FAQ'),
  FAQ_LOG_NOT_FOUND: row('not-found', 404, 'No such use of an FAQ'),
  DELETION_NOT_FOUND: row('not-found', 404, 'No such request to be deleted'),
  ERASURE_NOT_FOUND: row('not-found', 404, 'No such erasure'),
  DEAD_LETTER_NOT_FOUND: row('not-found', 404, 'No such dead letter'),
  PAGE_REAUTH_REQUIRED: row('conflict', 409, 'The page must be connected again'),
  PAGE_ALREADY_CONNECTED: row('conflict', 409, 'The page is connected elsewhere'),
  PAGE_BEING_ERASED: row('conflict', 409, 'The page is being erased'),
  NOT_CANCELLABLE: row('conflict', 409, 'The command can no longer be cancelled'),
  NOT_REPLAYABLE: row('conflict', 409, 'The dead letter cannot be replayed'),
  COMMAND_CANCELLED: row('conflict', 409, 'The command was cancelled'),
  COMMAND_EXPIRED: row('conflict', 409, 'The command expired before it could run'),
  WRITE_CONFLICT: row('conflict', 409, 'Somebody else wrote at the same time'),
  LEASE_LOST: row('conflict', 409, 'Another worker took over the page'),
  NOT_RETRYABLE: row('conflict', 409, 'The command cannot be run again'),
  RATE_LIMITED: row('rate-limited', 429, 'Too many requests'),
  FACEBOOK_RATE_LIMITED: row('rate-limited', 503, 'Facebook asks to wait'),
  ISSUER_UNAVAILABLE: row('transient', 503, 'The issuer of tokens does not answer'),
  STORE_UNAVAILABLE: row('transient', 503, 'The store does not answer'),
  EVENT_LOG_UNAVAILABLE: row('transient', 503, 'The event log does not answer'),
  SHUTTING_DOWN: row('transient', 503, 'The service is stopping'),
  FACEBOOK_ANSWER_TOO_LARGE: row('transient', 503, 'Facebook asks for smaller requests'),
  FACEBOOK_UNAVAILABLE: row('transient', 504, 'Facebook did not answer'),
  MESSAGE_WINDOW_CLOSED: row('permanent', 502, 'The reply window is closed'),
  PERMISSION_MISSING: row('permanent', 502, 'A permission is missing on Facebook'),
  FACEBOOK_TOKEN_INVALID: row('permanent', 502, 'Facebook refused the access token'),
  FACEBOOK_REJECTED: row('permanent', 502, 'Facebook refused the request'),
  FACEBOOK_OBJECT_GONE: row('permanent', 502, 'Facebook no longer has the object'),
  FACEBOOK_MISCONFIGURED: row('permanent', 502, 'Facebook refused the configuration of the app'),
  RECIPIENT_UNAVAILABLE: row('permanent', 502, 'The person cannot be reached'),
  THREAD_OWNED_BY_OTHER_APP: row('permanent', 502, 'Another app owns the conversation'),
  POLICY_BLOCKED: row('permanent', 502, 'Facebook blocked the page for its policies'),
  PERSON_TOOK_OVER: row('permanent', 409, 'A person took over from the automation'),
  AUTOMATION_CALLED_OFF: row('permanent', 409, 'What the automation was to answer, or the automation itself, is gone'),
  SEND_UNCONFIRMED: row('permanent', 504, 'Whether Facebook delivered the message is not known'),
  NOT_SUPPORTED_BY_FACEBOOK: row('permanent', 502, 'Facebook has no such call'),
  TOKEN_UNREADABLE: row('bug', 500, 'A stored token cannot be opened'),
  CONFIGURATION_INVALID: row('bug', 500, 'The configuration is not valid'),
  ENGINE_UNSUITABLE: row('bug', 500, 'The engine cannot be used as configured'),
  INTERNAL: row('bug', 500, 'Something went wrong'),
} as const satisfies Record<string, ErrorRow>

export type ErrorCode = keyof typeof ERROR_TABLE
