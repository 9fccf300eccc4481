import helmet from '@fastify/helmet'
import type { FastifyInstance } from 'fastify'

/**
 * Headers that tell browsers to do nothing with answers but read them, on all routes without `helmet: false`, and on what
 * no route is found for.
 */
export async function hardenAnswers(server: FastifyInstance): Promise<void> {
  await server.register(helmet, {
    contentSecurityPolicy: { useDefaults: false, directives: { defaultSrc: ["'none'"], frameAncestors: ["'none'"] } },
    // HTTPS ends at the proxy, which knows whether the whole domain has it.
    strictTransportSecurity: false,
  })
}
