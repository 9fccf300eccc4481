import type { AccountRow } from '@pagesync/shared/store/repositories/connection-rows.ts'
import { Type } from '@sinclair/typebox'
import type { RegisterRoutes } from '../api-context.ts'
import { callerOf } from '../caller.ts'
import { createListing } from '../listing.ts'
import { body, errors, IdParams, LOGIN_ERRORS, list, listQuery, success } from '../route-shapes.ts'
import { traceparentOf } from '../traceparent.ts'
import { Account, presentAccount, presentRefused, Refused } from '../views/account.ts'
import { Erasure, presentErasure } from '../views/erasure.ts'
import { Page, presentPage } from '../views/page.ts'
import { named } from '../views/shapes.ts'

const Position = Type.Object({ _id: Type.String(), id: Type.Integer() })
const readListing = createListing('accounts', Position, ({ _id, id }: AccountRow) => ({ _id, id }))

const EraseQuery = Type.Object(
  { erase: Type.Optional(Type.Boolean({ description: 'Erase what was synced, too; for good' })) },
  { additionalProperties: false },
)

/** An account is the tenant's as a whole: a key for some pages alone has no part in it. */
export const registerAccounts: RegisterRoutes = (
  api,
  { accounts, ownership, connectAccount, disconnectAccount, clock },
) => {
  api.get(
    '/accounts',
    {
      config: { access: 'read', wholeTenant: true },
      schema: {
        tags: ['accounts'],
        summary: 'List the accounts that connected pages',
        querystring: listQuery('newest', {}),
        response: { 200: list('accounts', Account), ...errors('read') },
      },
    },
    async (request) => {
      const { tenantId } = callerOf(request)
      const { sort = 'newest' } = request.query
      const { rows, nextCursor } = await readListing(
        { ...request.query, sort },
        { fetch: (limit, after) => accounts.list(tenantId, sort, limit, after) },
      )
      const nowMs = clock.now()
      return {
        success: true as const,
        accounts: rows.map((row) => presentAccount(row, nowMs)),
        next_cursor: nextCursor,
      }
    },
  )

  api.post(
    '/accounts/:id/sync-pages',
    {
      config: { access: 'admin', wholeTenant: true, optionalBody: true },
      schema: {
        tags: ['accounts'],
        summary: 'Connect what pages the person has now',
        description:
          'Each gets a new token. A page that was disconnected here stays so: connect it again by `POST /pages/:id/reconnect`.',
        params: IdParams,
        body: body({}),
        response: {
          200: success({ pages: Type.Array(named(Page)), refused: Type.Array(Refused) }),
          ...errors('admin', ['ACCOUNT_NOT_FOUND', 'PAGE_REAUTH_REQUIRED', ...LOGIN_ERRORS]),
        },
      },
    },
    async (request) => {
      const { tenantId, requester } = callerOf(request)
      const account = await ownership.account(callerOf(request), request.params.id)
      const who = { tenantId, requester, traceparent: traceparentOf(request) }
      const { pages, refused } = await connectAccount.refresh(account, who, clock.now())
      return { success: true as const, pages: pages.map(presentPage), refused: refused.map(presentRefused) }
    },
  )

  api.delete(
    '/accounts/:id',
    {
      config: { access: 'admin', wholeTenant: true },
      schema: {
        tags: ['accounts'],
        summary: 'Disconnect an account and its pages',
        description:
          "Unsubscribes the pages' webhooks as far as Facebook agrees (`webhooks_unsubscribed`), forgets all tokens. What was synced stays, " +
          'or with `erase=true` is erased with every page that the account ever connected: `erasures` say how far that is. ' +
          'The account itself, with its name, is gone with this answer.',
        params: IdParams,
        querystring: EraseQuery,
        response: {
          200: success({
            account: named(Account),
            pages: Type.Array(Type.Object({ page: named(Page), webhooks_unsubscribed: Type.Boolean() })),
            erasures: Type.Array(named(Erasure)),
          }),
          ...errors('admin', ['ACCOUNT_NOT_FOUND']),
        },
      },
    },
    async (request) => {
      const account = await ownership.account(callerOf(request), request.params.id)
      const { erase = false } = request.query
      const { account: row, pages, erasures } = await disconnectAccount(account, { erase }, clock.now())
      return {
        success: true as const,
        account: presentAccount(row, clock.now()),
        pages: pages.map(({ page, webhooksUnsubscribed }) => ({
          page: presentPage(page),
          webhooks_unsubscribed: webhooksUnsubscribed,
        })),
        erasures: erasures.map(presentErasure),
      }
    },
  )
}
