import { AppError } from '../errors/app-error.ts'
import type { ErrorCode } from '../errors/error-table.ts'

/** The `error` member of Facebook's answer. */
export interface GraphErrorBody {
  readonly code?: number
  readonly error_subcode?: number
  readonly type?: string
  readonly message?: string
  readonly is_transient?: boolean
  readonly fbtrace_id?: string
}

interface Rule {
  readonly error: ErrorCode
  readonly code: number | readonly [from: number, to: number]
  /** Undefined: any subcode. */
  readonly subcode?: number
}

/**
 * Which of our codes stands for which of Facebook's, by code and subcode and nothing else (messages are localised,
 * the HTTP status is mostly 400, `is_transient` may contradict the code). The first rule that fits counts, so rules
 * with a subcode stand before the general one.
 *
 * Sources: the Graph API's error handling guide, Messenger Platform's error codes, the rate limiting overview.
 */
export const GRAPH_ERROR_RULES: readonly Rule[] = [
  { code: 190, error: 'FACEBOOK_TOKEN_INVALID' },
  { code: 102, error: 'FACEBOOK_TOKEN_INVALID' },

  { code: 10, subcode: 2018278, error: 'MESSAGE_WINDOW_CLOSED' },
  { code: 10, subcode: 2534022, error: 'MESSAGE_WINDOW_CLOSED' },
  { code: 10, subcode: 2018065, error: 'MESSAGE_WINDOW_CLOSED' },
  { code: 10, subcode: 2018108, error: 'RECIPIENT_UNAVAILABLE' },
  { code: 10, subcode: 1893063, error: 'POLICY_BLOCKED' },
  { code: 551, error: 'RECIPIENT_UNAVAILABLE' },
  { code: 200, subcode: 1545041, error: 'RECIPIENT_UNAVAILABLE' },
  { code: 100, subcode: 2018001, error: 'RECIPIENT_UNAVAILABLE' },
  { code: 100, subcode: 2018218, error: 'RECIPIENT_UNAVAILABLE' },
  { code: 2018218, error: 'RECIPIENT_UNAVAILABLE' },

  { code: 100, subcode: 2534037, error: 'THREAD_OWNED_BY_OTHER_APP' },
  { code: 2018300, error: 'THREAD_OWNED_BY_OTHER_APP' },
  { code: 2018321, error: 'THREAD_OWNED_BY_OTHER_APP' },

  // The page has not accepted its contact terms: looks transient and says so, but is not.
  { code: 2, subcode: 2018344, error: 'PERMISSION_MISSING' },
  { code: 3, error: 'PERMISSION_MISSING' },
  { code: 10, error: 'PERMISSION_MISSING' },
  { code: [200, 299], error: 'PERMISSION_MISSING' },
  { code: 2018247, error: 'PERMISSION_MISSING' },

  { code: 613, subcode: 2018338, error: 'POLICY_BLOCKED' },
  { code: 368, error: 'POLICY_BLOCKED' },
  { code: 2022, error: 'POLICY_BLOCKED' },

  { code: 4, error: 'FACEBOOK_RATE_LIMITED' },
  { code: 17, error: 'FACEBOOK_RATE_LIMITED' },
  { code: 32, error: 'FACEBOOK_RATE_LIMITED' },
  { code: 341, error: 'FACEBOOK_RATE_LIMITED' },
  { code: 613, error: 'FACEBOOK_RATE_LIMITED' },
  { code: [80000, 80014], error: 'FACEBOOK_RATE_LIMITED' },

  { code: 1, subcode: 99, error: 'FACEBOOK_ANSWER_TOO_LARGE' },
  { code: 1, error: 'FACEBOOK_UNAVAILABLE' },
  { code: 2, error: 'FACEBOOK_UNAVAILABLE' },

  { code: 104, error: 'FACEBOOK_MISCONFIGURED' },
  { code: 2200, error: 'FACEBOOK_MISCONFIGURED' },

  { code: 100, subcode: 33, error: 'FACEBOOK_OBJECT_GONE' },
  { code: 803, error: 'FACEBOOK_OBJECT_GONE' },
  { code: 9000001, error: 'FACEBOOK_OBJECT_GONE' },
  { code: 100, error: 'FACEBOOK_REJECTED' },
  { code: 2500, error: 'FACEBOOK_REJECTED' },
]

export function graphErrorCode(code: number | undefined, subcode: number | undefined, httpStatus: number): ErrorCode {
  if (code !== undefined) {
    const rule = GRAPH_ERROR_RULES.find((each) => fits(each, code, subcode))
    if (rule) return rule.error
  }
  if (httpStatus === 429) return 'FACEBOOK_RATE_LIMITED'
  return httpStatus >= 500 ? 'FACEBOOK_UNAVAILABLE' : 'FACEBOOK_REJECTED'
}

function fits(rule: Rule, code: number, subcode: number | undefined): boolean {
  const codeFits = typeof rule.code === 'number' ? rule.code === code : code >= rule.code[0] && code <= rule.code[1]
  return codeFits && (rule.subcode === undefined || rule.subcode === subcode)
}

/** Facebook's refusal as an AppError; the message is ours, Facebook's own text stays in `cause`, for the log. */
export function graphError(body: GraphErrorBody, httpStatus: number, retryAfterMs?: number): AppError {
  const { code = 0, error_subcode: subcode, type, fbtrace_id } = body
  const named = subcode === undefined ? `${code}` : `${code}/${subcode}`
  return new AppError(graphErrorCode(body.code, subcode, httpStatus), `Facebook answered with error ${named}`, {
    facebook: {
      code,
      ...(subcode === undefined ? {} : { subcode }),
      ...(type === undefined ? {} : { type }),
      ...(fbtrace_id === undefined ? {} : { fbtrace_id }),
    },
    ...(retryAfterMs === undefined ? {} : { retryAfterMs }),
    cause: new Error(body.message ?? 'no message'),
  })
}
