import { hash, timingSafeEqual } from 'node:crypto'
import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import { type Caller, type Scope, setCaller, setOperator } from './caller.ts'
import type { FindCaller } from './find-caller.ts'
import type { RequestLimits } from './request-limits.ts'
import { whenEnded } from './when-ended.ts'

/** What a route asks of who calls it: a scope of a tenant's key, or to be the operator, or either of the two, or nothing. */
export type Access = Scope | 'operator' | 'admin-or-operator' | 'public'

declare module 'fastify' {
  interface FastifyContextConfig {
    /** Every route below `/api/facebook` says it, or it is not registered. */
    access?: Access
    /** The route is about the tenant as a whole: a key for some pages alone is refused. */
    wholeTenant?: boolean
    /** A GET that changes something all the same: it is audited as a change. */
    changes?: boolean
  }
}

export interface AuthenticateOptions {
  readonly findCaller: FindCaller
  readonly limits: RequestLimits
  readonly operatorToken: string | undefined
}

/**
 * Lets nobody through to a route of this scope who has not what the route asks for. A route that asks for nothing is a
 * bug. An address that was refused too often is not even asked.
 */
export function registerAuthentication(api: FastifyInstance, options: AuthenticateOptions): void {
  const { limits } = options
  api.addHook('onRoute', (route) => {
    if (route.config?.access === undefined) throw new Error(`${String(route.method)} ${route.url} has no access`)
  })
  whenEnded(api, (request, reply) => {
    if (isRefusal(request, reply)) limits.countRefusal(request.ip)
  })
  api.addHook('onRequest', async (request, reply) => {
    limits.admitAddress(request.ip)
    const { access } = request.routeOptions.config
    if (access === 'public') return
    if (access === 'operator') await requireOperator(request, reply, options)
    else if (access === 'admin-or-operator') {
      if (isOperator(request, options)) setOperator(request)
      else await requireScope(request, reply, options, 'admin')
    } else await requireScope(request, reply, options, access)
  })
}

/** Of a public route whatever was wrong with what a stranger sent: there it is what stands for credentials. */
function isRefusal(request: FastifyRequest, { statusCode }: FastifyReply): boolean {
  if (statusCode === 401) return true
  return request.routeOptions.config.access === 'public' && statusCode >= 400 && statusCode < 429
}

async function requireScope(
  request: FastifyRequest,
  reply: FastifyReply,
  { findCaller, limits }: AuthenticateOptions,
  scope: Scope | undefined,
): Promise<void> {
  const caller = await callerOfToken(request, findCaller)
  if (!caller) throw unauthenticated(reply)
  setCaller(request, caller)
  limits.admitCaller(caller)
  if (scope === undefined || !caller.scopes.includes(scope))
    throw new AppError('FORBIDDEN', `The key has not the scope ${scope}`)
  if (request.routeOptions.config.wholeTenant && caller.pageIds !== null)
    throw new AppError('FORBIDDEN', 'A key for some pages alone cannot do this: it is about the whole tenant')
}

async function requireOperator(
  request: FastifyRequest,
  reply: FastifyReply,
  { findCaller, operatorToken, limits }: AuthenticateOptions,
): Promise<void> {
  if (isOperator(request, { operatorToken })) {
    setOperator(request)
    return
  }
  const caller = await callerOfToken(request, findCaller)
  if (!caller) throw unauthenticated(reply)
  setCaller(request, caller)
  limits.admitCaller(caller)
  throw new AppError('FORBIDDEN', 'This is for the operator alone')
}

async function callerOfToken(request: FastifyRequest, findCaller: FindCaller): Promise<Caller | undefined> {
  const token = bearerToken(request)
  return token === undefined ? undefined : findCaller(token)
}

function isOperator(request: FastifyRequest, { operatorToken }: Pick<AuthenticateOptions, 'operatorToken'>): boolean {
  const token = bearerToken(request)
  return token !== undefined && operatorToken !== undefined && isSame(token, operatorToken)
}

/** RFC 6750: one space or more, the scheme in any case. */
const BEARER = /^bearer +([A-Za-z0-9._~+/=-]{1,4096})$/i

function bearerToken(request: FastifyRequest): string | undefined {
  return BEARER.exec(request.headers.authorization ?? '')?.[1]
}

/** The same answer for none, malformed, unknown, revoked and expired: no hint which. */
function unauthenticated(reply: FastifyReply): AppError {
  void reply.header('www-authenticate', 'Bearer')
  return new AppError('UNAUTHENTICATED', 'A valid bearer token is needed')
}

/** Over hashes, so that neither contents nor lengths show in the time. */
function isSame(a: string, b: string): boolean {
  return timingSafeEqual(hash('sha256', a, 'buffer'), hash('sha256', b, 'buffer'))
}
