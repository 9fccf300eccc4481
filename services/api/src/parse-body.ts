import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { FastifyInstance } from 'fastify'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** The route does without a body: none, or an empty one, counts as `{}`. */
    optionalBody?: boolean
  }
}

/** The largest body of an ordinary request. */
export const BODY_BYTES_MAX = 64 * 1024

/**
 * Bodies are JSON. An empty one is no body, whatever its content type says: many clients send the header with every
 * POST. A member named `__proto__` or `constructor` is refused.
 */
export function registerBodyParsing(server: FastifyInstance): void {
  const parseJson = server.getDefaultJsonParser('error', 'error')
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('application/json', { parseAs: 'string' }, (request, body, done) => {
    if (body.length === 0) return done(null, undefined)
    parseJson(request, body as string, (err, value) => done(err ? invalidJson() : null, value))
  })
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => {
    if (body.length === 0) return done(null, undefined)
    done(new AppError('UNSUPPORTED_MEDIA_TYPE', 'The body must be application/json'), undefined)
  })
  server.addHook('preValidation', async (request) => {
    if (request.body === undefined && request.routeOptions.config.optionalBody) request.body = {}
  })
}

/** Without the engine's own error: it holds a piece of the body, perhaps of a token, and would reach the log. */
function invalidJson(): AppError {
  const problems = [{ path: '/', message: 'is not JSON' }]
  return new AppError('VALIDATION_FAILED', 'The body is not JSON', { problems })
}
