import { AppError } from '../errors/app-error.ts'
import { type GraphErrorBody, graphError } from './classify-graph-error.ts'
import { type GraphUsage, longestWaitMs } from './graph-usage.ts'
import { withoutSecrets } from './without-secrets.ts'

export interface AnsweredCall {
  readonly statusCode: number
  readonly text: string
  readonly usage: GraphUsage
  /** What must not stand in an error: Facebook repeats tokens in its messages. */
  readonly secrets: readonly string[]
  readonly shrinkable?: boolean
}

/**
 * The JSON of a good answer: status 2xx and no `error` member. What is not JSON never came from Facebook's code, but
 * from a proxy or its edge (HTML, nothing at all), or was cut on its way: it says nothing about the call and is
 * transient.
 *
 * @throws AppError
 */
export function readGraphAnswer(answer: AnsweredCall): unknown {
  const { statusCode, text, usage, secrets, shrinkable } = answer
  const body = parse(text, statusCode)
  const error = errorOf(body)
  if (error === undefined && statusCode < 400) return body
  const waitMs = longestWaitMs(usage)
  const told = { ...error, message: withoutSecrets(error?.message ?? 'no message', secrets) }
  throw graphError(told, {
    httpStatus: statusCode,
    ...(waitMs > 0 ? { retryAfterMs: waitMs } : {}),
    ...(shrinkable ? { shrinkable } : {}),
  })
}

/** The same, of a node or a list. A bare `true` is how some writes answer. */
export function asGraphObject(body: unknown): Readonly<Record<string, unknown>> {
  if (body === true) return { success: true }
  if (typeof body === 'object' && body !== null && !Array.isArray(body)) return body as Record<string, unknown>
  throw new AppError('FACEBOOK_UNAVAILABLE', "Facebook's answer is not an object")
}

function parse(text: string, statusCode: number): unknown {
  try {
    return JSON.parse(text)
  } catch {
    // Not the parser's own error: its message quotes what was received.
    if (statusCode === 429) throw new AppError('FACEBOOK_RATE_LIMITED', 'Facebook answered with HTTP 429')
    const what = text === '' ? 'empty' : text.trimStart().startsWith('<') ? 'HTML' : 'not whole JSON'
    throw new AppError('FACEBOOK_UNAVAILABLE', `Facebook's answer (HTTP ${statusCode}, ${text.length} long) is ${what}`)
  }
}

/** Of `type` and `fbtrace_id`, which go into answers and logs. */
const WORD_MAX = 100

/** The `error` member with its members in the types that we expect; whatever else they are, they tell nothing. */
function errorOf(body: unknown): GraphErrorBody | undefined {
  if (typeof body !== 'object' || body === null) return undefined
  const { error } = body as { error?: unknown }
  if (error === undefined || error === null) return undefined
  if (typeof error !== 'object') return { message: String(error) }
  const { code, error_subcode, type, message, is_transient, fbtrace_id } = error as Record<string, unknown>
  return {
    ...(isCode(code) ? { code } : {}),
    ...(isCode(error_subcode) ? { error_subcode } : {}),
    ...(typeof type === 'string' ? { type: type.slice(0, WORD_MAX) } : {}),
    ...(typeof message === 'string' ? { message } : {}),
    ...(typeof is_transient === 'boolean' ? { is_transient } : {}),
    ...(typeof fbtrace_id === 'string' ? { fbtrace_id: fbtrace_id.slice(0, WORD_MAX) } : {}),
  }
}

const isCode = (value: unknown): value is number => typeof value === 'number' && Number.isInteger(value) && value > 0
