import type { FastifyInstance } from 'fastify'
import { findCaller } from './caller.ts'
import { whenEnded } from './when-ended.ts'

/** Answers with the request's id, and one log line for each request: what changed something at info, reads at debug. */
export function registerAccessLog(server: FastifyInstance): void {
  server.addHook('onRequest', async (request, reply) => {
    void reply.header('x-request-id', request.id)
  })
  whenEnded(server, (request, reply, isCut) => {
    const caller = findCaller(request)
    const isRead = request.method === 'GET' || request.method === 'HEAD'
    request.log[isRead ? 'debug' : 'info'](
      {
        method: request.method,
        // The pattern and the ids in it, never the query: a search would put names into the log.
        route: request.routeOptions.url,
        params: request.params,
        status: reply.statusCode,
        duration_ms: Math.round(reply.elapsedTime * 10) / 10,
        tenant_id: caller?.tenantId,
        requester: caller?.requester.id,
        aborted: isCut || undefined,
      },
      'request answered',
    )
  })
}
