import type { FastifyInstance } from 'fastify'

/** Escaped Unicode takes six bytes a character: genuine bodies above 300 kB have been seen (nyaruka/courier PR 508). */
export const WEBHOOK_BYTES_MAX = 2 * 1024 * 1024

const BYTES = 'application/octet-stream'

/**
 * In this scope every body arrives as its bytes, since the signature is over nothing else. What it calls itself is
 * not even looked at: Fastify would refuse a media type that is none, and search its parsers for one it has not met.
 */
export function takeRawBodies(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser(BYTES, { parseAs: 'buffer', bodyLimit: WEBHOOK_BYTES_MAX }, (_request, body, done) =>
    done(null, body),
  )
  scope.addHook('onRequest', (request, _reply, done) => {
    request.raw.headers['content-type'] = BYTES
    done()
  })
}
