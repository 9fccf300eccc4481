import { type Dispatcher, Pool } from 'undici'
import { AppError } from '../errors/app-error.ts'
import { TransportError } from './transport-error.ts'
import { withoutSecrets } from './without-secrets.ts'

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'DELETE'
  /** From the version on. */
  readonly path: string
  /** In the query of a GET or DELETE, in the form of a POST. Never holds the token. */
  readonly params: URLSearchParams
  readonly accessToken: string
  readonly signal?: AbortSignal | undefined
}

export interface HttpAnswer {
  readonly statusCode: number
  readonly headers: Dispatcher.ResponseData['headers']
  readonly text: string
}

/** The connections to Facebook. */
export interface GraphHttp extends AsyncDisposable {
  /**
   * One attempt, whatever its status.
   *
   * @throws the signal's reason; AppError FACEBOOK_UNAVAILABLE where no whole answer came (`cause` is a
   * TransportError), FACEBOOK_ANSWER_TOO_LARGE beyond the bound, SHUTTING_DOWN after disposal
   */
  send(call: HttpCall): Promise<HttpAnswer>
}

export interface GraphTimeouts {
  /** TCP and TLS together. */
  readonly connectMs?: number
  /** From the request to the end of the answer's headers. */
  readonly headersMs?: number
  /** Between two pieces of the answer's body. */
  readonly bodyMs?: number
  /** All of an attempt, with waiting for a free connection: a trickle of bytes keeps none of the others from ending. */
  readonly totalMs?: number
}

export interface GraphHttpOptions {
  /** Origin, such as `https://graph.facebook.com`. */
  readonly url: string
  /** The most connections at the same time; further calls wait for a free one. Default 32. */
  readonly connections?: number
  readonly timeouts?: GraphTimeouts
  /** A longer answer is not read to its end. Default 32 MiB: 2,500 long messages with all their attachments. */
  readonly answerBytesMax?: number
}

const KEEP_ALIVE_MS = 30_000
const CLOSE_WITHIN_MS = 5_000

/** HTTP/1.1 with keep-alive, one call at a time on each connection: a slow answer holds up no other. */
export function createGraphHttp(options: GraphHttpOptions): GraphHttp {
  const { connectMs = 5_000, headersMs = 30_000, bodyMs = 30_000, totalMs = 120_000 } = options.timeouts ?? {}
  const answerBytesMax = options.answerBytesMax ?? 32 * 1024 * 1024
  const pool = new Pool(new URL(options.url).origin, {
    connections: options.connections ?? 32,
    pipelining: 1,
    // HTTP/2 would put all calls on one connection, beyond the bound that `connections` is.
    allowH2: false,
    connect: { timeout: connectMs },
    headersTimeout: headersMs,
    bodyTimeout: bodyMs,
    keepAliveTimeout: KEEP_ALIVE_MS,
    maxResponseSize: answerBytesMax,
  })

  let closed = false

  return {
    async send(call) {
      call.signal?.throwIfAborted()
      if (closed) throw shuttingDown(new TransportError('closed', false))
      const bound = boundBy(totalMs, call.signal)
      try {
        const answer = await pool.request({ ...toRequest(call), signal: bound.signal })
        return { statusCode: answer.statusCode, headers: answer.headers, text: await answer.body.text() }
      } catch (error) {
        if (call.signal?.aborted) throw call.signal.reason
        throw translate(error, [call.accessToken, call.params.get('appsecret_proof') ?? ''])
      } finally {
        bound.release()
      }
    },
    async [Symbol.asyncDispose]() {
      closed = true
      // Calls in the air may end; what hangs is cut.
      const cut = setTimeout(() => void pool.destroy().catch(() => undefined), CLOSE_WITHIN_MS)
      await pool.close().finally(() => clearTimeout(cut))
    },
  }
}

function toRequest({ method, path, params, accessToken }: HttpCall): Dispatcher.RequestOptions {
  const asForm = method === 'POST'
  return {
    method,
    path: asForm ? path : `${path}?${params}`,
    headers: {
      authorization: `Bearer ${accessToken}`,
      accept: 'application/json',
      ...(asForm ? { 'content-type': 'application/x-www-form-urlencoded' } : {}),
    },
    body: asForm ? params.toString() : null,
  }
}

/** A signal for one attempt alone, so that a signal that lives for long gathers no listeners. */
function boundBy(totalMs: number, outer: AbortSignal | undefined): { signal: AbortSignal; release: () => void } {
  const controller = new AbortController()
  const onAbort = (): void => controller.abort(outer?.reason)
  const timer = setTimeout(() => controller.abort(new TotalTimeoutError()), totalMs)
  outer?.addEventListener('abort', onAbort, { once: true })
  const release = (): void => {
    clearTimeout(timer)
    outer?.removeEventListener('abort', onAbort)
  }
  return { signal: controller.signal, release }
}

class TotalTimeoutError extends Error {
  readonly code = 'TOTAL_TIMEOUT'
}

const WORDS: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'Facebook could not be reached in time',
  UND_ERR_HEADERS_TIMEOUT: 'Facebook did not answer in time',
  UND_ERR_BODY_TIMEOUT: 'Facebook stopped in the middle of its answer',
  TOTAL_TIMEOUT: 'Facebook did not answer in time',
}

const NEVER_SENT: ReadonlySet<string> = new Set(['UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_INVALID_ARG'])

const shuttingDown = (cause: TransportError): AppError =>
  new AppError('SHUTTING_DOWN', 'The connections to Facebook are closed', { cause })

function translate(error: unknown, secrets: readonly string[]): AppError {
  const { code = '', syscall, message } = error as { code?: string; syscall?: string; message?: string }
  const arrived = !(NEVER_SENT.has(code) || syscall === 'connect' || syscall === 'getaddrinfo')
  const cause = new TransportError(withoutSecrets(`${code} ${message ?? String(error)}`.trim(), secrets), arrived)
  if (code === 'UND_ERR_CLOSED' || code === 'UND_ERR_DESTROYED') return shuttingDown(cause)
  if (code === 'UND_ERR_INVALID_ARG') return new AppError('INTERNAL', 'The request cannot be sent', { cause })
  if (code === 'UND_ERR_RES_EXCEEDED_MAX_SIZE')
    return new AppError('FACEBOOK_ANSWER_TOO_LARGE', "Facebook's answer is too long", { cause })
  return new AppError('FACEBOOK_UNAVAILABLE', WORDS[code] ?? 'Facebook did not answer', { cause })
}
