import { Type } from '@sinclair/typebox'
import type { FastifyReply } from 'fastify'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { type EventSink, POSITIONS_PATTERN, parsePositions } from '../event-stream.ts'
import { errors } from '../route-shapes.ts'

const Headers = Type.Object({
  'last-event-id': Type.Optional(
    Type.String({ pattern: POSITIONS_PATTERN, description: '`id` of the last event that came: goes on after it' }),
  ),
})

export const registerEvents: RegisterRoutes = (api, { liveEvents, credentials }) => {
  api.get(
    '/events',
    {
      config: { access: 'read' },
      exposeHeadRoute: false,
      schema: {
        tags: ['events'],
        summary: 'Hear of changes as they happen',
        description:
          "Server-Sent Events: the changes topic, only what is the tenant's and of the key's pages. `event` is the type " +
          'of the change, `data` the change as the topic has it. A comment comes every 15 s. The stream ends now and ' +
          'then; `Last-Event-ID` goes on where it ended, for as long as the topic keeps changes (7 days).',
        headers: Headers,
        response: {
          200: {
            description: 'The stream',
            content: { 'text/event-stream': { schema: { type: 'string' } } },
          },
          ...errors('read', ['RATE_LIMITED', 'EVENT_LOG_UNAVAILABLE']),
        },
      },
    },
    async (request, reply) => {
      const lastEventId = request.headers['last-event-id']
      const from = typeof lastEventId === 'string' && lastEventId !== '' ? parsePositions(lastEventId) : null
      const gone = new AbortController()
      reply.raw.once('close', () => gone.abort())
      const caller = callerOf(request)
      const over = AbortSignal.any([gone.signal, credentials.watch(caller, gone.signal)])
      await liveEvents.listen(caller, from, () => openSink(reply), over)
      return reply
    },
  )
}

function openSink(reply: FastifyReply): EventSink {
  reply.hijack()
  const { raw } = reply
  raw.writeHead(200, {
    ...(reply.getHeaders() as Record<string, string>),
    'content-type': 'text/event-stream; charset=utf-8',
    'cache-control': 'no-store',
    // Proxies would otherwise gather the events.
    'x-accel-buffering': 'no',
  })
  return {
    write: (text) => {
      if (!raw.writableEnded && !raw.destroyed) raw.write(text)
    },
    waitingBytes: () => raw.writableLength,
    end: () => {
      // What lies there unread would hold the connection open.
      if (raw.writableLength > 0) raw.destroy()
      else raw.end()
    },
  }
}
