import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { Type } from '@sinclair/typebox'
import type { FastifyRequest } from 'fastify'
import type { ApiContext, RegisterRoutes } from '../api-context.ts'
import { type Caller, callerOf } from '../caller.ts'
import { body, errors, success } from '../route-shapes.ts'
import { Command, presentCommand } from '../views/command.ts'
import { Page, presentPage } from '../views/page.ts'
import { named } from '../views/shapes.ts'

const ConnectBody = body(
  {
    facebook_page_id: Type.String({ pattern: '^[0-9]{1,32}$', description: "Facebook's id of the page, as text" }),
    access_token: Type.String({
      minLength: 1,
      maxLength: 4096,
      pattern: '^[\\x21-\\x7E]+$',
      description: "The page's or a system user's token; kept apart from the page and never shown",
    }),
  },
  { examples: [{ facebook_page_id: '104857600000001', access_token: 'EAAB…' }] },
)

const Connected = { page: named(Page), command: named(Command) }

export const registerConnectPage: RegisterRoutes = (api, context) => {
  api.post(
    '/pages',
    {
      config: { access: 'admin', wholeTenant: true },
      schema: {
        tags: ['pages'],
        summary: 'Connect a page by its token',
        description: 'Asks Facebook who the page is, stores it, and queues its full sync (`command`).',
        body: ConnectBody,
        response: {
          201: success(Connected, { description: 'Connected' }),
          200: success(Connected, { description: 'It was there already: connected again, with the new token' }),
          ...errors('admin', [
            'PAYLOAD_TOO_LARGE',
            'UNSUPPORTED_MEDIA_TYPE',
            'PAGE_ALREADY_CONNECTED',
            'FACEBOOK_TOKEN_INVALID',
            'PERMISSION_MISSING',
            'FACEBOOK_REJECTED',
            'FACEBOOK_OBJECT_GONE',
            'FACEBOOK_RATE_LIMITED',
            'FACEBOOK_UNAVAILABLE',
          ]),
        },
      },
    },
    async (request, reply) => {
      const caller = callerOf(request)
      const { page, created } = await connect(context, caller, request.body)
      const command = await queueFullSync(context, request, page, created ? 'api' : 'reconnect')
      const answer = { success: true as const, page: presentPage(page), command: presentCommand(command, null) }
      return created ? reply.code(201).send(answer) : reply.code(200).send(answer)
    },
  )
}

async function connect(
  { readPage, pages, settings, ledger, clock }: ApiContext,
  caller: Caller,
  { facebook_page_id: facebookPageId, access_token: accessToken }: { facebook_page_id: string; access_token: string },
): Promise<{ page: PageRow; created: boolean }> {
  const { id, name } = await readPage(accessToken, facebookPageId)
  if (id !== facebookPageId) {
    const problems = [{ path: '/facebook_page_id', message: 'is another page at Facebook' }]
    throw new AppError('VALIDATION_FAILED', '/facebook_page_id: is another page at Facebook', { problems })
  }
  const { page: stored, created } = await pages.connect(
    { tenantId: caller.tenantId, facebookPageId, accessToken, name },
    clock.now(),
  )
  const page = created ? await withDefaults(stored, settings, pages) : stored
  // Commands that waited for a living token go on now.
  await ledger.wakePage(page.id, clock.now())
  return { page, created }
}

async function withDefaults(
  page: PageRow,
  settings: ApiContext['settings'],
  pages: ApiContext['pages'],
): Promise<PageRow> {
  const { page_defaults } = await settings.get(page.tenant_id)
  if (Object.keys(page_defaults).length === 0) return page
  return pages.update(page.tenant_id, page.id, (row) => ({ ...row, settings: page_defaults }))
}

/** Once more after a crash in between is harmless: an open full sync is shared. */
function queueFullSync(
  { submit }: ApiContext,
  request: FastifyRequest,
  page: PageRow,
  trigger: 'api' | 'reconnect',
): ReturnType<ApiContext['submit']> {
  const traceparent = request.headers.traceparent
  return submit({
    page,
    type: 'page.full_sync',
    arguments: {},
    requester: callerOf(request).requester,
    trigger,
    idempotencyKey: null,
    traceparent: typeof traceparent === 'string' ? traceparent : undefined,
  })
}
