import { Type } from '@sinclair/typebox'
import type { FastifyInstance } from 'fastify'

/** One part that a service needs. Resolves (perhaps with details to show) when it works, rejects when it does not. */
export interface HealthCheck {
  readonly name: string
  readonly check: (timeoutMs: number) => Promise<Readonly<Record<string, unknown>> | undefined>
  /** A part without which the service still does its work: shown, but not asked for. */
  readonly optional?: boolean
}

const CHECK_TIMEOUT_MS = 2_000

const Readiness = Type.Object({
  status: Type.Union([Type.Literal('ready'), Type.Literal('not_ready')]),
  parts: Type.Record(
    Type.String(),
    Type.Object({ status: Type.Union([Type.Literal('up'), Type.Literal('down')]) }, { additionalProperties: true }),
  ),
})

/** `/livez`: the process answers. `/readyz`: 200 when every needed part answers, else 503, each part by name. */
export function registerHealth(server: FastifyInstance, checks: readonly HealthCheck[]): void {
  const docs = { tags: ['operation'], security: [] }
  server.get(
    '/livez',
    {
      schema: {
        ...docs,
        summary: 'Is the process alive?',
        response: { 200: Type.Object({ status: Type.Literal('alive') }) },
      },
    },
    async () => ({
      status: 'alive' as const,
    }),
  )
  server.get(
    '/readyz',
    {
      schema: {
        ...docs,
        summary: 'Does everything that the service needs work?',
        response: { 200: Readiness, 503: Readiness },
      },
    },
    async (_request, reply) => {
      const parts = await Promise.all(checks.map(runCheck))
      const ready = parts.every((part, i) => part.status === 'up' || checks[i]?.optional === true)
      return reply.code(ready ? 200 : 503).send({
        status: ready ? 'ready' : 'not_ready',
        parts: Object.fromEntries(checks.map((check, i) => [check.name, parts[i] as (typeof parts)[number]])),
      })
    },
  )
}

async function runCheck(check: HealthCheck): Promise<{ status: 'up' | 'down'; [detail: string]: unknown }> {
  let timer: NodeJS.Timeout | undefined
  const late = new Promise<never>((_resolve, reject) => {
    timer = setTimeout(() => reject(new Error('no answer in time')), CHECK_TIMEOUT_MS + 500)
  })
  try {
    const details = await Promise.race([check.check(CHECK_TIMEOUT_MS), late])
    return { status: 'up', ...details }
  } catch (error) {
    return { status: 'down', reason: error instanceof Error ? error.message : 'unknown' }
  } finally {
    clearTimeout(timer)
  }
}
