import { describe, expect, test } from 'vitest'
import type { ErrorCode } from '../errors/error-table.ts'
import { GRAPH_ERROR_RULES, graphError, graphErrorCode } from './classify-graph-error.ts'

/** Every code and subcode of section 4.2 of our facts, and neighbours that must not fall into the same class. */
const ROWS: readonly (readonly [ErrorCode, number, number?])[] = [
  ['FACEBOOK_TOKEN_INVALID', 190],
  ['FACEBOOK_TOKEN_INVALID', 190, 458],
  ['FACEBOOK_TOKEN_INVALID', 190, 459],
  ['FACEBOOK_TOKEN_INVALID', 190, 460],
  ['FACEBOOK_TOKEN_INVALID', 190, 463],
  ['FACEBOOK_TOKEN_INVALID', 190, 464],
  ['FACEBOOK_TOKEN_INVALID', 190, 467],
  ['FACEBOOK_TOKEN_INVALID', 190, 492],
  ['FACEBOOK_TOKEN_INVALID', 190, 12345],
  ['FACEBOOK_TOKEN_INVALID', 102],

  ['PERMISSION_MISSING', 3],
  ['PERMISSION_MISSING', 10],
  ['PERMISSION_MISSING', 10, 99],
  ['PERMISSION_MISSING', 200],
  ['PERMISSION_MISSING', 200, 2018028],
  ['PERMISSION_MISSING', 210],
  ['PERMISSION_MISSING', 230],
  ['PERMISSION_MISSING', 283],
  ['PERMISSION_MISSING', 299],
  ['PERMISSION_MISSING', 2018247],
  ['PERMISSION_MISSING', 2, 2018344],

  ['FACEBOOK_RATE_LIMITED', 4],
  ['FACEBOOK_RATE_LIMITED', 17],
  ['FACEBOOK_RATE_LIMITED', 32],
  ['FACEBOOK_RATE_LIMITED', 341],
  ['FACEBOOK_RATE_LIMITED', 613],
  ['FACEBOOK_RATE_LIMITED', 613, 1996],
  ['FACEBOOK_RATE_LIMITED', 613, 2534040],
  ['FACEBOOK_RATE_LIMITED', 80001],
  ['FACEBOOK_RATE_LIMITED', 80002],
  ['FACEBOOK_RATE_LIMITED', 80006],

  ['FACEBOOK_UNAVAILABLE', 1],
  ['FACEBOOK_UNAVAILABLE', 1, 1357045],
  ['FACEBOOK_ANSWER_TOO_LARGE', 1, 99],
  ['FACEBOOK_UNAVAILABLE', 2],
  ['FACEBOOK_UNAVAILABLE', 2, 1],

  ['MESSAGE_WINDOW_CLOSED', 10, 2018278],
  ['MESSAGE_WINDOW_CLOSED', 10, 2534022],
  ['MESSAGE_WINDOW_CLOSED', 10, 2018065],

  ['RECIPIENT_UNAVAILABLE', 551],
  ['RECIPIENT_UNAVAILABLE', 551, 1545041],
  ['RECIPIENT_UNAVAILABLE', 200, 1545041],
  ['RECIPIENT_UNAVAILABLE', 10, 2018108],
  ['RECIPIENT_UNAVAILABLE', 100, 2018001],
  ['RECIPIENT_UNAVAILABLE', 100, 2018218],
  ['RECIPIENT_UNAVAILABLE', 2018218],

  ['FACEBOOK_REJECTED', 100],
  ['FACEBOOK_REJECTED', 100, 2018014],
  ['FACEBOOK_REJECTED', 2500],
  ['FACEBOOK_REJECTED', 2642],
  ['FACEBOOK_OBJECT_GONE', 100, 33],
  ['FACEBOOK_OBJECT_GONE', 803],
  ['FACEBOOK_OBJECT_GONE', 9000001],

  ['POLICY_BLOCKED', 368],
  ['POLICY_BLOCKED', 10, 1893063],
  ['POLICY_BLOCKED', 2022],
  ['POLICY_BLOCKED', 613, 2018338],

  ['THREAD_OWNED_BY_OTHER_APP', 2018300],
  ['THREAD_OWNED_BY_OTHER_APP', 2018321],
  ['THREAD_OWNED_BY_OTHER_APP', 100, 2534037],

  ['FACEBOOK_MISCONFIGURED', 104],
  ['FACEBOOK_MISCONFIGURED', 2200],
  ['FACEBOOK_MISCONFIGURED', 101],
]

const CASES = ROWS.map(([ours, code, subcode]) => ({
  ours,
  named: subcode === undefined ? `${code}` : `${code}/${subcode}`,
  body: { code, ...(subcode === undefined ? {} : { error_subcode: subcode }) },
}))

describe('the class of an error', () => {
  test.each(CASES)('is $ours for $named', ({ ours, body }) => {
    expect(graphErrorCode(body, 400)).toBe(ours)
  })

  test.each(CASES)('is $ours for $named whatever status, type, message and is_transient say', ({ ours, body }) => {
    const message = '(#551) Please reduce the amount of data; OAuth token expired; try again later'
    for (const is_transient of [true, false])
      for (const status of [200, 400, 403, 429, 500, 503])
        expect(graphErrorCode({ ...body, message, type: 'GraphMethodException', is_transient }, status)).toBe(ours)
  })

  test('every rule of the table has a row here', () => {
    const codes = new Set(ROWS.map(([, code, subcode]) => `${code}/${subcode ?? ''}`))
    const untested = GRAPH_ERROR_RULES.filter(({ code, subcode }) => {
      const example =
        typeof code === 'number' ? [code] : ROWS.map((row) => row[1]).filter((c) => c >= code[0] && c <= code[1])
      return !example.some((each) => codes.has(`${each}/${subcode ?? ''}`))
    })
    expect(untested).toEqual([])
  })

  test('of an unknown code is what is left to tell: transient for 5xx and by Facebook’s own word, a rate for 429, else final', () => {
    expect(graphErrorCode({ code: 31337 }, 400)).toBe('FACEBOOK_REJECTED')
    expect(graphErrorCode({ code: 31337 }, 503)).toBe('FACEBOOK_UNAVAILABLE')
    expect(graphErrorCode({ code: 31337, is_transient: true }, 400)).toBe('FACEBOOK_UNAVAILABLE')
    expect(graphErrorCode({ code: 31337 }, 429)).toBe('FACEBOOK_RATE_LIMITED')
    expect(graphErrorCode({}, 401)).toBe('FACEBOOK_REJECTED')
    expect(graphErrorCode({}, 500)).toBe('FACEBOOK_UNAVAILABLE')
    expect(graphErrorCode({ error_subcode: 463 }, 400)).toBe('FACEBOOK_REJECTED')
  })

  test('of a plain code 1 is "too large" only where less could be asked for', () => {
    expect(graphError({ code: 1 }, { httpStatus: 500, shrinkable: true }).code).toBe('FACEBOOK_ANSWER_TOO_LARGE')
    expect(graphError({ code: 1 }, { httpStatus: 500 }).code).toBe('FACEBOOK_UNAVAILABLE')
    expect(graphError({ code: 2 }, { httpStatus: 500, shrinkable: true }).code).toBe('FACEBOOK_UNAVAILABLE')
    const other = { code: 1, error_subcode: 1357045 }
    expect(graphError(other, { httpStatus: 500, shrinkable: true }).code).toBe('FACEBOOK_UNAVAILABLE')
  })
})

test('an error tells Facebook’s codes and trace, and keeps its text apart for the log', () => {
  const body = {
    code: 10,
    error_subcode: 2018278,
    type: 'OAuthException',
    fbtrace_id: 'AbC',
    message: 'outside of window',
  }
  const error = graphError(body, { httpStatus: 400, retryAfterMs: 5 })
  expect(error).toMatchObject({
    message: 'Facebook answered with error 10/2018278',
    facebook: { code: 10, subcode: 2018278, type: 'OAuthException', fbtrace_id: 'AbC' },
    retryAfterMs: 5,
    cause: { message: 'outside of window' },
  })
})

test('an error without a code of Facebook’s claims none', () => {
  const error = graphError({}, { httpStatus: 404 })
  expect(error.facebook).toBeUndefined()
  expect(error.message).toBe('Facebook answered with error HTTP 404')
})
