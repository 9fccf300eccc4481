import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'

/** `isCut`: the caller hung up before the answer was out; its status is the one that the answer would have had. */
export type NoteEnd = (request: FastifyRequest, reply: FastifyReply, isCut: boolean) => void

/**
 * Calls `note` once for each request of this scope, when it has ended. `onResponse` alone would not do: it never runs
 * for a caller who hung up, and what was asked for may have been done all the same. What is still being worked on when
 * the caller goes is noted when its answer is there. To be registered before hooks that may refuse a request.
 */
export function whenEnded(scope: FastifyInstance, note: NoteEnd): void {
  const answered = new WeakSet<FastifyRequest>()
  const noted = new WeakSet<FastifyRequest>()
  const noteOnce: NoteEnd = (request, reply, isCut) => {
    if (noted.has(request)) return
    noted.add(request)
    note(request, reply, isCut)
  }
  scope.addHook('onRequest', async (request, reply) => {
    reply.raw.once('close', () => {
      const isOut = reply.raw.writableFinished
      if (isOut || reply.sent || answered.has(request)) noteOnce(request, reply, !isOut)
    })
  })
  scope.addHook('onSend', async (request, reply) => {
    answered.add(request)
    if (reply.raw.closed) noteOnce(request, reply, true)
  })
}
