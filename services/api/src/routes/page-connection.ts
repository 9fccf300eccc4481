import { AppError } from '@pagesync/shared/errors/app-error.ts'
import type { NewPage } from '@pagesync/shared/store/repositories/page-connections.ts'
import type { PageRow } from '@pagesync/shared/store/repositories/rows.ts'
import { Type } from '@sinclair/typebox'
import type { ApiContext, RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { AccessToken, body, EraseQuery, errors, IdParams, LOGIN_ERRORS, success } from '../route-shapes.ts'
import { traceparentOf } from '../traceparent.ts'
import { Command, presentCommand } from '../views/command.ts'
import { Erasure, presentErasure } from '../views/erasure.ts'
import { Page, presentPage } from '../views/page.ts'
import { named, nullable } from '../views/shapes.ts'

/** A caller waits so long; what is not erased by then workers erase. */
const ERASE_MS = 5_000

export const registerPageConnection: RegisterRoutes = (api, context) => {
  const { ownership, connectPage, disconnectPage, eraser, clock } = context
  api.post(
    '/pages/:id/reconnect',
    {
      config: { access: 'admin', optionalBody: true },
      schema: {
        tags: ['pages'],
        summary: 'Connect a page again',
        description:
          "By a new page token in the body, or without one by the account that the page came from. The page's id, data and checkpoints stay; commands that waited go on. It is synced by `command`; null: a full sync was asked for a short while ago.",
        params: IdParams,
        body: body({ access_token: Type.Optional(AccessToken) }, { examples: [{ access_token: 'EAAB…' }] }),
        response: {
          200: success({ page: named(Page), command: nullable(named(Command)) }),
          ...errors('admin', [
            'PAGE_NOT_FOUND',
            'PAGE_ALREADY_CONNECTED',
            'PAGE_BEING_ERASED',
            'PAGE_REAUTH_REQUIRED',
            ...LOGIN_ERRORS,
          ]),
        },
      },
    },
    async (request) => {
      const caller = callerOf(request)
      const page = await ownership.page(caller, request.params.id)
      const token = await newToken(page, request.body.access_token, context)
      const input = { tenantId: caller.tenantId, facebookPageId: page.facebook_page_id, ...token }
      const { requester } = caller
      const connected = await connectPage({ ...input, requester, traceparent: traceparentOf(request) }, clock.now())
      return {
        success: true as const,
        page: presentPage(connected.page),
        command: connected.command && presentCommand(connected.command, null),
      }
    },
  )

  api.delete(
    '/pages/:id',
    {
      config: { access: 'admin' },
      schema: {
        tags: ['pages'],
        summary: 'Disconnect a page',
        description:
          'Unsubscribes its webhooks, forgets its token and lets others connect it. What was synced stays, or is erased for good with `erase=true`. `webhooks_unsubscribed` says whether Facebook agreed; if not, what it goes on sending is dropped.',
        params: IdParams,
        querystring: EraseQuery,
        response: {
          200: success({
            page: named(Page),
            webhooks_unsubscribed: Type.Boolean(),
            erasure: Type.Optional(named(Erasure)),
          }),
          ...errors('admin', ['PAGE_NOT_FOUND']),
        },
      },
    },
    async (request) => {
      const page = await ownership.page(callerOf(request), request.params.id)
      const done = await disconnectPage(page, clock.now())
      const erasure = request.query.erase ? await eraser.erasePage(page.tenant_id, page.id) : undefined
      const worked = erasure && (await eraser.work(erasure, clock.now() + ERASE_MS))
      return {
        success: true as const,
        page: presentPage(done.page),
        webhooks_unsubscribed: done.webhooksUnsubscribed,
        ...(worked ? { erasure: presentErasure(worked) } : {}),
      }
    },
  )
}

async function newToken(
  page: PageRow,
  given: string | undefined,
  { readPage, accounts, connectAccount }: ApiContext,
): Promise<Pick<NewPage, 'accessToken' | 'name' | 'accountKey'>> {
  if (given !== undefined) return readPage(given, page.facebook_page_id)
  const account = page.account_key ? await accounts.getByKey(page.tenant_id, page.account_key) : undefined
  if (!account) throw invalid('is needed: no account connected this page')
  const listed = await connectAccount.tokenOfPage(account, page.facebook_page_id)
  if (listed?.accessToken) return { accessToken: listed.accessToken, name: listed.name, accountKey: account._id }
  throw new AppError('PERMISSION_MISSING', 'The person who connected the page may not act for it any more')
}

function invalid(message: string): AppError {
  const problems = [{ path: '/access_token', message }]
  return new AppError('VALIDATION_FAILED', `/access_token: ${message}`, { problems })
}
