import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { sendProblem } from '@pagesync/shared/http/create-server.ts'
import type { Clock } from '@pagesync/shared/lifecycle/clock.ts'
import { createSignatureCheck } from '@pagesync/shared/security/signature.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import type { AcceptNotification } from '../accept-notification.ts'
import type { GatewayCounters } from '../counters.ts'
import { takeRawBodies, WEBHOOK_BYTES_MAX } from '../raw-body.ts'
import type { SparingLog } from '../sparing-log.ts'
import { WEBHOOK_PATH } from './verify.ts'

export interface ReceiveDeps {
  /** The app secret and, while it is being changed, the one before. */
  readonly secrets: readonly string[]
  readonly accept: AcceptNotification
  readonly clock: Clock
  readonly counters: GatewayCounters
  readonly warn: SparingLog
}

/** `POST /api/facebook/webhook`: nothing is looked at before the signature; 200 only when everything is durable. */
export function registerReceive(app: FastifyInstance, deps: ReceiveDeps): void {
  const { counters, warn } = deps
  const isSigned = createSignatureCheck(deps.secrets)

  void app.register(async (scope) => {
    takeRawBodies(scope)
    scope.post(
      WEBHOOK_PATH,
      // A child logger for each request costs more than the signature, and a webhook that succeeds logs nothing. Headers
      // for browsers cost 17 µs each time (nearly as much as all else that Fastify does), and no browser reads this.
      { bodyLimit: WEBHOOK_BYTES_MAX, childLoggerFactory: (logger) => logger, helmet: false },
      receive,
    )
  })

  async function receive(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const body = request.body as Buffer
    if (!isSigned(body, signatureOf(request))) return refuse(request, reply)
    try {
      await deps.accept({ body, requestId: request.id, traceparent: traceparentOf(request) })
    } catch (error) {
      if (error instanceof AppError && error.kind === 'transient') return askAgain(error, request, reply)
      throw error
    }
    counters.accepted++
    counters.last_accepted_ms = deps.clock.now()
    return reply.type('text/plain; charset=utf-8').send('EVENT_RECEIVED')
  }

  function refuse(request: FastifyRequest, reply: FastifyReply): FastifyReply {
    counters.signature_refused++
    warn('webhook with a wrong signature was refused', { refused: counters.signature_refused, ip: request.ip })
    return sendProblem(new AppError('SIGNATURE_MISMATCH', 'The request is not signed as it must be'), request, reply)
  }

  function askAgain(error: AppError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    counters.unavailable++
    warn('webhook could not be kept', { err: error, code: error.code, request_id: request.id })
    return sendProblem(error, request, reply)
  }
}

function signatureOf(request: FastifyRequest): string | undefined {
  const header = request.headers['x-hub-signature-256']
  return typeof header === 'string' ? header : undefined
}

function traceparentOf(request: FastifyRequest): string | undefined {
  const header = request.headers.traceparent
  return typeof header === 'string' ? header : undefined
}
