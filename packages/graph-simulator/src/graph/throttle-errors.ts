import { GraphError } from './graph-error.ts'

/** Codes of a refusal: 4 app, 17 user, 32 page with a user token, 613 custom, 80001 Pages, 80006 Messenger. */
export type ThrottleCode = 4 | 17 | 32 | 341 | 613 | 80001 | 80006

const MESSAGES: Record<ThrottleCode, string> = {
  4: '(#4) Application request limit reached',
  17: '(#17) User request limit reached',
  32: '(#32) Page request limit reached',
  341: '(#341) Application limit reached',
  613: '(#613) Calls to this api have exceeded the rate limit.',
  80001:
    '(#80001) There have been too many calls to this Page account. Wait a bit and try again. For more info, please refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting.',
  80006:
    '(#80006) There have been too many messenger api calls from this Page account. Wait a bit and try again. For more info, please refer to https://developers.facebook.com/docs/graph-api/overview/rate-limiting.',
}

export const throttled = (code: ThrottleCode): GraphError => new GraphError(code, MESSAGES[code])
