import { hash } from 'node:crypto'
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

export function canonicalJson(value: unknown): string {
  return JSON.stringify(value, (_name, member: unknown) =>
    typeof member === 'object' && member !== null && !Array.isArray(member)
      ? Object.fromEntries(Object.entries(member).sort(([a], [b]) => (a < b ? -1 : 1)))
      : member,
  )
}
