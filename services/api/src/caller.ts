import type { Requester } from '@pagesync/shared/model/command.ts'
import type { ApiKeyRow } from '@pagesync/shared/store/repositories/rows.ts'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Claims } from './verify-jwt.ts'

/** What a key may be allowed to do. */
export type Scope = 'read' | 'sync' | 'push' | 'push:human' | 'automations' | 'admin'

/** Who asks, as their credentials say. */
export interface Caller {
  readonly tenantId: string
  readonly scopes: readonly string[]
  /** Null: all pages of the tenant. */
  readonly pageIds: readonly number[] | null
  readonly requester: Requester
  readonly credential: Credential
}

/** What they were let in by. `keyHash` is the API key's `_id`, null for a JWT; `expiresMs` is when it ends by itself. */
export interface Credential {
  readonly keyHash: string | null
  readonly expiresMs: number | null
}

export function callerOfKey(row: ApiKeyRow): Caller {
  return {
    tenantId: row.tenant_id,
    scopes: row.scopes,
    pageIds: row.page_ids,
    requester: { kind: 'api_key', id: row.key_id },
    credential: { keyHash: row._id, expiresMs: row.expires_ms },
  }
}

/** A JWT stands for the person whom its issuer names. */
export function callerOfClaims({ sub, tenant_id, scope, page_ids, exp }: Claims): Caller {
  return {
    tenantId: tenant_id,
    scopes: scope.split(' '),
    pageIds: page_ids ?? null,
    requester: { kind: 'person', id: sub },
    credential: { keyHash: null, expiresMs: exp * 1000 },
  }
}

export function mayUsePage(caller: Caller, pageId: number): boolean {
  return caller.pageIds === null || caller.pageIds.includes(pageId)
}

const CALLER = 'caller'
const IS_OPERATOR = 'isOperator'
const IS_FACEBOOK = 'isFacebook'

export function decorateWithCaller(server: FastifyInstance): void {
  server.decorateRequest(CALLER, null)
  server.decorateRequest(IS_OPERATOR, false)
  server.decorateRequest(IS_FACEBOOK, false)
}

export function setCaller(request: FastifyRequest, caller: Caller): void {
  request.setDecorator(CALLER, caller)
}

export function setOperator(request: FastifyRequest): void {
  request.setDecorator(IS_OPERATOR, true)
}

export function isByOperator(request: FastifyRequest): boolean {
  return request.getDecorator<boolean>(IS_OPERATOR)
}

/** The request is signed by Facebook. */
export function setFacebook(request: FastifyRequest): void {
  request.setDecorator(IS_FACEBOOK, true)
}

export function isByFacebook(request: FastifyRequest): boolean {
  return request.getDecorator<boolean>(IS_FACEBOOK)
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
