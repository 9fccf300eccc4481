import { AppError, toAppError } from '../errors/app-error.ts'
import { type GraphUsage, mergeUsage, NO_USAGE, readUsage } from './graph-usage.ts'
import { asGraphObject, readGraphAnswer } from './read-graph-answer.ts'

/** The most parts that Facebook takes in one batch. */
export const BATCH_CALLS_MAX = 50

/** One GET of a batch. */
export interface BatchCall {
  /** Such as `/t_1`. Ids in it must be encoded. */
  readonly path: string
  readonly params?: Readonly<Record<string, string | number>>
}

/** What became of one call: its answer, or its own error. */
export type BatchPart =
  | { readonly body: Readonly<Record<string, unknown>>; readonly error?: undefined }
  | { readonly body?: undefined; readonly error: AppError }

/** The form of the request. Neither token nor proof stands in a part: those of the whole count for all. */
export function batchParams(calls: readonly BatchCall[]): Readonly<Record<string, string>> {
  if (calls.length === 0 || calls.length > BATCH_CALLS_MAX)
    throw new RangeError(`A batch holds 1 to ${BATCH_CALLS_MAX} calls, not ${calls.length}`)
  const parts = calls.map(({ path, params = {} }) => {
    const query = new URLSearchParams()
    for (const [name, value] of Object.entries(params)) query.set(name, String(value))
    return { method: 'GET', relative_url: `${path.slice(1)}?${query}` }
  })
  // The parts' headers hold each page's usage.
  return { batch: JSON.stringify(parts), include_headers: 'true' }
}

/**
 * The parts of a batch's answer: `{code, headers: [{name, value}], body: "…"}` each, null where Facebook did not come
 * to it in time.
 *
 * @throws AppError FACEBOOK_UNAVAILABLE where it is no list of so many parts
 */
export function readBatchAnswer(
  json: unknown,
  count: number,
  how: { readonly secrets: readonly string[]; readonly facebookPageId?: string | undefined },
): { readonly value: readonly BatchPart[]; readonly usage: GraphUsage } {
  if (!Array.isArray(json) || json.length !== count)
    throw new AppError('FACEBOOK_UNAVAILABLE', "Facebook's answer is not a list of as many answers as calls")
  let usage = NO_USAGE
  const value = json.map((answer: PartAnswer | null): BatchPart => {
    if (typeof answer !== 'object' || answer === null || typeof answer.code !== 'number')
      return { error: new AppError('FACEBOOK_UNAVAILABLE', 'Facebook did not come to this part of the batch') }
    const ownUsage = readUsage(toHeaders(answer.headers), how.facebookPageId)
    usage = mergeUsage(usage, ownUsage)
    const text = typeof answer.body === 'string' ? answer.body : ''
    try {
      const part = { statusCode: answer.code, text, usage: ownUsage, secrets: how.secrets }
      return { body: asGraphObject(readGraphAnswer(part)) }
    } catch (thrown) {
      return { error: toAppError(thrown) }
    }
  })
  return { value, usage }
}

interface PartAnswer {
  readonly code?: unknown
  readonly headers?: unknown
  readonly body?: unknown
}

function toHeaders(list: unknown): Readonly<Record<string, string>> {
  if (!Array.isArray(list)) return {}
  const headers: Record<string, string> = {}
  for (const each of list as readonly ({ name?: unknown; value?: unknown } | null)[])
    if (typeof each?.name === 'string' && typeof each.value === 'string') headers[each.name.toLowerCase()] = each.value
  return headers
}
