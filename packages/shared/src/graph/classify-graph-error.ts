import { AppError } from '../errors/app-error.ts'
import type { ErrorCode } from '../errors/error-table.ts'

/** The `error` member of Facebook's answer, as far as we read it. */
export interface GraphErrorBody {
  readonly code?: number
  readonly error_subcode?: number
  readonly type?: string
  readonly message?: string
  readonly is_transient?: boolean
  readonly fbtrace_id?: string
}

export interface GraphErrorRule {
  readonly error: ErrorCode
  readonly code: number | readonly [from: number, to: number]
  /** Undefined: any subcode. */
  readonly subcode?: number
}

/**
 * Which of our codes stands for which of Facebook's, by code and subcode and nothing else: messages are localised (and
 * `(#551)` has been seen in the text of a code 200), the HTTP status is mostly 400, `is_transient` contradicts the code
 * (2/2018344). The first rule that fits counts, so rules with a subcode stand before the general one.
 *
 * Sources: Graph API "Error handling" and "Rate limits", Messenger Platform "Error codes", the documented errors of
 * `/{page-id}/conversations` and `/{page-id}/messages` (developers.facebook.com, 2026);
 * `lib/facebook/messenger/bot/error_parser.rb` of jgorset/facebook-messenger; facebook-java-business-sdk issue 292
 * (2642).
 */
export const GRAPH_ERROR_RULES: readonly GraphErrorRule[] = [
  // Token dead: expired, password changed, app removed, role lost, … and "must be granted before impersonating".
  { code: 190, error: 'FACEBOOK_TOKEN_INVALID' },
  { code: 102, error: 'FACEBOOK_TOKEN_INVALID' },

  // The reply window is closed.
  { code: 10, subcode: 2018278, error: 'MESSAGE_WINDOW_CLOSED' },
  { code: 10, subcode: 2534022, error: 'MESSAGE_WINDOW_CLOSED' },
  { code: 10, subcode: 2018065, error: 'MESSAGE_WINDOW_CLOSED' },

  // This person cannot be reached, or has no profile.
  { code: 10, subcode: 2018108, error: 'RECIPIENT_UNAVAILABLE' },
  { code: 551, error: 'RECIPIENT_UNAVAILABLE' },
  { code: 200, subcode: 1545041, error: 'RECIPIENT_UNAVAILABLE' },
  { code: 100, subcode: 2018001, error: 'RECIPIENT_UNAVAILABLE' },
  { code: 100, subcode: 2018218, error: 'RECIPIENT_UNAVAILABLE' },
  { code: 2018218, error: 'RECIPIENT_UNAVAILABLE' },

  // Another app controls the thread.
  { code: 100, subcode: 2534037, error: 'THREAD_OWNED_BY_OTHER_APP' },
  { code: 2018300, error: 'THREAD_OWNED_BY_OTHER_APP' },
  { code: 2018321, error: 'THREAD_OWNED_BY_OTHER_APP' },

  // Policy: the page is blocked or restricted, or warned of abuse.
  { code: 10, subcode: 1893063, error: 'POLICY_BLOCKED' },
  { code: 613, subcode: 2018338, error: 'POLICY_BLOCKED' },
  { code: 368, error: 'POLICY_BLOCKED' },
  { code: 2022, error: 'POLICY_BLOCKED' },

  // Permission. 2/2018344 (contact terms not accepted) says "temporarily unavailable" and stays so.
  { code: 2, subcode: 2018344, error: 'PERMISSION_MISSING' },
  { code: 3, error: 'PERMISSION_MISSING' },
  { code: 10, error: 'PERMISSION_MISSING' },
  { code: [200, 299], error: 'PERMISSION_MISSING' },
  { code: 2018247, error: 'PERMISSION_MISSING' },

  // Rate: 4 app, 17 user, 32 page with a user token, 341 and 613 (1996, 2534040, none) custom, 800xx business use case.
  { code: 4, error: 'FACEBOOK_RATE_LIMITED' },
  { code: 17, error: 'FACEBOOK_RATE_LIMITED' },
  { code: 32, error: 'FACEBOOK_RATE_LIMITED' },
  { code: 341, error: 'FACEBOOK_RATE_LIMITED' },
  { code: 613, error: 'FACEBOOK_RATE_LIMITED' },
  { code: [80000, 80014], error: 'FACEBOOK_RATE_LIMITED' },

  // Facebook's own trouble. 1/99: "reduce the amount of data"; a 1 without subcode may mean the same of a listing.
  { code: 1, subcode: 99, error: 'FACEBOOK_ANSWER_TOO_LARGE' },
  { code: 1, error: 'FACEBOOK_UNAVAILABLE' },
  { code: 2, error: 'FACEBOOK_UNAVAILABLE' },

  // For the operator: no token or a wrong proof, the webhook's callback, no such app.
  { code: 104, error: 'FACEBOOK_MISCONFIGURED' },
  { code: 2200, error: 'FACEBOOK_MISCONFIGURED' },
  { code: 101, error: 'FACEBOOK_MISCONFIGURED' },

  // Gone, or not to be seen; 9000001 is a message that was deleted or is behind the newest 20.
  { code: 100, subcode: 33, error: 'FACEBOOK_OBJECT_GONE' },
  { code: 803, error: 'FACEBOOK_OBJECT_GONE' },
  { code: 9000001, error: 'FACEBOOK_OBJECT_GONE' },

  // Our request is wrong: parameter, query, cursor.
  { code: 100, error: 'FACEBOOK_REJECTED' },
  { code: 2500, error: 'FACEBOOK_REJECTED' },
  { code: 2642, error: 'FACEBOOK_REJECTED' },
]

/**
 * Our code for a refusal. What no rule names is decided by what is left: 429 is a rate, 5xx and Facebook's own word
 * that it will pass are transient, the rest is final.
 */
export function graphErrorCode(
  { code, error_subcode: subcode, is_transient }: GraphErrorBody,
  httpStatus: number,
): ErrorCode {
  const rule = code === undefined ? undefined : GRAPH_ERROR_RULES.find((each) => fits(each, code, subcode))
  if (rule) return rule.error
  if (httpStatus === 429) return 'FACEBOOK_RATE_LIMITED'
  return httpStatus >= 500 || is_transient === true ? 'FACEBOOK_UNAVAILABLE' : 'FACEBOOK_REJECTED'
}

function fits(rule: GraphErrorRule, code: number, subcode: number | undefined): boolean {
  const codeFits = typeof rule.code === 'number' ? rule.code === code : code >= rule.code[0] && code <= rule.code[1]
  return codeFits && (rule.subcode === undefined || rule.subcode === subcode)
}

export interface RefusedCall {
  readonly httpStatus: number
  readonly retryAfterMs?: number
  /** The call asked for a list that it could ask less of: a code 1 without subcode is taken as "reduce the amount". */
  readonly shrinkable?: boolean
}

/** Facebook's refusal as an AppError; the message is ours, Facebook's own text stays in `cause`, for the log. */
export function graphError(body: GraphErrorBody, { httpStatus, retryAfterMs, shrinkable }: RefusedCall): AppError {
  const { code = 0, error_subcode: subcode, type, fbtrace_id } = body
  const named =
    body.code === undefined ? `HTTP ${httpStatus}` : subcode === undefined ? `${code}` : `${code}/${subcode}`
  const asksForLess = shrinkable && code === 1 && subcode === undefined
  const ours = asksForLess ? 'FACEBOOK_ANSWER_TOO_LARGE' : graphErrorCode(body, httpStatus)
  const facebook = {
    code,
    ...(subcode === undefined ? {} : { subcode }),
    ...(type === undefined ? {} : { type }),
    ...(fbtrace_id === undefined ? {} : { fbtrace_id }),
  }
  return new AppError(ours, `Facebook answered with error ${named}`, {
    ...(body.code === undefined ? {} : { facebook }),
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    cause: new Error(body.message ?? 'no message'),
  })
}
