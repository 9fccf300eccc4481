import { AppError } from '@pagesync/shared/errors/app-error.ts'
import { sameText } from '@pagesync/shared/security/signature.ts'
import type { FastifyInstance } from 'fastify'

export const WEBHOOK_PATH = '/api/facebook/webhook'

const CHALLENGE_LENGTH_MAX = 256

/** `GET /api/facebook/webhook`: Facebook asks whether this address is ours, and gets its challenge back. */
export function registerVerify(app: FastifyInstance, verifyToken: string): void {
  app.get(WEBHOOK_PATH, async (request, reply) => {
    const query = request.query as Readonly<Record<string, unknown>>
    const token = query['hub.verify_token']
    const challenge = query['hub.challenge']
    const matches = sameText(typeof token === 'string' ? token : '', verifyToken)
    if (query['hub.mode'] !== 'subscribe' || !matches || !isChallenge(challenge))
      throw new AppError('FORBIDDEN', 'The verification request does not match')
    // The answer repeats what the caller sent: no browser takes it for a page, since every answer here is `nosniff`.
    return reply.type('text/plain; charset=utf-8').send(challenge)
  })
}

function isChallenge(challenge: unknown): challenge is string {
  return typeof challenge === 'string' && challenge !== '' && challenge.length <= CHALLENGE_LENGTH_MAX
}
