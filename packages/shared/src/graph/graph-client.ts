import { createHmac } from 'node:crypto'
import { type Dispatcher, Pool } from 'undici'
import { AppError } from '../errors/app-error.ts'
import { backOffMs } from '../lifecycle/back-off.ts'
import type { Clock } from '../lifecycle/clock.ts'
import { type GraphErrorBody, graphError } from './classify-graph-error.ts'
import { type GraphUsage, readUsage } from './graph-usage.ts'

export interface GraphRequest {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** Below the version, such as `/123/conversations`. Ids in it must be encoded. */
  readonly path: string
  readonly params?: Readonly<Record<string, string | number | undefined>>
  readonly accessToken: string
  readonly signal?: AbortSignal
  /** Called before each attempt: waits for the page's budget. */
  readonly beforeAttempt?: (signal?: AbortSignal) => Promise<void>
  /** Called after each answer, good or bad. */
  readonly afterAnswer?: (usage: GraphUsage) => void
}

export interface GraphAnswer {
  readonly body: Readonly<Record<string, unknown>>
  readonly usage: GraphUsage
  /** When the request began, milliseconds since 1970: the time of a pull's knowledge. */
  readonly requestedAtMs: number
}

export interface GraphClient extends AsyncDisposable {
  /**
   * One call. A GET is repeated after transient failures (3 attempts in all, full jitter); anything else is never
   * repeated here, since its effect is unknown.
   *
   * @throws AppError with Facebook's refusal in our codes; FACEBOOK_UNAVAILABLE for time-outs, resets, HTML, empty or
   * truncated answers
   */
  request(request: GraphRequest): Promise<GraphAnswer>
}

export interface GraphClientOptions {
  /** Origin, such as `https://graph.facebook.com`. */
  readonly url: string
  /** Such as `v26.0`. */
  readonly version: string
  readonly appSecret: string
  readonly clock: Clock
  readonly connections?: number
  readonly timeouts?: { readonly connectMs?: number; readonly headersMs?: number; readonly bodyMs?: number }
}

const ATTEMPTS_MAX = 3
const RETRY = { baseMs: 300, maxMs: 5_000 }
const ANSWER_BYTES_MAX = 64 * 1024 * 1024
const PROOFS_MAX = 10_000

export function createGraphClient(options: GraphClientOptions): GraphClient {
  const { connectMs = 5_000, headersMs = 30_000, bodyMs = 30_000 } = options.timeouts ?? {}
  const pool = new Pool(new URL(options.url).origin, {
    connections: options.connections ?? 32,
    pipelining: 1,
    connect: { timeout: connectMs },
    headersTimeout: headersMs,
    bodyTimeout: bodyMs,
    keepAliveTimeout: 30_000,
    maxResponseSize: ANSWER_BYTES_MAX,
  })
  const proofOf = createProofs(options.appSecret)

  const attempt = async (request: GraphRequest): Promise<GraphAnswer> => {
    await request.beforeAttempt?.(request.signal)
    const requestedAtMs = options.clock.now()
    const { statusCode, headers, body } = await send(pool, options.version, request, proofOf(request.accessToken))
    const usage = readUsage(headers)
    request.afterAnswer?.(usage)
    return { body: parseAnswer(body, statusCode, usage), usage, requestedAtMs }
  }

  return {
    async request(request) {
      for (let tries = 1; ; tries++) {
        try {
          return await attempt(request)
        } catch (error) {
          const again =
            request.method === 'GET' &&
            tries < ATTEMPTS_MAX &&
            error instanceof AppError &&
            error.code === 'FACEBOOK_UNAVAILABLE'
          if (!again) throw error
          await options.clock.sleep(backOffMs(tries, RETRY), request.signal)
        }
      }
    },
    [Symbol.asyncDispose]: () => pool.close(),
  }
}

async function send(
  pool: Pool,
  version: string,
  request: GraphRequest,
  proof: string,
): Promise<{ statusCode: number; headers: Dispatcher.ResponseData['headers']; body: string }> {
  const params = new URLSearchParams({ appsecret_proof: proof })
  for (const [name, value] of Object.entries(request.params ?? {}))
    if (value !== undefined) params.set(name, String(value))
  const inBody = request.method === 'POST'
  try {
    const answer = await pool.request({
      method: request.method,
      path: `/${version}${request.path}${inBody ? '' : `?${params}`}`,
      headers: {
        authorization: `Bearer ${request.accessToken}`,
        accept: 'application/json',
        ...(inBody ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
      },
      body: inBody ? params.toString() : null,
      signal: request.signal ?? null,
    })
    return { statusCode: answer.statusCode, headers: answer.headers, body: await answer.body.text() }
  } catch (error) {
    if (request.signal?.aborted) throw request.signal.reason
    throw new AppError('FACEBOOK_UNAVAILABLE', 'Facebook did not answer', { cause: error })
  }
}

/** A good answer is a JSON object (or `true`) with a 2xx status and no `error` member; anything that is not JSON never reached Facebook's code. */
function parseAnswer(text: string, statusCode: number, usage: GraphUsage): Readonly<Record<string, unknown>> {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch (cause) {
    throw new AppError('FACEBOOK_UNAVAILABLE', `Facebook's answer (HTTP ${statusCode}) is not JSON`, { cause })
  }
  const error = (body as { error?: GraphErrorBody } | null)?.error
  if (error !== undefined || statusCode >= 400)
    throw graphError(error ?? {}, statusCode, usage.waitMs > 0 ? usage.waitMs : undefined)
  if (body === true) return { success: true }
  if (typeof body !== 'object' || body === null)
    throw new AppError('FACEBOOK_UNAVAILABLE', "Facebook's answer is not an object")
  return body as Record<string, unknown>
}

/** HMAC-SHA256 of the token under the app's secret, remembered per token. */
function createProofs(appSecret: string): (accessToken: string) => string {
  const proofs = new Map<string, string>()
  return (accessToken) => {
    const known = proofs.get(accessToken)
    if (known !== undefined) return known
    if (proofs.size >= PROOFS_MAX) proofs.clear()
    const proof = createHmac('sha256', appSecret).update(accessToken).digest('hex')
    proofs.set(accessToken, proof)
    return proof
  }
}
