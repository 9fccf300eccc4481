import { errorCodeOf } from '@pagesync/shared/http/create-server.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { AuditEntry, AuditWriter } from './audit-writer.ts'
import { findCaller, isByFacebook, isByOperator } from './caller.ts'
import { whenEnded } from './when-ended.ts'

/** Answers to reads that tell of a try at what the caller may not have, or not now. */
const REFUSALS: ReadonlySet<number> = new Set([403, 404, 409, 422, 429])
const READS: ReadonlySet<string> = new Set(['GET', 'HEAD', 'OPTIONS'])
const CLIENT_LENGTH_MAX = 200

/**
 * Notes every change that somebody known asked for, and every read that was refused them, whatever the route: a new one
 * is audited by itself, also where the caller did not wait for the answer. Neither query nor body: they hold names, texts
 * and tokens. Who is not known is counted alone.
 */
export function registerAudit(
  api: FastifyInstance,
  { writer, clock }: { readonly writer: Pick<AuditWriter, 'note'>; readonly clock: Pick<Clock, 'now'> },
): void {
  whenEnded(api, (request, reply) => {
    const isRead = READS.has(request.method) && !request.routeOptions.config.changes
    if (isRead && !REFUSALS.has(reply.statusCode)) return
    const actor = actorOf(request)
    if (actor) writer.note({ ...entryOf(request, clock.now()), ...actor, status: reply.statusCode })
  })
}

type Actor = Pick<AuditEntry, 'tenant_id' | 'actor_kind' | 'actor_id'>

function actorOf(request: FastifyRequest): Actor | null {
  const caller = findCaller(request)
  if (caller) {
    const { kind, id } = caller.requester
    return { tenant_id: caller.tenantId, actor_kind: kind === 'person' ? 'person' : 'api_key', actor_id: id }
  }
  if (isByFacebook(request)) return { tenant_id: null, actor_kind: 'facebook', actor_id: 'facebook' }
  if (!isByOperator(request)) return null
  return { tenant_id: tenantOfPath(request), actor_kind: 'operator', actor_id: 'operator' }
}

/** What the operator does to a tenant stands in that tenant's log; that it was erased outlives the tenant. */
function tenantOfPath(request: FastifyRequest): string | null {
  const { id } = paramsOf(request)
  return id !== undefined && /\/tenants\/:id\//.test(request.routeOptions.url ?? '') ? id : null
}

function entryOf(request: FastifyRequest, nowMs: number): Omit<AuditEntry, keyof Actor | 'status'> {
  return {
    _id: `au_${request.id}`,
    at_ms: nowMs,
    method: request.method,
    route: request.routeOptions.url ?? '',
    params: paramsOf(request),
    address: request.ip,
    client: clientOf(request),
    code: errorCodeOf(request) ?? null,
    request_id: request.id,
  }
}

/** What the client calls itself. */
export function clientOf(request: FastifyRequest): string | null {
  return request.headers['user-agent']?.slice(0, CLIENT_LENGTH_MAX) ?? null
}

function paramsOf(request: FastifyRequest): Record<string, string> {
  return Object.fromEntries(Object.entries(request.params ?? {}).map(([name, value]) => [name, String(value)]))
}
