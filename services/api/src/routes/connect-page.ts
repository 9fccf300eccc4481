import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { AccessToken, body, errors, LOGIN_ERRORS, success } from '../route-shapes.ts'
import { traceparentOf } from '../traceparent.ts'
import { Command, presentCommand } from '../views/command.ts'
import { Page, presentPage } from '../views/page.ts'
import { named, nullable } from '../views/shapes.ts'

const ConnectBody = body(
  {
    facebook_page_id: Type.String({ pattern: '^[0-9]{1,32}$', description: "Facebook's id of the page, as text" }),
    access_token: AccessToken,
  },
  { examples: [{ facebook_page_id: '104857600000001', access_token: 'EAAB…' }] },
)

const Connected = { page: named(Page), command: named(Command) }
const Again = { page: named(Page), command: nullable(named(Command)) }

export const registerConnectPage: RegisterRoutes = (api, { readPage, connectPage, clock }) => {
  api.post(
    '/pages',
    {
      config: { access: 'admin', wholeTenant: true },
      schema: {
        tags: ['pages'],
        summary: 'Connect a page by its token',
        description:
          "By the page's own token, or by a person's or system user's who may act for it: then the page's own is asked for and kept. Stores the page, and queues the subscription of its webhooks and its full sync (`command`; null for a page that was there already, and was synced a short while ago).",
        body: ConnectBody,
        response: {
          201: success(Connected, { description: 'Connected' }),
          200: success(Again, { description: 'It was there already: connected again, with the new token' }),
          ...errors('admin', ['PAGE_ALREADY_CONNECTED', 'PAGE_BEING_ERASED', ...LOGIN_ERRORS]),
        },
      },
    },
    async (request, reply) => {
      const { tenantId, requester } = callerOf(request)
      const { facebook_page_id: facebookPageId } = request.body
      const { accessToken, name } = await readPage(request.body.access_token, facebookPageId)
      const traceparent = traceparentOf(request)
      const { page, created, command } = await connectPage(
        { tenantId, facebookPageId, accessToken, name, requester, traceparent },
        clock.now(),
      )
      const answer = { success: true as const, page: presentPage(page) }
      const shown = command && presentCommand(command, null)
      if (!created || !shown) return reply.code(200).send({ ...answer, command: shown })
      return reply.code(201).send({ ...answer, command: shown })
    },
  )
}
