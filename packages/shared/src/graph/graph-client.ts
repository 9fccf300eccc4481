import { AppError, toAppError } from '../errors/app-error.ts'
import { backOffMs } from '../lifecycle/back-off.ts'
import type { Clock } from '../lifecycle/clock.ts'
import { createProofs } from './appsecret-proof.ts'
import { type BatchCall, type BatchPart, batchParams, readBatchAnswer } from './graph-batch.ts'
import { createGraphHttp, type GraphHttpOptions } from './graph-http.ts'
import { type GraphUsage, mergeUsage, NO_USAGE, readUsage } from './graph-usage.ts'
import { asGraphObject, readGraphAnswer } from './read-graph-answer.ts'
import { createRefusedFields, type RefusedFields } from './refused-fields.ts'
import { mayHaveArrived, mayHaveTakenEffect } from './transport-error.ts'

/** What became of one attempt of a call. */
export interface GraphAttempt {
  readonly requestedAtMs: number
  /** False only where no connection came about: Facebook has not seen it. */
  readonly arrived: boolean
  readonly usage: GraphUsage
  readonly error?: AppError
}

interface GraphCall {
  readonly accessToken: string
  readonly signal?: AbortSignal
  /** The page whose usage the headers are read for, where they tell of several. */
  readonly facebookPageId?: string
  /** Called before each attempt: waits for the page's budget. */
  readonly beforeAttempt?: (signal?: AbortSignal) => Promise<void>
  /** Called after each attempt, good or bad, before anything is repeated or thrown. */
  readonly afterAttempt?: (attempt: GraphAttempt) => void
}

export interface GraphRequest extends GraphCall {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Below the version, such as `/123/conversations`. Ids in it must be encoded. */
  readonly path: string
  readonly params?: Readonly<Record<string, string | number | undefined>>
  /** The same call twice does no harm: it may be repeated without knowing what became of it. Default: a GET. */
  readonly repeatable?: boolean
  /** It asks for a list that it could ask less of: "too much" is thrown at once and not repeated as it is. */
  readonly shrinkable?: boolean
}

export interface GraphBatch extends GraphCall {
  /** At most 50. */
  readonly calls: readonly BatchCall[]
}

export interface GraphAnswer {
  readonly body: Readonly<Record<string, unknown>>
  readonly usage: GraphUsage
  /** When the request began, milliseconds since 1970: the time of a pull's knowledge. */
  readonly requestedAtMs: number
}

export interface GraphBatchAnswer {
  /** In the order of the calls. */
  readonly parts: readonly BatchPart[]
  readonly requestedAtMs: number
}

export interface GraphClient extends AsyncDisposable {
  /**
   * One call. What may be repeated is repeated after transient failures (3 attempts in all, full jitter). A write may
   * be repeated only where nothing of it was sent, or where the caller says that twice is as good as once.
   *
   * @throws AppError with Facebook's refusal in our codes; FACEBOOK_UNAVAILABLE for time-outs, resets, HTML, empty or
   * truncated answers; SHUTTING_DOWN after disposal. No error holds a token. The signal's reason when aborted.
   */
  request(request: GraphRequest): Promise<GraphAnswer>
  /**
   * Several GETs in one round trip; Facebook counts each (Graph API "Batch requests"). Repeated as a whole like a
   * GET; a part that failed is told in its place and not repeated here.
   *
   * @throws AppError as `request` does, where the whole failed
   */
  batch(batch: GraphBatch): Promise<GraphBatchAnswer>
  /** What was learned by all calls of the process: here, since this is what lives as long and reaches everywhere. */
  readonly refusedFields: RefusedFields
}

export interface GraphClientOptions extends GraphHttpOptions {
  /** Such as `v26.0`. */
  readonly version: string
  readonly appSecret: string
  readonly clock: Clock
  /**
   * Facebook answered as another version than the one asked for (`facebook-api-version`): the one asked for has ended.
   * Called once.
   */
  readonly onVersionMismatch?: (versions: { readonly asked: string; readonly answered: string }) => void
}

const ATTEMPTS_MAX = 3
const RETRY = { baseMs: 300, maxMs: 5_000 }

/** The Graph API over HTTP: token in a header, `appsecret_proof` on every call, errors in our codes. */
export function createGraphClient(options: GraphClientOptions): GraphClient {
  const { clock, version } = options
  const http = createGraphHttp(options)
  const proofOf = createProofs(options.appSecret)
  const noteVersion = createVersionCheck(options)

  /** One attempt; `read` makes of the answer's JSON what is wanted. */
  const once = async <T>(request: GraphRequest, read: Read<T>): Promise<Outcome<T>> => {
    const { accessToken, signal, shrinkable } = request
    await request.beforeAttempt?.(signal)
    const requestedAtMs = clock.now()
    const proof = proofOf(accessToken)
    const attempt: Mutable<GraphAttempt> = { requestedAtMs, arrived: true, usage: NO_USAGE }
    try {
      const params = toParams(request.params, proof)
      const path = `/${version}${request.path}`
      const answer = await http.send({ method: request.method, path, params, accessToken, signal })
      noteVersion(answer.headers['facebook-api-version'])
      attempt.usage = readUsage(answer.headers, request.facebookPageId)
      const secrets = [accessToken, proof]
      const json = readGraphAnswer({ ...answer, usage: attempt.usage, secrets, ...(shrinkable ? { shrinkable } : {}) })
      const { value, usage } = read(json, secrets)
      attempt.usage = mergeUsage(attempt.usage, usage)
      return { value, usage: attempt.usage, requestedAtMs }
    } catch (thrown) {
      if (signal?.aborted) {
        attempt.error = new AppError('FACEBOOK_UNAVAILABLE', 'The call was given up')
        throw thrown
      }
      attempt.error = toAppError(thrown)
      attempt.arrived = mayHaveArrived(attempt.error)
      throw attempt.error
    } finally {
      request.afterAttempt?.(attempt)
    }
  }

  const call = async <T>(request: GraphRequest, read: Read<T>): Promise<Outcome<T>> => {
    for (let tries = 1; ; tries++) {
      try {
        return await once(request, read)
      } catch (error) {
        if (tries >= ATTEMPTS_MAX || !mayBeRepeated(request, error)) throw error
        await clock.sleep(backOffMs(tries, RETRY), request.signal)
      }
    }
  }

  return {
    async request(request) {
      const { value, usage, requestedAtMs } = await call(request, (json) => ({ value: asGraphObject(json), usage: {} }))
      return { body: value, usage, requestedAtMs }
    },
    async batch({ calls, ...how }) {
      const request: GraphRequest = { ...how, method: 'POST', path: '/', params: batchParams(calls), repeatable: true }
      const { value: parts, requestedAtMs } = await call(request, (json, secrets) =>
        readBatchAnswer(json, calls.length, { secrets, facebookPageId: how.facebookPageId }),
      )
      return { parts, requestedAtMs }
    },
    refusedFields: createRefusedFields({ clock }),
    [Symbol.asyncDispose]: () => http[Symbol.asyncDispose](),
  }
}

type Mutable<T> = { -readonly [K in keyof T]: T[K] }

type Read<T> = (json: unknown, secrets: readonly string[]) => { readonly value: T; readonly usage: GraphUsage }

interface Outcome<T> {
  readonly value: T
  readonly usage: GraphUsage
  readonly requestedAtMs: number
}

function toParams(given: GraphRequest['params'], proof: string): URLSearchParams {
  const params = new URLSearchParams({ appsecret_proof: proof })
  for (const [name, value] of Object.entries(given ?? {})) if (value !== undefined) params.set(name, String(value))
  return params
}

function mayBeRepeated({ method, repeatable = method === 'GET' }: GraphRequest, error: unknown): boolean {
  if (!(error instanceof AppError) || error.code !== 'FACEBOOK_UNAVAILABLE') return false
  return repeatable || !mayHaveTakenEffect(error)
}

function createVersionCheck({ version, onVersionMismatch }: GraphClientOptions): (header: unknown) => void {
  let told = false
  return (answered) => {
    if (told || typeof answered !== 'string' || answered === version) return
    told = true
    onVersionMismatch?.({ asked: version, answered })
  }
}
