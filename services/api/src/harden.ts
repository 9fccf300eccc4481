import cors from '@fastify/cors'
import { hardenAnswers } from '@pagesync/shared/http/harden-answers.ts'
import type { FastifyInstance } from 'fastify'

const PREFLIGHT_KEPT_SECONDS = 600

/**
 * Headers that tell browsers to do nothing with answers but read them. Pages of other origins may call the API only
 * where the configuration names them. `/docs` has its own policy on top: it is a page.
 */
export async function harden(server: FastifyInstance, corsOrigins: string | undefined): Promise<void> {
  await hardenAnswers(server)
  if (corsOrigins === undefined) return
  await server.register(cors, {
    origin: corsOrigins.split(','),
    methods: ['GET', 'POST', 'PUT', 'PATCH', 'DELETE'],
    allowedHeaders: ['authorization', 'content-type', 'idempotency-key', 'prefer', 'last-event-id', 'traceparent'],
    exposedHeaders: ['location', 'preference-applied', 'ratelimit', 'ratelimit-policy', 'retry-after', 'x-request-id'],
    credentials: false,
    maxAge: PREFLIGHT_KEPT_SECONDS,
  })
}
