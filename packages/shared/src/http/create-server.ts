import type { TypeBoxTypeProvider } from '@fastify/type-provider-typebox'
import type { TSchema } from '@sinclair/typebox'
import Fastify, {
  type FastifyBaseLogger,
  type FastifyError,
  type FastifyInstance,
  type FastifyReply,
  type FastifyRequest,
  type FastifySchemaCompiler,
  type FastifySerializerCompiler,
  LogController,
} from 'fastify'
import { AppError, toAppError } from '../errors/app-error.ts'
import type { ErrorCode } from '../errors/error-table.ts'
import { reactionTo } from '../errors/reaction.ts'
import type { Logger } from '../logging/create-logger.ts'
import { answerClientError } from './answer-client-error.ts'
import { createSerializerCompiler } from './compile-serializer.ts'
import { compileValidator } from './compile-validator.ts'
import { toProblem } from './problem.ts'
import { createRequestIds } from './request-ids.ts'

export interface ServerOptions {
  readonly logger: Logger
  /** Bytes of the largest body; routes may set their own. */
  readonly bodyLimit: number
  /** Proxies whose X-Forwarded-For is believed: addresses, never "all". */
  readonly trustProxy?: string[] | undefined
}

/** Waiting after an unavailable part, told as `Retry-After`, where the error names no time. */
const RETRY_AFTER_DEFAULT_MS = 2_000

export type Server = ReturnType<typeof createServer>

/**
 * A Fastify instance as every service of ours has it: TypeBox validation without coercion surprises, one error
 * handler that answers problem+json and logs once, limits on time and size. It never listens: `main.ts` does.
 */
export function createServer(options: ServerOptions) {
  const server = Fastify({
    loggerInstance: options.logger as FastifyBaseLogger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.bodyLimit,
    trustProxy: options.trustProxy ?? false,
    // Whoever sends slowly is cut off: 10 s for the headers, 30 s for the whole request.
    requestTimeout: 30_000,
    http: { headersTimeout: 10_000, maxHeaderSize: 16 * 1024 },
    connectionTimeout: 0,
    keepAliveTimeout: 75_000,
    forceCloseConnections: 'idle',
    // What still comes on a connection while closing is answered as ever, with `Connection: close`.
    return503OnClosing: false,
    routerOptions: { maxParamLength: 200 },
    genReqId: createRequestIds(),
    // What fails before any route is known (a path that cannot be decoded): the same shape as every other error.
    frameworkErrors: (error, request, reply) => void answerError(error, request, reply),
    clientErrorHandler: answerClientError,
  }).withTypeProvider<TypeBoxTypeProvider>()
  server.setSerializerCompiler(
    createSerializerCompiler(() => server.getSchemas()) as FastifySerializerCompiler<TSchema>,
  )
  server.setValidatorCompiler(compileValidator as FastifySchemaCompiler<TSchema>)
  server.addHook('preClose', async () => {
    // Connections that are answered from now on end by themselves: what is idle already, Fastify closes.
    server.server.keepAliveTimeout = 1
  })
  server.setErrorHandler(answerError)
  server.setNotFoundHandler((request, reply) => {
    void answerError(
      new AppError('ROUTE_NOT_FOUND', `There is no ${request.method} ${request.url.split('?')[0]}`),
      request,
      reply,
    )
  })
  return server
}

function answerError(thrown: FastifyError | AppError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const error = fromFastify(thrown)
  request.log[reactionTo(error).logLevel](
    { err: error, code: error.code, method: request.method, route: request.routeOptions.url },
    'request failed',
  )
  return sendProblem(error, request, reply)
}

/** What each request failed with: for those who look at it after its answer. */
const errorCodes = new WeakMap<object, ErrorCode>()

export function errorCodeOf(request: FastifyRequest): ErrorCode | undefined {
  return errorCodes.get(request)
}

/** For an answer that is no problem+json, such as a page for a browser. */
export function noteErrorCode(request: FastifyRequest, code: ErrorCode): void {
  errorCodes.set(request, code)
}

/**
 * Answers with problem+json without a log line, for a route that must not fill the log with what strangers cause.
 * `beside` are members that stand beside the error's own, such as `command`.
 */
export function sendProblem(
  error: AppError,
  request: FastifyRequest,
  reply: FastifyReply,
  beside: Readonly<Record<string, unknown>> = {},
): FastifyReply {
  errorCodes.set(request, error.code)
  const retryAfterMs =
    error.retryAfterMs ?? (error.status === 503 || error.status === 504 ? RETRY_AFTER_DEFAULT_MS : undefined)
  if (retryAfterMs !== undefined) void reply.header('retry-after', wholeSeconds(retryAfterMs))
  if (error.limit) {
    const { name, max, windowMs } = error.limit
    void reply.header('ratelimit-policy', `"${name}";q=${max};w=${wholeSeconds(windowMs)}`)
    void reply.header('ratelimit', `"${name}";r=0;t=${wholeSeconds(retryAfterMs ?? windowMs)}`)
  }
  return reply
    .code(error.status)
    .header('content-type', 'application/problem+json; charset=utf-8')
    .serializer((payload: unknown) => JSON.stringify(payload))
    .send({ ...toProblem(error, request.id), ...beside })
}

const wholeSeconds = (ms: number): number => Math.max(1, Math.ceil(ms / 1000))

/** Fastify's own errors (validation, parsing, limits) in our words. */
function fromFastify(thrown: FastifyError | AppError): AppError {
  if (thrown instanceof AppError) return thrown
  if (thrown.validation) {
    const where = thrown.validationContext ?? 'body'
    const problems = thrown.validation.map((problem) => ({
      path:
        `${where === 'body' ? '' : `/${where === 'querystring' ? 'query' : where}`}${problem.instancePath || ''}` ||
        '/',
      message: problem.message ?? 'is not valid',
    }))
    const first = problems[0]
    return new AppError('VALIDATION_FAILED', first ? `${first.path}: ${first.message}` : 'The request is not valid', {
      problems,
    })
  }
  if (thrown.statusCode === 413) return new AppError('PAYLOAD_TOO_LARGE', 'The body is too large')
  if (thrown.statusCode === 415) return new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must be application/json')
  if (thrown.statusCode !== undefined && thrown.statusCode >= 400 && thrown.statusCode < 500)
    return new AppError('VALIDATION_FAILED', thrown.message)
  return toAppError(thrown)
}

/** Listens and answers the origin, such as `http://127.0.0.1:3032`. Port 0 takes any free one. */
export async function listen(server: FastifyInstance, port: number, host: string): Promise<string> {
  await server.listen({ port, host })
  const address = server.server.address()
  const bound = typeof address === 'object' && address !== null ? address.port : port
  return `http://${host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host}:${bound}`
}
