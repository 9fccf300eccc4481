import type { FastifyInstance } from 'fastify'

/** Escaped Unicode takes six bytes a character: genuine bodies above 300 kB have been seen (nyaruka/courier PR 508). */
export const WEBHOOK_BYTES_MAX = 2 * 1024 * 1024

const EMPTY = Buffer.alloc(0)

/** In this scope every body, whatever it calls itself, arrives as its bytes: the signature is over nothing else. */
export function takeRawBodies(scope: FastifyInstance): void {
  scope.removeAllContentTypeParsers()
  scope.addContentTypeParser('*', { parseAs: 'buffer', bodyLimit: WEBHOOK_BYTES_MAX }, (_request, body, done) =>
    done(null, body),
  )
}

export function rawBody(body: unknown): Buffer {
  return Buffer.isBuffer(body) ? body : EMPTY
}
