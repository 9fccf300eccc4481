import { hash } from 'node:crypto'
import { canonicalJson } from '@pagesync/shared/model/canonical-json.ts'
import type { IdempotencyKey } from '@pagesync/shared/store/repositories/ledger.ts'
import type { FastifyRequest } from 'fastify'

/**
 * The request's `Idempotency-Key` (its form is checked by the route's schema) and what the request must be like for
 * the key to stand for it: method, path and body, whatever the order of the body's members.
 */
export function idempotencyKeyOf(request: FastifyRequest): IdempotencyKey | null {
  const value = request.headers['idempotency-key']
  if (typeof value !== 'string') return null
  const path = request.url.split('?')[0]
  const requestHash = hash('sha256', `${request.method}\n${path}\n${canonicalJson(request.body ?? {})}`, 'base64url')
  return { value, requestHash }
}
