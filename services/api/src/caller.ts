import type { Requester } from '@pagesync/shared/model/command.ts'
import type { ApiKeyRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'

/** What a key may be allowed to do. */
export type Scope = 'read' | 'sync' | 'push' | 'push:human' | 'automations' | 'admin'

/** Who asks, as their credentials say. */
export interface Caller {
  readonly tenantId: string
  readonly scopes: readonly string[]
  /** Null: all pages of the tenant. */
  readonly pageIds: readonly number[] | null
  readonly requester: Requester
  /** When the API key ends; null where it does not, and for a token that was not made by us. */
  readonly expiresMs: number | null
}

export function callerOfKey(row: ApiKeyRow): Caller {
  return {
    tenantId: row.tenant_id,
    scopes: row.scopes,
    pageIds: row.page_ids,
    requester: { kind: 'api_key', id: row.key_id },
    expiresMs: row.expires_ms,
  }
}

export function mayUsePage(caller: Caller, pageId: number): boolean {
  return caller.pageIds === null || caller.pageIds.includes(pageId)
}

const CALLER = 'caller'

export function decorateWithCaller(server: FastifyInstance): void {
  server.decorateRequest(CALLER, null)
}

export function setCaller(request: FastifyRequest, caller: Caller): void {
  request.setDecorator(CALLER, caller)
}

/** The caller of a route that has a scope. */
export function callerOf(request: FastifyRequest): Caller {
  const caller = findCaller(request)
  if (!caller) throw new Error('the route has no scope, so nobody was authenticated')
  return caller
}

export function findCaller(request: FastifyRequest): Caller | null {
  return request.getDecorator<Caller | null>(CALLER)
}
