import type { AccessToken } from '../data/token-registry.ts'
import { parseJson } from '../http/parse-json.ts'
import type { World } from '../world.ts'
import { invalidParameter } from './graph-error.ts'

/** One Graph call, wherever it came from: HTTP, or a part of a batch. */
export interface GraphRequest {
  readonly method: string
  /** As asked for; null when the path named none. */
  readonly version: string | null
  /** Path without the version, in decoded pieces. */
  readonly path: readonly string[]
  /** Query and body together; the values of a JSON body keep their types. */
  readonly parameters: Readonly<Record<string, unknown>>
  readonly token: string | undefined
  readonly proof: string | undefined
  /** Where the caller reached us, for `paging.next`. */
  readonly origin: string
}

export interface GraphAnswer {
  readonly status: number
  readonly body: unknown
  readonly headers: Readonly<Record<string, string>>
}

/** What a handler is given: the world, the call, and whose token it came with. */
export interface GraphContext {
  readonly world: World
  readonly request: GraphRequest
  readonly token: AccessToken | undefined
  /** Messages in the answer so far. */
  readonly tally: { messages: number }
}

/** A parameter as text; objects and numbers of a JSON body become their JSON. */
export function text(request: GraphRequest, name: string): string | undefined {
  const value = request.parameters[name]
  if (value === undefined || value === null) return undefined
  return typeof value === 'string' ? value : JSON.stringify(value)
}

/** A parameter that is JSON: an object of a JSON body, or a text that holds one. Code 100 when it does not parse. */
export function json(request: GraphRequest, name: string): unknown {
  const value = request.parameters[name]
  if (typeof value !== 'string') return value
  try {
    return parseJson(value)
  } catch {
    // Meta's own samples write recipient={id:ID}, which is not JSON; their parser takes it.
    const loose = value
      .replace(/([{,]\s*)([A-Za-z_]\w*)\s*:/g, '$1"$2":')
      .replace(/:\s*([A-Za-z0-9_]+)\s*([,}])/g, ':"$1"$2')
    try {
      return parseJson(loose)
    } catch {
      throw invalidParameter(`Param ${name} must be a valid JSON value`)
    }
  }
}

export const asObject = (value: unknown): Record<string, unknown> | undefined =>
  value !== null && typeof value === 'object' && !Array.isArray(value) ? (value as Record<string, unknown>) : undefined

/** Paging back is not simulated, and says so rather than answering a wrong page. */
export function refusePagingBack(before: string | undefined) {
  if (before !== undefined) throw invalidParameter('This simulator pages forward only: use `after`')
}

/** The `limit` parameter; code 100 unless it is a whole number from 1 (0 counts as the default, as on Facebook). */
export function limitOf(given: string | undefined, byDefault: number): number {
  if (given === undefined || given === '0') return byDefault
  const limit = Number(given)
  if (!Number.isInteger(limit) || limit < 0) throw invalidParameter('Param limit must be a positive integer')
  return limit
}
